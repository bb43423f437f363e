"""A store of which only the permitted keys can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.paging import next_start
from etcdview.stores.protocols import Store


class ScopedStore:
    """The Store protocol over another store; counts are of what is permitted. Closing it closes nothing."""

    def __init__(self, store: Store, permitted: PermittedRanges) -> None:
        self._store = store
        self._permitted = permitted
        self.name = store.name
        self.live = store.live

    def range(self, request: Range) -> RangeResult:
        """See Store.range. Raises DeniedError where nothing of the range is permitted."""
        if request.end == b"":
            self._permitted.check(request.start)
            return self._read(replace(request, limit=0))
        kvs: list[KeyValue] = []
        limit, count, at, more, serializable = request.limit, 0, request.revision, False, False
        for key_range in self._permitted.checked(request.start, request.end):
            left = limit - len(kvs)
            full = bool(limit) and left == 0  # the rest is counted only
            part = replace(request, start=key_range.start, end=key_range.end, revision=at, limit=left if limit else 0)
            found = self._read(replace(part, count_only=True) if full else part)
            at = at or found.revision
            kvs += found.kvs
            count += found.count
            more = more or found.more or (full and found.count > 0)
            serializable = serializable or found.serializable
        return RangeResult(at, tuple(kvs), count, more, serializable)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many; what is not permitted is left out, as what does not exist."""
        permitted = [key for key in keys if self._permitted.has(key)]
        return self._store.get_many(permitted, revision=revision, keys_only=keys_only)

    def close(self) -> None:
        """The store belongs to the cluster, not to a viewer."""

    def _read(self, request: Range) -> RangeResult:
        """One permitted range, without unrecognised keys in it; goes on until there are `limit` others."""
        found, limit = self._store.range(request), request.limit
        kept = [kv for kv in found.kvs if self._permitted.has(kv.key)]
        last, start, serializable = found, request.start, found.serializable
        while last.more and len(kept) < limit:
            start = next_start(self.name, start, last.kvs[-1].key if last.kvs else None)
            last = self._store.range(replace(request, start=start, revision=found.revision))
            serializable = serializable or last.serializable
            kept += [kv for kv in last.kvs if self._permitted.has(kv.key)]
        more = last.more or len(kept) > limit > 0
        return RangeResult(found.revision, tuple(kept[:limit] if limit else kept), found.count, more, serializable)
