"""Attacks by clients that are slow, stuck or many: they hold places in the event loop, never a thread."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.security.served import Pki, Served, make_pki, read_all, serve, status
from tests.security.table import attack

SLOW = "Slow clients"
CLIENTS = 500
PROBES = 100
# Far above what it takes (10 ms where the machine is idle); below the ten seconds after which slow heads are shut.
IN_TIME_SECONDS = 5.0
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
# Each of them and nothing more, on a connection that stays open.
BEGINNINGS = {
    "nothing": b"",
    "a byte": b"G",
    "half a head": b"GET / HTTP/1.1\r\nHost: loc",
    "a head without its body": POST + b"Content-Length: 100\r\n\r\n",
    "a request and a byte of the next": WHOLE + b"\r\nG",
    "the end, but the connection stays": WHOLE + b"Connection: close\r\n\r\n",
    "less than was to come": POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1000,
}


@pytest.fixture(scope="module")
def http(capture: Path) -> Iterator[Served]:
    """One worker with as few threads as a request needs: whoever could hold them would hold all."""
    with serve(capture, "--workers", "1", "--threads", "4") as served:
        slowest(served)  # nobody is measured while it warms up
        yield served


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def https(capture: Path, pki: Pki) -> Iterator[Served]:
    """The same with TLS."""
    arguments = [
        "--workers",
        "1",
        "--threads",
        "4",
        "--tls-cert",
        str(pki.server.cert),
        "--tls-key",
        str(pki.server.key),
    ]
    with serve(capture, *arguments, ca=pki.ca) as served:
        slowest(served)
        yield served


def slowest(served: Served) -> float:
    """The seconds of the slowest of many requests, one after the other. All of them are answered well."""
    return max(latencies(served))


def latencies(served: Served) -> list[float]:
    """The seconds of each of them, in order."""
    seconds = []
    for path in itertools.islice(itertools.cycle(("/healthz", "/registry")), PROBES):
        begin = time.monotonic()
        assert served.get(path)[0] == 200
        seconds.append(time.monotonic() - begin)
    return sorted(seconds)


@attack(
    SLOW,
    "five hundred that send nothing, a byte, half a head, no body, or stay on after the answer",
    "all others are answered at once",
)
def test_five_hundred_slow_clients_keep_nobody_waiting(
    http: Served, record_property: Callable[[str, object], None]
) -> None:
    with contextlib.ExitStack() as held:
        for beginning in itertools.islice(itertools.cycle(BEGINNINGS.values()), CLIENTS):
            held.enter_context(connection := http.connect())
            connection.sendall(beginning)

        seconds = latencies(http)

    p99, last = (f"{1000 * each:.0f} ms" for each in seconds[-2:])
    record_property(f"beside {CLIENTS} slow clients", f"p99 {p99}, slowest {last}")
    assert seconds[-1] < IN_TIME_SECONDS


@attack(SLOW, "hundreds that begin TLS and do not go on, or are slow within it", "all others are answered at once")
def test_slow_clients_of_tls_keep_nobody_waiting(https: Served) -> None:
    with contextlib.ExitStack() as held:
        for hello in itertools.islice(itertools.cycle((b"", b"\x16", b"\x16\x03\x01\x02\x00\x01")), 150):
            held.enter_context(connection := Served(https.port).connect())
            connection.sendall(hello)
        for beginning in itertools.islice(itertools.cycle(BEGINNINGS.values()), 50):
            held.enter_context(connection := https.connect())
            connection.sendall(beginning)

        assert slowest(https) < IN_TIME_SECONDS


@attack(SLOW, "more connections than a worker has places", "those that wait longest are shut")
def test_whoever_waits_longest_makes_room(http: Served) -> None:
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(http.connect()) for _ in range(1100)]

        assert http.get("/healthz")[0] == 200
        assert connections[0].recv(1) == b""


@attack(SLOW, "hundreds of bodies of two megabytes that do not end", "a bounded number of bytes is held")
def test_bodies_that_do_not_end_are_held_within_bounds(http: Served) -> None:
    body = POST + b"Content-Length: 2000000\r\n\r\n" + b"a" * 1_900_000
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(http.connect()) for _ in range(60)]
        for connection in connections:
            connection.sendall(body)

        assert http.get("/healthz")[0] == 200
        shut = sum(map(_is_shut, connections))

    assert 0 < shut < len(connections)


@attack(SLOW, "a body without a length, or one of more than two megabytes, announced", "411 and 413, without a thread")
@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nname=", 411),
        (b"Content-Length: 9000000\r\n\r\n" + b"a" * 300_000, 413),
    ],
)
def test_a_body_that_would_be_read_for_ever_is_refused(http: Served, head: bytes, expected: int) -> None:
    assert status(http.raw(POST + head)) == expected


def test_a_client_that_waits_for_leave_is_told_to_go_on(http: Served) -> None:
    with http.connect() as connection:
        connection.sendall(POST + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n")
        reported = connection.recv(100)
        connection.sendall(b"name=a")
        answer = read_all(connection)

    assert reported == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.startswith("HTTP/1.1 ")


def test_requests_follow_each_other_on_one_connection_however_they_are_cut(https: Served) -> None:
    with https.connect() as connection:
        request = WHOLE + b"\r\n"
        for cut in (1, 20, len(request) - 1):
            connection.sendall(request[:cut])
            connection.sendall(request[cut:])
            assert _one_answer(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(request + request[:-10])
        assert _one_answer(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(request[-10:])
        assert _one_answer(connection).startswith(b"HTTP/1.1 200")


def _is_shut(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def _one_answer(connection: socket.socket) -> bytes:
    """Head and body of /healthz, whose body is one line of JSON."""
    answer = b""
    while not answer.rstrip().endswith(b"}"):
        part = connection.recv(4096)
        assert part
        answer += part
    return answer
