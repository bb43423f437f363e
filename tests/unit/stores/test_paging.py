"""Values come in pieces of a few megabytes, all at one revision, whatever their sizes are."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.errors import TooLargeError
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.paging import PieceReader


class Recorder(StaticStore):
    """A store that remembers what it was asked, and refuses answers of more than `most` bytes."""

    def __init__(self, *sizes: int, most: int = 1 << 40) -> None:
        super().__init__("test", [KeyValue(b"/k/%04d" % n, 1, 2, 1, value=b"x" * s) for n, s in enumerate(sizes)], 7)
        self.most = most
        self.requests: list[tuple[int, int]] = []

    def range(self, request: Range) -> RangeResult:
        self.requests.append((request.revision, request.limit))
        result = super().range(request)
        if sum(kv.size_bytes for kv in result.kvs) > self.most:
            raise TooLargeError("The answer is larger than one message may be.")
        return result


def read(store: StaticStore, **options: Any) -> list[bytes]:
    return [kv.key for piece in PieceReader(store, **options).read(b"/k/", b"/k0") for kv in piece.kvs]


def test_all_keys_come_in_order_at_the_revision_of_the_first_answer() -> None:
    store = Recorder(*[10] * 9)
    assert read(store, first=2) == [b"/k/%04d" % n for n in range(9)]
    assert store.requests == [(0, 2), (7, 8)]


def test_pieces_hold_the_bytes_that_one_read_may_hold() -> None:
    store = Recorder(*[100] * 40)
    read(store, first=8, most_bytes=1000)
    assert [limit for _, limit in store.requests] == [8, 9, 9, 9, 9]


def test_an_answer_that_is_too_large_is_asked_for_again_in_smaller_pieces() -> None:
    store = Recorder(*[1] * 64, *[1000] * 8, most=4000)
    assert len(read(store, first=64)) == 72
    assert [limit for _, limit in store.requests] == [64, 256, 64, 16, 4, 16]


def test_one_value_that_is_too_large_is_an_error() -> None:
    with pytest.raises(TooLargeError):
        read(Recorder(5000, most=4000))


def test_several_ranges_are_read_at_one_revision() -> None:
    store = Recorder(*[10] * 4)
    reader = PieceReader(store)
    for start, end in ((b"/k/0000", b"/k/0002"), (b"/k/0002", b"/k0"), (b"/x", b"/y")):
        list(reader.read(start, end))
    assert [revision for revision, _ in store.requests] == [0, 7, 7]
