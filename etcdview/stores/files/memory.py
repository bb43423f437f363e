"""A store of keys that do not change: what a dump holds, sorted, in memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from etcdview.errors import CompactedError, FutureRevisionError
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.key_past import KeyPast, PastRequest


class StaticStore:
    """The Store protocol over keys held in memory, all as of one `revision`."""

    live = False
    notes: tuple[str, ...] = ()  # a dump holds nothing that would tell what is missing

    def __init__(self, name: str, kvs: Iterable[KeyValue], revision: int = 0) -> None:
        self.name = name
        self._kvs = tuple(sorted(kvs, key=lambda kv: kv.key))
        self._keys = [kv.key for kv in self._kvs]
        self.revision = revision or max((kv.mod_revision for kv in self._kvs), default=0)

    def range(self, request: Range) -> RangeResult:
        """See Store.range; the only revision there is, is the file's."""
        self._check(request.revision)
        first, last = bounds(self._keys, request.start, request.end)
        if request.count_only:
            return RangeResult(self.revision, count=last - first)
        stop = min(last, first + request.limit) if request.limit else last
        kvs = self._kvs[first:stop]
        if request.keys_only:
            kvs = tuple(replace(kv, value=b"") for kv in kvs)
        return RangeResult(self.revision, kvs, count=last - first, more=stop < last)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        found = (self.range(Range(key, revision=revision, keys_only=keys_only)).kvs for key in keys)
        return {kvs[0].key: kvs[0] for kvs in found if kvs}

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """See KeepsPast.key_past: what is held has no past."""
        return KeyPast(oldest=self.revision)

    def close(self) -> None:
        """Nothing to let go of."""

    def _check(self, revision: int) -> None:
        if revision not in (0, self.revision):
            error = CompactedError if revision < self.revision else FutureRevisionError
            raise error(f"{self.name} holds revision {self.revision} only, not {revision}.", "Leave the revision out.")


def bounds(keys: Sequence[bytes], start: bytes, end: bytes) -> tuple[int, int]:
    """Where the keys of [start, end) begin and end among sorted ones; `end` as in Store.range."""
    first = bisect_left(keys, start)
    if end == b"\0":
        return first, len(keys)
    return first, max(first, bisect_left(keys, end or start + b"\0"))
