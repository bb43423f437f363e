"""Servers that misbehave, on ports of this machine: silent, garbled, of another protocol."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etcdview.demo.certificates import Authority, Pair
from etcdview.endpoints import Endpoint

Serve = Callable[[socket.socket], None]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def server_pair(authority: Authority, tmp_path: Path) -> Pair:
    return authority.issue(tmp_path / "pki", "server", "server", sans=("127.0.0.1",))


class Server:
    """Takes one connection after the other, and does with each what it was told."""

    def __init__(self, serve: Serve) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.05)
        self.port: int = self.listener.getsockname()[1]
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(serve,), name="test-server", daemon=True)
        self.thread.start()

    def _run(self, serve: Serve) -> None:
        while not self.ended.is_set():
            try:
                line, _ = self.listener.accept()
            except TimeoutError:
                continue
            line.settimeout(2)
            with line:
                try:
                    serve(line)
                except OSError:
                    continue

    def stop(self) -> None:
        self.ended.set()
        self.thread.join(timeout=5)
        self.listener.close()


@pytest.fixture
def listen() -> Iterator[Callable[..., Endpoint]]:
    """Start a server: listen("https", what_it_does) gives its endpoint."""
    servers: list[Server] = []

    def start(scheme: str, serve: Serve) -> Endpoint:
        servers.append(Server(serve))
        return Endpoint(scheme, "127.0.0.1", servers[-1].port)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def tls_server(server_pair: Pair) -> Callable[..., ssl.SSLContext]:
    """A server's context, by default one that speaks HTTP/2 and asks no client certificate."""

    def make(*, alpn: tuple[str, ...] = ("h2",), clients: str = "") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server_pair.cert, server_pair.key)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    return make
