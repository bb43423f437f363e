"""Whether the client is still connected: a search that nobody waits for any more is given up."""

from __future__ import annotations

import socket
from collections.abc import Callable

from flask import request


def hung_up() -> Callable[[], bool]:
    """Asks whether the browser of this request has closed its connection; never where the server does not tell.

    htmx aborts a search when somebody types on, and browsers then close the connection, as they do for a closed tab.
    """
    connection = request.environ.get("gunicorn.socket")
    return (lambda: _is_closed(connection)) if isinstance(connection, socket.socket) else (lambda: False)


def _is_closed(connection: socket.socket) -> bool:
    """Nothing is taken from the connection. The base class's own recv: that of TLS knows no flags."""
    try:
        return socket.socket.recv(connection, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True
