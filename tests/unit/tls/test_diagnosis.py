"""The diagnosis against servers that are no etcd: it always ends by its deadline, with the step that fails."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.demo.certificates import CLIENT, Authority
from etcdview.endpoints import Endpoint
from etcdview.errors import (
    ClientCertificateError,
    DeadlineError,
    ResolveError,
    SchemeError,
    TlsError,
    UnreachableError,
)
from etcdview.models import TlsFiles
from etcdview.tls.diagnosis import STEPS, Step, cause, diagnose

Listen = Callable[..., Endpoint]
Contexts = Callable[..., ssl.SSLContext]


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> TlsFiles:
    pair = authority.issue(tmp_path / "pki", "client", "client", usages=CLIENT)
    return TlsFiles(str(authority.files.cert), str(pair.cert), str(pair.key))


def ends(steps: tuple[Step, ...]) -> tuple[str, type[Exception] | None]:
    """The last step's name, and its error's type."""
    found = cause(steps)
    return steps[-1].name, type(found) if found else None


def silent(line: socket.socket) -> None:
    time.sleep(0.6)


def hangs_up(line: socket.socket) -> None:
    line.recv(100)


def garbles(line: socket.socket) -> None:
    line.recv(100)
    line.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def speaks_http(line: socket.socket) -> None:
    line.recv(1000)
    line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def settles(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """Shakes hands, and answers what is asked with the beginning of HTTP/2."""

    def serve(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as secured:
            secured.recv(1000)
            secured.sendall(bytes(3) + b"\x04" + bytes(5))
            secured.recv(1000)

    return serve


@pytest.mark.parametrize(
    ("serve", "scheme", "step", "error"),
    [
        (silent, "https", "tls", DeadlineError),
        (silent, "http", "tls", DeadlineError),
        (hangs_up, "https", "tls", TlsError),
        (hangs_up, "http", "tls", UnreachableError),
        (garbles, "https", "tls", TlsError),
        (garbles, "http", "tls", UnreachableError),
        (speaks_http, "https", "tls", SchemeError),
    ],
)
def test_a_server_of_another_kind_fails_at_its_step(
    listen: Listen,
    files: TlsFiles,
    serve: Callable[[socket.socket], None],
    scheme: str,
    step: str,
    error: type[Exception],
) -> None:
    steps = diagnose(listen(scheme, serve), files, 0.5)

    # what garbles may look like plain HTTP to OpenSSL: its error has one name for both
    assert ends(steps)[0] == step
    assert isinstance(cause(steps), error)


def test_a_good_server_passes_every_step(listen: Listen, files: TlsFiles, tls_server: Contexts) -> None:
    endpoint = listen("https", settles(tls_server(clients=files.cacert)))

    steps = diagnose(endpoint, files, 3.0)

    assert [(s.name, s.ok) for s in steps] == [(name, True) for name in STEPS]
    assert cause(steps) is None
    assert all(s.seconds >= 0 for s in steps)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_client_certificate_is_noticed_in_every_version_of_tls(
    listen: Listen, files: TlsFiles, tls_server: Contexts, version: ssl.TLSVersion
) -> None:
    context = tls_server(clients=files.cacert)
    context.minimum_version = context.maximum_version = version

    steps = diagnose(listen("https", settles(context)), TlsFiles(files.cacert), 3.0)

    assert ends(steps) == ("client certificate", ClientCertificateError)


def test_tls_without_http2_is_no_etcd(listen: Listen, files: TlsFiles, tls_server: Contexts) -> None:
    steps = diagnose(listen("https", settles(tls_server(alpn=()))), files, 3.0)

    assert ends(steps) == ("tls", TlsError)
    assert "not HTTP/2" in steps[-1].what


def test_a_server_that_says_nothing_after_the_handshake_is_silent(
    listen: Listen, files: TlsFiles, tls_server: Contexts
) -> None:
    context = tls_server()

    def falls_asleep(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True):
            time.sleep(0.8)

    steps = diagnose(listen("https", falls_asleep), files, 0.5)

    assert ends(steps) == ("client certificate", DeadlineError)


def test_a_port_that_takes_no_connection_ends_by_the_deadline(files: TlsFiles) -> None:
    """A listener whose queue is full lets connections wait, as a firewall does that drops packets."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for line in waiting:
            line.setblocking(False)
            line.connect_ex(("127.0.0.1", port))
        time.sleep(0.1)

        steps = diagnose(Endpoint("https", "127.0.0.1", port), files, 0.3)

        for line in waiting:
            line.close()
    assert ends(steps) == ("connect", DeadlineError)
    assert "firewall" in steps[-1].remedy


def test_a_name_server_that_does_not_answer_ends_by_the_deadline(
    monkeypatch: pytest.MonkeyPatch, files: TlsFiles
) -> None:
    release = threading.Event()
    monkeypatch.setattr("etcdview.tls.line.socket.getaddrinfo", lambda *_, **__: release.wait(5) and [])

    steps = diagnose(Endpoint("https", "etcd.example", 2379), files, 0.2)

    release.set()
    assert ends(steps) == ("resolve", DeadlineError)
    assert "No name server answers" in steps[-1].what


def test_a_name_that_no_encoding_allows_does_not_resolve(files: TlsFiles) -> None:
    steps = diagnose(Endpoint("https", "a" * 70 + ".example", 2379), files, 2.0)

    assert ends(steps) == ("resolve", ResolveError)
