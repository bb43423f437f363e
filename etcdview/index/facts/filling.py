"""One pass over the values of a registry that writes their facts: a little at a time, at a bounded rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from etcdview.errors import FutureRevisionError, UnreachableError
from etcdview.index.base import FollowedRange, KeyIndex
from etcdview.index.facts.database import FactWriter
from etcdview.index.facts.fact import Extractor
from etcdview.models import RangeResult
from etcdview.stores.ahead import read_ahead
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store

PIECE_NAMES = 1_000  # keys of one read: at 2 kB a value, 2 MB
_TURN = 16  # pieces: what one process reads before it is the turn of the other


@dataclass(frozen=True, slots=True)
class PassPiece:
    """A range of keys in one etcd, of which no answer may be older than the revision `since`."""

    start: bytes
    end: bytes
    since: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass has to do: the pieces to read, in order.

    `rate` is the most bytes of values that are read in a second, `most_bytes` in all; 0 for no bound.
    """

    pieces: tuple[PassPiece, ...]
    rate: int = 0
    most_bytes: int = 0


def pieces_of(index: KeyIndex, part: FollowedRange) -> Iterator[PassPiece]:
    """A range in pieces of about PIECE_NAMES keys: etcd counts the rest of a range whose end is not near.

    What changes in it from the revision on that the index has reached, the index tells.
    """
    cursor, end = part.key_range.start, part.key_range.end
    while True:
        page = index.page(cursor, end, limit=PIECE_NAMES)
        if page.next_after is None:
            yield PassPiece(cursor, end, part.revision)
            return
        behind = page.next_after + b"\0"
        yield PassPiece(cursor, behind, part.revision)
        cursor = behind


class TooMuchError(Exception):
    """The values are more than a pass may read. Never leaves the process that fills."""


class UnwritableError(UnreachableError):
    """The database of facts could not be written, as on a full disk: each further try reads all values again."""


def write_facts(
    store: Store, writer: FactWriter, extractor: Extractor, task: Pass, report: Callable[[int, int], None]
) -> None:
    """Write the facts of the values in some pieces. `report` is called with the keys and bytes read so far.

    Raises what the store raises, and TooMuchError.
    """
    keys = size = 0
    began = time.monotonic()
    for found in read_ahead(_read(store, task)):
        kvs = found.kvs
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

    They take turns, by some pieces at a time: types differ in what a value costs. A bound of bytes is one of both.
    """
    if task.most_bytes or len(task.pieces) < 2 * _TURN:
        return task, None
    mine = tuple(piece for n, piece in enumerate(task.pieces) if n // _TURN % 2 == 0)
    rest = tuple(piece for n, piece in enumerate(task.pieces) if n // _TURN % 2)
    rate = -(-task.rate // 2)
    return replace(task, pieces=mine, rate=rate), replace(task, pieces=rest, rate=rate)


def _read(store: Store, task: Pass) -> Iterator[RangeResult]:
    """Each piece at a revision of its own: a pass may take longer than etcd keeps one."""
    for piece in task.pieces:
        try:
            for found in PieceReader(store, first=2 * PIECE_NAMES, serializable=True).read(piece.start, piece.end):
                if found.revision < piece.since:
                    raise FutureRevisionError(f"{store.name} is behind.")
                yield found
        except FutureRevisionError:  # the member that answered has not got so far yet: ask the quorum
            yield from PieceReader(store, first=2 * PIECE_NAMES).read(piece.start, piece.end)
