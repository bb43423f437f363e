"""The client port from outside: what listens there may be anything, and each has its own trouble."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from etcdview.health.budget import Budget, utc_now
from etcdview.health.facts import WireFacts
from etcdview.health.wire import ask_wire, unverified
from etcdview.models import TlsFiles

Answer = Callable[[str], bytes]
METRICS = b"# TYPE etcd_server_has_leader gauge\netcd_server_has_leader 1\n"


@contextmanager
def listening(answer: Answer | None) -> Iterator[str]:
    """A port that answers each request line by `answer`; None: takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, answer), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _serve(server: socket.socket, answer: Answer | None) -> None:
    kept = []
    while True:
        try:
            line, _ = server.accept()
        except OSError:
            return
        kept.append(line)
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
    assert facts.metrics.value.has_leader == 1


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
    assert facts.health.trouble is not None
    assert facts.health.trouble.kind == "DeadlineError"
    assert facts.metrics.at is None


def test_a_port_without_http_for_health_is_not_supported_rather_than_ill() -> None:
    with listening(lambda _: reply(b"", "404 Not Found")) as url:
        health = ask(url).health
    assert health.trouble is not None
    assert health.trouble.unsupported
    assert not health.failed


@pytest.mark.parametrize("body", [b"<html></html>", b"[1]", b'{"status":"ok"}'])
def test_another_http_server_is_no_etcd(body: bytes) -> None:
    with listening(lambda _: reply(body)) as url:
        health = ask(url).health
    assert health.trouble is not None
    assert "something else than etcd" in health.trouble.what


def test_what_is_no_http_is_no_etcd() -> None:
    with listening(lambda _: b"220 mail ESMTP\r\n") as url:
        assert ask(url).health.failed


def test_a_closed_port_is_refused() -> None:
    handshake = ask("http://127.0.0.1:1").handshake
    assert handshake.trouble is not None
    assert handshake.trouble.kind == "RefusedError"
