"""`etcdview serve` as a process of its own, over a file, and raw connections to it."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etcdview.demo.certificates import CLIENT, LOCAL_NAMES, SERVER, Authority, Pair
from tests.serving import serving


@dataclass(frozen=True)
class Served:
    """Where it listens; `ca` is empty where it speaks HTTP."""

    port: int
    ca: str = ""

    def connect(self, pair: Pair | None = None) -> socket.socket:
        """A connection, with TLS where it speaks that."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        if not self.ca:
            return plain
        context = ssl.create_default_context(cafile=self.ca)
        if pair is not None:
            context.load_cert_chain(pair.cert, pair.key)
        return context.wrap_socket(plain, server_hostname="localhost")

    def raw(self, request: bytes, pair: Pair | None = None) -> str:
        """What comes back until it closes the connection."""
        with self.connect(pair) as connection:
            connection.sendall(request)
            return read_all(connection)

    def get(self, path: str, pair: Pair | None = None, **headers: str) -> tuple[int, str]:
        """Status, and the answer with its headers."""
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        answer = self.raw(("\r\n".join(lines) + "\r\n\r\n").encode(), pair)
        return status(answer), answer


def read_all(connection: socket.socket) -> str:
    """What comes until the other side closes."""
    parts = []
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def status(answer: str) -> int:
    """Of the first answer; 0 where there is none."""
    found = re.match(r"HTTP/1\.[01] (\d{3})", answer)
    return int(found[1]) if found else 0


@contextlib.contextmanager
def serve(capture: Path, *arguments: str, host: str = "127.0.0.1", ca: str = "") -> Iterator[Served]:
    """Until the block ends."""
    with serving("--from", str(capture / "registry.jsonl.gz"), *arguments, host=host) as port:
        yield Served(port, ca)


@dataclass(frozen=True)
class Pki:
    """A CA, the server's files, and clients' of this CA and of another."""

    authority: Authority
    ca: str
    server: Pair
    vera: Pair
    eve: Pair
    stranger: Pair


def make_pki(folder: Path) -> Pki:
    """Write all files."""
    authority, other = Authority(folder, "web-ca"), Authority(folder / "other", "other-ca")
    return Pki(
        authority,
        str(authority.files.cert),
        authority.issue(folder, "server", "localhost", sans=LOCAL_NAMES, usages=SERVER),
        authority.issue(folder, "vera", "vera", usages=CLIENT),
        authority.issue(folder, "eve", "eve", usages=CLIENT),
        other.issue(folder / "other", "stranger", "vera", usages=CLIENT),
    )
