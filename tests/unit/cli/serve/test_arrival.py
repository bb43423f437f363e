"""A request is whole when gunicorn's parser would not have to wait for any of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from hypothesis import given
from hypothesis import strategies as st

from etcdview.cli.serve.arrival import BODY_BYTES, HEAD_BYTES, Arrival, Decision

CLIENT = ("127.0.0.1", 40000)
HOST = b"Host: localhost\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 6\r\n\r\nname=a"


def arrival(data: bytes = b"") -> Arrival:
    return Arrival(Config(), CLIENT, data)


def verdicts(*pieces: bytes) -> Iterator[Decision]:
    """After each piece."""
    one = arrival()
    for piece in pieces:
        one.add(piece)
        yield one.verdict()


@pytest.mark.parametrize("request_", [GET, POST, b"GET / HTTP/1.0\r\n\r\n", GET + b"GET /more"])
def test_a_whole_request_is_for_a_thread(request_: bytes) -> None:
    assert arrival(request_).verdict() is Decision.WHOLE


@given(st.sampled_from([GET, POST]), st.lists(st.integers(1, 120), max_size=8))
def test_it_is_whole_with_its_last_byte_and_not_before(request_: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(request_), *(cut for cut in cuts if cut < len(request_))})
    pieces = [request_[begin:end] for begin, end in itertools.pairwise(places)]

    *before, last = verdicts(*pieces)

    assert set(before) <= {Decision.MORE}
    assert last is Decision.WHOLE


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        (b"", Decision.MORE),
        (b"\r\n", Decision.MORE),
        (b"\r\n\r\n", Decision.MORE),
        (b"\r\n\r\n\r\n", Decision.WHOLE),
        (b"\r\n" + GET, Decision.WHOLE),
        (b"nonsense\r\n\r\n", Decision.WHOLE),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", Decision.WHOLE),
        (b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", Decision.WHOLE),
        (b"POST / HTTP/1.1\r\nContent-Length: +4\r\n\r\n", Decision.WHOLE),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Decision.NEEDS_LENGTH),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES, Decision.MORE),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES + 1), Decision.BODY_TOO_LARGE),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD_BYTES, Decision.HEAD_TOO_LARGE),
    ],
)
def test_what_cannot_be_parsed_is_for_a_thread_to_refuse_and_what_would_be_waited_for_is_not(
    request_: bytes, verdict: Decision
) -> None:
    one = arrival(request_)

    assert [one.verdict(), one.verdict()] == [verdict, verdict]


@pytest.mark.parametrize(("header", "asks"), [(b"", False), (b"Expect: 100-continue\r\n", True)])
def test_a_client_that_waits_for_leave_to_send_its_body_is_noticed(header: bytes, asks: bool) -> None:
    one = arrival(b"POST /login HTTP/1.1\r\n" + HOST + header + b"Content-Length: 6\r\n\r\n")

    assert one.verdict() is Decision.MORE
    assert one.head_is_there
    assert one.asks_to_go_on is asks
