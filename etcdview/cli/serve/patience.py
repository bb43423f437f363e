"""Patience with slow clients has an end: each thread that waits for one is a thread that answers nobody else.

gunicorn's threads wait for a request's bytes as long as it takes. Here a request has its head sent within seconds and
its body soon after, or its connection is shut for reading; an answer that nobody takes is given up.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import struct
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

FIRST_BYTE_SECONDS = 0.25  # after it the connection waits without a thread
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
SEND_SECONDS = 30


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, with deadlines for what clients send."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[Any, float] = {}  # by connection; one thread writes each entry, the main one reads all

    def handle(self, conn: Any) -> Any:
        """A request on a connection, in a thread."""
        if not conn.initialized:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
            conn.wait_for_data = functools.partial(_wait_briefly, conn.wait_for_data)
        self._deadlines[conn] = time.monotonic() + HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The head is there: now the body, if there is one. Shut for reading, an answer still gets out."""
        self._deadlines[conn] = time.monotonic() + BODY_SECONDS
        return super().handle_request(req, conn)

    def notify(self) -> None:
        """The main thread comes by here once a second."""
        super().notify()
        now = time.monotonic()
        for conn, deadline in list(self._deadlines.items()):
            if now > deadline and self._deadlines.pop(conn, None) is not None:
                with contextlib.suppress(OSError):  # it has gone by itself
                    # not SSLSocket's own shutdown, which would take the TLS state from under the thread
                    socket.socket.shutdown(conn.sock, socket.SHUT_RD)


def _wait_briefly(wait: Any, timeout: float) -> bool:
    return bool(wait(min(timeout, FIRST_BYTE_SECONDS)))
