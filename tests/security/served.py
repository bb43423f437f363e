"""`etcdview serve` as a process of its own, over a file, and raw connections to it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from etcdview.demo.certificates import CLIENT, LOCAL_NAMES, SERVER, Authority, Pair

ROOT = Path(__file__).parents[2]


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
    command = [sys.executable, "-m", "etcdview", "serve", "--from", str(capture / "registry.jsonl.gz"),
               "--listen", f"{host}:0", *arguments]  # fmt: skip
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ETCDVIEW_", "ETCDCTL_"))}
    # a file and not a pipe: nobody reads on, and a full pipe would stop the server at its next line
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stderr=log, text=True, cwd=ROOT, env=environ)
        try:
            yield Served(_port(process, log), ca)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _port(process: subprocess.Popen[str], log: IO[str]) -> int:
    """Where it says that it listens, once it does."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        log.seek(0)
        found = re.search(r"listens on \S+:(\d+)/", log.read())
        if found is not None:
            return int(found[1])
        time.sleep(0.1)
    raise AssertionError("the server did not begin to listen")


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
