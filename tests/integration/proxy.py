"""A TCP proxy between the index and etcd, that a test cuts, stalls and heals."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from types import TracebackType

POLL_SECONDS = 0.02


class Proxy:
    """Forwards `url` (http) to a free port of its own, in one thread, until it is told otherwise."""

    def __init__(
        self,
        target_port: int,
        answered: Callable[[bytes], bytes] = lambda data: data,
        asked: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        """`answered` changes what the server sends, a piece at a time; `asked` sees what is sent to it, before it."""
        self._target = target_port
        self._asked = asked
        self._answered = answered
        self._servers: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._open = threading.Event()
        self._flowing = threading.Event()
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._open.set()
        self._flowing.set()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        """What a client connects to."""
        return f"http://127.0.0.1:{self.port}"

    def retarget(self, port: int) -> None:
        """Connections that begin from now on go there."""
        self._target = port

    def cut(self, *, refuse: bool = False) -> None:
        """Close all connections; with `refuse` new ones are closed too until `heal`."""
        if refuse:
            self._open.clear()
        self._cut.set()
        while self._cut.is_set():
            self._ended.wait(POLL_SECONDS)

    def stall(self) -> None:
        """Connections stay open, nothing comes through: a network that drops every packet."""
        self._flowing.clear()

    def heal(self) -> None:
        """Forward again."""
        self._open.set()
        self._flowing.set()

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            if self._cut.is_set():
                self._close_all()
                self._cut.clear()
            self._accept()
            if self._flowing.is_set():
                self._forward()
            else:
                self._ended.wait(POLL_SECONDS)
        self._close_all()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            if not self._open.is_set():
                client.close()
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                return
            self._servers.add(server)
            for one, other in ((client, server), (server, client)):
                self._pairs[one] = other
                self._selector.register(one, selectors.EVENT_READ)

    def _forward(self) -> None:
        if not self._pairs:
            self._ended.wait(POLL_SECONDS)
            return
        for key, _ in self._selector.select(POLL_SECONDS):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            if one in self._pairs:
                self._pass_on(one)

    def _pass_on(self, one: socket.socket) -> None:
        other = self._pairs[one]
        try:
            data = one.recv(1 << 16)
            if one not in self._servers:
                self._asked(data)
            other.sendall(self._answered(data) if one in self._servers else data)
        except OSError:
            data = b""
        if not data:
            self._close(one)
            self._close(other)

    def _close_all(self) -> None:
        for one in list(self._pairs):
            self._close(one)

    def _close(self, one: socket.socket) -> None:
        if self._pairs.pop(one, None) is not None:
            self._selector.unregister(one)
            self._servers.discard(one)
            one.close()
