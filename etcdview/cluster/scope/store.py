"""A store of which only the permitted keys can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.index.lister import KeyRange
from etcdview.models import KeyValue, RangeResult
from etcdview.stores.paging import next_start
from etcdview.stores.protocols import Store


@dataclass(frozen=True, slots=True)
class _How:
    keys_only: bool
    count_only: bool
    serializable: bool


class ScopedStore:
    """The Store protocol over another store; counts are of what is permitted. Closing it closes nothing."""

    def __init__(self, store: Store, spans: PermittedRanges) -> None:
        self._store = store
        self._spans = spans
        self.name = store.name
        self.live = store.live

    def range(
        self,
        start: bytes,
        end: bytes = b"",
        *,
        revision: int = 0,
        limit: int = 0,
        keys_only: bool = False,
        count_only: bool = False,
        serializable: bool = False,
    ) -> RangeResult:
        """See Store.range. Raises DeniedError where nothing of the range is permitted."""
        how = _How(keys_only, count_only, serializable)
        if end == b"":
            self._spans.check(start)
            return self._read(KeyRange(start, b""), revision, 0, how)
        kvs: list[KeyValue] = []
        count, at, more, serializable = 0, revision, False, False
        for span in self._spans.checked(start, end):
            left = limit - len(kvs)
            full = bool(limit) and left == 0  # the rest is counted only
            found = self._read(span, at, left if limit else 0, replace(how, count_only=True) if full else how)
            at = at or found.revision
            kvs += found.kvs
            count += found.count
            more = more or found.more or (full and found.count > 0)
            serializable = serializable or found.serializable
        return RangeResult(at, tuple(kvs), count, more, serializable)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many; what is not permitted is left out, as what does not exist."""
        permitted = [key for key in keys if self._spans.has(key)]
        return self._store.get_many(permitted, revision=revision, keys_only=keys_only)

    def close(self) -> None:
        """The store belongs to the cluster, not to a viewer."""

    def _read(self, span: KeyRange, revision: int, limit: int, how: _How) -> RangeResult:
        """One permitted span, without keys in it that fit no pattern; goes on until there are `limit` others."""
        found = self._ask(span.start, span, revision, limit, how)
        kept = [kv for kv in found.kvs if self._spans.has(kv.key)]
        last, start, serializable = found, span.start, found.serializable
        while last.more and len(kept) < limit:
            start = next_start(self.name, start, last.kvs[-1].key if last.kvs else None)
            last = self._ask(start, span, found.revision, limit, how)
            serializable = serializable or last.serializable
            kept += [kv for kv in last.kvs if self._spans.has(kv.key)]
        more = last.more or len(kept) > limit > 0
        return RangeResult(found.revision, tuple(kept[:limit] if limit else kept), found.count, more, serializable)

    def _ask(self, start: bytes, span: KeyRange, revision: int, limit: int, how: _How) -> RangeResult:
        return self._store.range(
            start,
            span.end,
            revision=revision,
            limit=limit,
            keys_only=how.keys_only,
            count_only=how.count_only,
            serializable=how.serializable,
        )
