"""A worker whose threads never wait for a client: requests are read, whole, in the worker's one event loop.

gunicorn's own worker gives each connection a thread once a byte of it has come, and the thread waits for the rest. Here
a thread gets a request when head and body are there. Clients that are slow only hold a place in the loop; each place
has a deadline, and when places or memory run out, the one that waits longest goes. See docs/security.md, slow clients.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import queue
import selectors
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from gunicorn import util
from gunicorn.http import get_parser
from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.gthread import ThreadWorker

from etcdview.cli.serve.arrival import REFUSALS, Arrival, Decision

HEAD_SECONDS = 10.0  # from its first byte, and for the TLS handshake
BODY_SECONDS = 30.0
LINGER_SECONDS = 2.0  # after an answer, so that the client reads it before the connection ends (RFC 9112, 9.6)
SEND_SECONDS = 30  # for each piece of an answer
READ_SECONDS = 5  # a thread has all that it reads; this is for what nobody thought of
HELD_BYTES = 64 * 1024 * 1024  # of requests that are not whole yet
SWEEP_SECONDS = 0.5
# From SIGTERM on: requests under way end by themselves for so long; then what they wait for from etcd ends with an
# error, so that each is answered (a change: that its outcome is unknown) before the worker is killed.
CALLS_SECONDS = 2.5
STOP_SECONDS = 4
# A worker whose place another takes, after SIGHUP, has time for what takes long: downloads, searches, maintenance.
REPLACED_SECONDS = 600
_LOOK_SECONDS = 0.2
_PIECE_BYTES = 64 * 1024
_OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})


@dataclass(eq=False, slots=True)
class Waiting:
    """A connection whose next request is not whole yet."""

    conn: Any
    arrival: Arrival
    deadline: float
    handshake: bool  # that of TLS is to be made first


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, which get whole requests. All that is new here runs in the main thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[Any, Waiting] = {}  # by connection, the one that waits longest first
        self._lingering: dict[socket.socket, float] = {}  # until when; the first to end first
        self._held_bytes = 0
        self._next_sweep = 0.0
        self._ends: queue.SimpleQueue[None] = queue.SimpleQueue()  # a signal handler may put into it at any moment

    def run(self) -> None:
        """gunicorn comes by here once the app is made, and stays until the worker ends."""
        threading.Thread(target=self._end_calls, name="etcdview-ending", daemon=True).start()
        super().run()

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """SIGTERM. The master sends it again and again to a worker that it no longer wants."""
        if self.alive and not self.app.is_ending:
            self.cfg.set("graceful_timeout", REPLACED_SECONDS + STOP_SECONDS)
        self._ends.put(None)
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: Any, frame: Any) -> None:
        """Ctrl-C: Python waits for the threads that answer, until the worker is killed."""
        self._ends.put(None)
        super().handle_quit(sig, frame)

    def _end_calls(self) -> None:
        from webapp.runtime import end_calls

        self._ends.get()
        until = time.monotonic() + REPLACED_SECONDS
        while not self.app.is_ending and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        time.sleep(CALLS_SECONDS)
        end_calls(self.wsgi)

    def accept(self, listener: Any) -> None:
        """A new connection has its place, if need be that of another."""
        if self.nr_conns + 1 >= self.worker_connections:
            self._make_room()
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in _OUT_OF_DESCRIPTORS:
                raise
            self._make_room()

    def enqueue_req(self, conn: Any) -> None:
        """gunicorn comes by here when a request begins: on a new connection, and again on one that is kept."""
        arrival = Arrival(self.cfg, conn.client, conn.parser.unreader.take_buffered() if conn.parser else b"")
        waiting = Waiting(conn, arrival, time.monotonic() + self.cfg.keepalive, handshake=False)
        if conn.parser is None:
            conn.close = functools.partial(self._close, conn)
            try:
                self._prepare(waiting)
            except OSError:  # it has gone already
                self._give_up(waiting)
                return
        self._held_bytes += len(arrival.data)
        conn.sock.setblocking(False)
        self._waiting[conn] = waiting
        self.poller.register(conn.sock, selectors.EVENT_READ, functools.partial(self._advance, waiting))
        self._advance(waiting)

    def notify(self) -> None:
        """The main thread comes by here once a second at least."""
        super().notify()
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            self._sweep(now)

    def _prepare(self, waiting: Waiting) -> None:
        conn = waiting.conn
        for option, seconds in ((socket.SO_SNDTIMEO, SEND_SECONDS), (socket.SO_RCVTIMEO, READ_SECONDS)):
            conn.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))
        conn.sock.setblocking(False)
        if self.cfg.is_ssl:
            conn.sock = ssl_wrap_socket(conn.sock, self.cfg)
            waiting.handshake = True
            waiting.deadline = time.monotonic() + HEAD_SECONDS

    def _advance(self, waiting: Waiting, _socket: Any = None) -> None:
        """The connection can be read (or, within TLS, written): go on as far as that goes."""
        try:
            verdict = self._read(waiting)
        except (BlockingIOError, ssl.SSLWantReadError):
            self.poller.modify(waiting.conn.sock, selectors.EVENT_READ, self._again(waiting))
        except ssl.SSLWantWriteError:
            self.poller.modify(waiting.conn.sock, selectors.EVENT_WRITE, self._again(waiting))
        except (OSError, EOFError):
            self._give_up(waiting)
        else:
            self._decide(waiting, verdict)
        if self._held_bytes > HELD_BYTES:
            self._free_memory()

    def _again(self, waiting: Waiting) -> Any:
        return functools.partial(self._advance, waiting)

    def _read(self, waiting: Waiting) -> Decision:
        """Read until there is a verdict. Raises what a socket without bytes does, and EOFError at its end."""
        conn, arrival = waiting.conn, waiting.arrival
        if waiting.handshake:
            conn.sock.do_handshake()
            waiting.handshake = False
            waiting.deadline = time.monotonic() + self.cfg.keepalive
        while (verdict := arrival.verdict()) is Decision.MORE:
            began, had_head = bool(arrival.data), arrival.head_is_there
            data = conn.sock.recv(_PIECE_BYTES)
            if not data:
                raise EOFError
            self._held_bytes += arrival.add(data)
            if not began:
                waiting.deadline = time.monotonic() + HEAD_SECONDS
            if not had_head:
                self._begin_body(waiting)
        return verdict

    def _begin_body(self, waiting: Waiting) -> None:
        if waiting.arrival.verdict() is Decision.MORE and waiting.arrival.head_is_there:
            waiting.deadline = time.monotonic() + BODY_SECONDS
            if waiting.arrival.asks_to_go_on:
                waiting.conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _decide(self, waiting: Waiting, verdict: Decision) -> None:
        if verdict in REFUSALS:
            self._refuse(waiting, verdict.value)
            return
        conn = waiting.conn
        self._forget(waiting)
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
        conn.parser.unreader.unread(bytes(waiting.arrival.data))
        conn.initialized = conn.data_ready = True
        super().enqueue_req(conn)

    def _refuse(self, waiting: Waiting, status: str) -> None:
        """Answer without a thread, and end the connection."""
        self._forget(waiting)
        self.nr_conns -= 1
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        body = f"{status}\n"
        with contextlib.suppress(OSError):  # it takes no answer
            waiting.conn.sock.send(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        waiting.conn.close(graceful=True)

    def _give_up(self, waiting: Waiting) -> None:
        self._forget(waiting)
        self.nr_conns -= 1
        waiting.conn.close()

    def _forget(self, waiting: Waiting) -> None:
        if self._waiting.pop(waiting.conn, None) is not None:
            self._held_bytes -= len(waiting.arrival.data)
            self.poller.unregister(waiting.conn.sock)

    def _sweep(self, now: float) -> None:
        for waiting in [
            each for each in self._waiting.values() if now > each.deadline or not (self.alive or each.arrival.data)
        ]:
            if waiting.arrival.data:
                self._refuse(waiting, "408 Request Timeout")
            else:
                self._give_up(waiting)
        for sock in [sock for sock, until in self._lingering.items() if now > until]:
            self._end(sock)

    def _make_room(self) -> None:
        """Shut the connection that waits longest of the address that has most of them; else one that is kept."""
        if self._waiting:
            address = Counter(map(_address, self._waiting)).most_common(1)[0][0]
            self._give_up(next(each for conn, each in self._waiting.items() if _address(conn) == address))
        elif self.keepalived_conns:
            self.keepalived_conns[0].timeout = 0.0
            self.murder_keepalived()

    def _free_memory(self) -> None:
        """Those who sent most and have not ended go first."""
        for waiting in sorted(self._waiting.values(), key=lambda each: len(each.arrival.data), reverse=True):
            if self._held_bytes <= HELD_BYTES // 2:
                return
            self._give_up(waiting)

    def _close(self, conn: Any, graceful: bool = False) -> None:
        """In place of gunicorn's, which waits two seconds for the client here, in the loop, where all wait with it."""
        if graceful:
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_WR)
                conn.sock.setblocking(False)
                self.poller.register(conn.sock, selectors.EVENT_READ, self._linger)
                self._lingering[conn.sock] = time.monotonic() + LINGER_SECONDS
                if len(self._lingering) > self.worker_connections // 4:
                    self._end(next(iter(self._lingering)))
                return
        util.close(conn.sock)

    def _linger(self, sock: socket.socket) -> None:
        """What still comes is not read by anybody; that nothing comes any more is what is waited for."""
        try:
            if not socket.socket.recv(sock, _PIECE_BYTES):
                self._end(sock)
        except BlockingIOError:
            return
        except OSError:
            self._end(sock)

    def _end(self, sock: socket.socket) -> None:
        del self._lingering[sock]
        self.poller.unregister(sock)
        util.close(sock)


def _address(conn: Any) -> Any:
    """An address of IPv4 or IPv6 without the port; of a Unix socket, whatever that calls it."""
    return conn.client[0] if isinstance(conn.client, tuple) else conn.client
