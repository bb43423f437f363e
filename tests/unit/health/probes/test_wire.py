"""The client port from outside: what listens there may be anything, and each has its own trouble."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from etcdview.demo.certificates import Authority
from etcdview.health.facts import WireFacts
from etcdview.health.probes.budget import Budget, utc_now
from etcdview.health.probes.wire import ask_wire, unverified
from etcdview.models import TlsFiles

Answer = Callable[[str], bytes]
METRICS = b"# TYPE etcd_server_proposals_pending gauge\netcd_server_proposals_pending 1\n"


@contextmanager
def listening(answer: Answer | None) -> Iterator[str]:
    """A port that answers each request line by `answer`; None: takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, answer), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _serve(server: socket.socket, answer: Answer | None) -> None:
    with contextlib.ExitStack() as lines:
        while True:
            try:
                line = lines.enter_context(server.accept()[0])
            except OSError:
                return
            if answer is None:
                continue
            with line, line.makefile("rb") as asked:
                while first := asked.readline():
                    while asked.readline().strip():
                        pass
                    line.sendall(answer(first.split()[1].decode()))


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(url: str, seconds: float = 2.0) -> WireFacts:
    return ask_wire(url, unverified(TlsFiles()), Budget(seconds), utc_now)


def etcd(path: str) -> bytes:
    ahead = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    health = reply(b'{"health":"true","reason":""}', "200 OK", f"Date: {ahead}")
    return health if path == "/health" else reply(METRICS)


def test_health_metrics_and_the_clock_are_read_over_one_connection() -> None:
    with listening(etcd) as url:
        facts = ask(url)
    assert facts.handshake.value is not None
    assert facts.handshake.value.tls_seconds is None
    assert facts.health.value is not None
    assert facts.health.value.healthy
    assert facts.health.value.clock_ahead_seconds == pytest.approx(300, abs=1.5)
    assert facts.metrics.value is not None
    assert facts.metrics.value.proposals_pending == 1


def test_a_member_that_calls_itself_ill_is_believed() -> None:
    body = b'{"health":"false","reason":"ALARM NOSPACE"}'
    with listening(lambda path: reply(body, "503 Service Unavailable") if path == "/health" else reply(METRICS)) as url:
        health = ask(url).health.value
    assert health is not None
    assert (health.healthy, health.reason) == (False, "ALARM NOSPACE")


def test_a_port_that_says_nothing_is_given_up_in_time() -> None:
    with listening(None) as url:
        facts = ask(url, seconds=0.3)
    assert facts.handshake.ok
    assert facts.health.problem is not None
    assert facts.health.problem.kind == "DeadlineError"
    assert facts.metrics.at is None


def test_a_port_without_http_for_health_is_not_supported_rather_than_ill() -> None:
    with listening(lambda _: reply(b"", "404 Not Found")) as url:
        health = ask(url).health
    assert health.problem is not None
    assert health.problem.unsupported
    assert not health.failed


@pytest.mark.parametrize("body", [b"<html></html>", b"[1]", b'{"status":"ok"}'])
def test_another_http_server_is_no_etcd(body: bytes) -> None:
    with listening(lambda _: reply(body)) as url:
        health = ask(url).health
    assert health.problem is not None
    assert "but is not etcd" in health.problem.what


def test_what_is_no_http_is_no_etcd() -> None:
    with listening(lambda _: b"220 mail ESMTP\r\n") as url:
        assert ask(url).health.failed


def test_a_resolver_that_hangs_takes_no_more_than_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr("etcdview.tls.line.socket.getaddrinfo", lambda *_, **__: release.wait(5) and [])
    begun = time.monotonic()
    facts = ask("https://etcd.example:2379", seconds=0.2)
    took = time.monotonic() - begun
    release.set()
    assert took < 2  # far from the 5 s that it would wait
    assert facts.handshake.problem is not None
    assert "No name server answers" in facts.handshake.problem.what


def test_a_name_that_leads_to_several_addresses_is_asked_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(etcd) as url:
        monkeypatch.setattr("etcdview.tls.line.resolve", lambda *_: ("127.0.0.2", "127.0.0.1"))
        assert ask(url.replace("127.0.0.1", "etcd.example")).handshake.ok


@pytest.mark.parametrize("url", ["unix://", "https://10.0.0.1:99999", "https://"])
def test_a_url_that_cannot_be_asked_is_a_trouble_and_no_fault(url: str) -> None:
    problem = ask(url).handshake.problem
    assert problem is not None
    assert (problem.kind, url in problem.what) == ("SettingError", True)


def test_a_member_behind_a_tunnel_is_asked_for_by_the_name_that_is_given(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue(tmp_path, "server", "cp1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    asked: list[str] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_shake, args=(server, context), daemon=True).start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        files = TlsFiles(server_name="cp1.example")
        handshake = ask_wire(url, unverified(files), Budget(2.0), utc_now).handshake.value
    assert handshake is not None
    assert (asked, len(handshake.certificate_der) > 100, handshake.chain_der) == (["cp1.example"], True, ())


def _shake(server: socket.socket, context: ssl.SSLContext) -> None:
    line, _ = server.accept()
    with context.wrap_socket(line, server_side=True) as secured:
        secured.recv(1000)


def test_a_closed_port_is_refused() -> None:
    handshake = ask("http://127.0.0.1:1").handshake
    assert handshake.problem is not None
    assert handshake.problem.kind == "RefusedError"
