"""Pieces that are read ahead: the same ones, errors too, and nobody reads on for who has gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from etcdview.errors import UnreachableError
from etcdview.stores.ahead import read_ahead


def test_all_pieces_come_in_their_order() -> None:
    assert list(read_ahead(range(20))) == list(range(20))


def test_an_error_comes_behind_what_was_read_before_it() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise UnreachableError("Nobody answers.")

    taken: list[int] = []
    with pytest.raises(UnreachableError, match="Nobody answers"):
        taken.extend(read_ahead(pieces()))
    assert taken == [1]


def test_who_ends_early_ends_the_reading() -> None:
    read: list[int] = []
    ended = threading.Event()

    def pieces() -> Iterator[int]:
        try:
            for number in range(1000):
                read.append(number)
                yield number
        finally:
            ended.set()

    ahead = read_ahead(pieces())
    assert next(ahead) == 0
    ahead.close()  # type: ignore[attr-defined]
    assert ended.wait(10)
    assert len(read) < 10


def test_without_a_thread_pieces_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(read_ahead(range(5))) == list(range(5))


def test_the_next_pieces_are_read_while_one_is_looked_at() -> None:
    read: list[int] = []

    def pieces() -> Iterator[int]:
        for number in range(3):
            read.append(number)
            yield number

    ahead = read_ahead(pieces())
    next(ahead)
    until = time.monotonic() + 10
    while len(read) < 3 and time.monotonic() < until:
        time.sleep(0.001)
    assert read == [0, 1, 2]
    assert list(ahead) == [1, 2]
