"""One pass over the values of a registry that writes their facts: a little at a time, at a bounded rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from etcdview.errors import FutureRevisionError
from etcdview.index.base import KeyIndex
from etcdview.index.facts.database import FactWriter
from etcdview.index.facts.fact import Extractor
from etcdview.index.lister import KeyRange
from etcdview.models import RangeResult
from etcdview.stores.ahead import read_ahead
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store

PIECE_NAMES = 1_000  # keys of one read: at 2 kB a value, 2 MB
_TURN = 16  # ranges: what one process reads before it is the turn of the other


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass has to do: the ranges to read, in order; no answer may be older than the revision `since`.

    `rate` is the most bytes of values that are read in a second, `most_bytes` in all; 0 for no bound.
    """

    ranges: tuple[KeyRange, ...]
    since: int = 0
    rate: int = 0
    most_bytes: int = 0


def ranges_of(index: KeyIndex, whole: KeyRange) -> Iterator[KeyRange]:
    """A range in pieces of about PIECE_NAMES keys: etcd counts the rest of a range whose end is not near."""
    cursor, end = whole.start, whole.end
    while True:
        page = index.page(cursor, end, limit=PIECE_NAMES)
        if page.next_after is None:
            yield KeyRange(cursor, end)
            return
        behind = page.next_after + b"\0"
        yield KeyRange(cursor, behind)
        cursor = behind


class TooMuchError(Exception):
    """The values are more than a pass may read. Never leaves the process that fills."""


def write_facts(
    store: Store, writer: FactWriter, extractor: Extractor, task: Pass, report: Callable[[int, int], None]
) -> None:
    """Write the facts of the values in some ranges. `report` is called with the keys and bytes read so far.

    Raises what the store raises, and TooMuchError.
    """
    keys = size = 0
    began = time.monotonic()
    for piece in read_ahead(_pieces(store, task)):
        kvs = piece.kvs
        writer.write(map(extractor.fact, kvs), filling=True)
        keys += len(kvs)
        size += sum(kv.size_bytes for kv in kvs)
        report(keys, size)
        if task.most_bytes and size > task.most_bytes:
            raise TooMuchError
        if task.rate:
            time.sleep(max(began + size / task.rate - time.monotonic(), 0))


def shared_out(task: Pass) -> tuple[Pass, Pass | None]:
    """A pass for one process, and the rest of it for another; None where it is not worth one.

    They take turns, by some ranges at a time: types differ in what a value costs. A bound of bytes is one of both.
    """
    if task.most_bytes or len(task.ranges) < 2 * _TURN:
        return task, None
    mine = tuple(part for n, part in enumerate(task.ranges) if n // _TURN % 2 == 0)
    rest = tuple(part for n, part in enumerate(task.ranges) if n // _TURN % 2)
    rate = -(-task.rate // 2)
    return replace(task, ranges=mine, rate=rate), replace(task, ranges=rest, rate=rate)


def _pieces(store: Store, task: Pass) -> Iterator[RangeResult]:
    """Each range at a revision of its own: a pass may take longer than etcd keeps one."""
    for part in task.ranges:
        try:
            for piece in PieceReader(store, first=2 * PIECE_NAMES, serializable=True).read(part.start, part.end):
                if piece.revision < task.since:
                    raise FutureRevisionError(f"{store.name} is behind.")
                yield piece
        except FutureRevisionError:  # the member that answered has not got so far yet: ask the quorum
            yield from PieceReader(store, first=2 * PIECE_NAMES).read(part.start, part.end)
