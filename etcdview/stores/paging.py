"""Values read in pieces: as many at a time as make a few megabytes, all at one revision."""

from __future__ import annotations

from collections.abc import Iterator

from etcdview.errors import AnswerError, TooLargeError
from etcdview.models import Range, RangeResult
from etcdview.stores.protocols import Store

FIRST_PIECE = 25  # values of a megabyte are not many: etcd, too, has an answer in memory
GROWTH = 4
LARGEST_PIECE = 10_000
PIECE_BYTES = 8 * 1024 * 1024
LYING = "The answer violates etcd's protocol. Is this an etcd, and is there a proxy in front of it?"


def next_start(server: str, start: bytes, last: bytes | None) -> bytes:
    """Where to read on after an answer that says `more`, whose last key is `last` (None: it has no keys).

    Raises AnswerError where `server` gave no key from `start` on: the same read would be repeated without end.
    """
    if last is None:
        raise AnswerError(f"{server} answered more=true with no keys.", LYING)
    if last < start:
        raise AnswerError(f"{server} answered more=true with keys before the start of the range.", LYING)
    return last + b"\0"


class PieceReader:
    """Reads ranges one after the other, at `revision`, or at that of the first answer where it is 0.

    How large values are is not known before they are read: a piece holds at most GROWTH times as many as the one
    before, and is asked for again in smaller ones where its answer is larger than the store takes (TooLargeError). A
    piece is about `most_bytes` large: reading takes three times as much memory.
    """

    def __init__(
        self,
        store: Store,
        *,
        revision: int = 0,
        first: int = FIRST_PIECE,
        most_bytes: int = PIECE_BYTES,
        serializable: bool = False,
        keys_only: bool = False,
    ) -> None:
        self.revision = revision
        self._most_bytes = most_bytes
        self._store = store
        self._limit = first
        self._serializable = serializable
        self._keys_only = keys_only

    def read(self, start: bytes, end: bytes) -> Iterator[RangeResult]:
        """The keys of [start, end), `end` as in Store.range; at least one result. Raises as Store.range does.

        etcd counts the rest of a range for each piece (0.3 s for a million keys): bound `end` where names are known.
        """
        while True:
            result = self._piece(start, end)
            self.revision = self.revision or result.revision
            yield result
            if not result.more:
                return
            start = next_start(self._store.name, start, result.kvs[-1].key if result.kvs else None)

    def _piece(self, start: bytes, end: bytes) -> RangeResult:
        while True:
            try:
                result = self._store.range(
                    Range(
                        start,
                        end,
                        revision=self.revision,
                        limit=self._limit,
                        keys_only=self._keys_only,
                        serializable=self._serializable,
                    )
                )
            except TooLargeError:
                if self._limit == 1:
                    raise
                self._limit = max(self._limit // 4, 1)
            else:
                self._limit = self._next_limit(result)
                return result

    def _next_limit(self, result: RangeResult) -> int:
        if not result.kvs:
            return self._limit
        average = sum(kv.size_bytes for kv in result.kvs) // len(result.kvs) + 1
        return max(1, min(self._limit * GROWTH, LARGEST_PIECE, self._most_bytes // average))
