"""Serving without gunicorn: a file, to this machine alone, by Werkzeug's own server. One process, no patience.

It is for a laptop that opens a snapshot. Whatever others can reach, or logs in, is gunicorn's.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click
from werkzeug.serving import WSGIRequestHandler, make_server

from etcdview.cli.serve import find_webapp
from etcdview.config import Address, Settings


class _Handler(WSGIRequestHandler):
    """Quiet, and without the names of libraries in its answers."""

    server_version, sys_version = "etcdview", ""
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds without a byte

    def log_request(self, *_args: Any) -> None:
        """Not a line a request."""

    def version_string(self) -> str:
        """The header Server."""
        return self.server_version


def serve(settings: Settings, sock: socket.socket, _again: Callable[[], Settings]) -> int:
    """Answer requests on `sock` until a signal ends it. It does not read its settings again.

    Raises EtcdviewError for a file that cannot be read.
    """
    find_webapp()
    from webapp import create_app

    app = create_app(settings)
    host, port = sock.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, request_handler=_Handler, fd=sock.fileno())
    signal.signal(signal.SIGTERM, _end)
    click.echo(f"etcdview listens on http://{Address(host, port)}{settings.url_prefix}/ (Ctrl-C stops it)", err=True)
    server.serve_forever()  # until Ctrl-C
    return 0


def _end(_number: int, _frame: Any) -> NoReturn:
    sys.exit(0)
