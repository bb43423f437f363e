"""Sums over all values of a file, taken as they are read: nothing is kept of a value but its sizes."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from etcdview.codec import Codec, Outline, StorageFormat
from etcdview.index.facts.reading import Spread, Total, spread_of
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.space.report import Sizes, SpaceRow, TypeOf, type_of

MOST_WRITTEN = 20
T = TypeVar("T", bound="tuple[Any, ...]")


class WrittenKey(NamedTuple):
    """A key by how often it was written since it was created: `created` in Unix seconds, by its last `manager`."""

    writes: int
    key: bytes
    created: int | None
    manager: str


class SpaceTally:
    """Takes each key once, in any order; keeps sums by type and namespace, and the largest `objects` (None: all)."""

    def __init__(self, codec: Codec, keyspace: KeySpace, objects: int | None) -> None:
        self._codec = codec
        self._keyspace = keyspace
        self._objects = objects
        self._sums: dict[tuple[str, str], list[int]] = {}
        self._largest: list[tuple[int, bytes, str, str, Sizes]] = []  # a heap: the smallest of them first
        self._counts: Counter[int] = Counter()  # of each size
        self._written: list[WrittenKey] = []  # a heap: the one with the fewest writes first
        self.keys = self.bytes = 0

    def add(self, kvs: Iterable[KeyValue]) -> None:
        """Some keys with their values. Never raises for what is stored."""
        for kv in kvs:
            object_key = self._keyspace.object_key(kv.key)
            where = (object_key.resource.prefix, object_key.namespace) if object_key else ("", "")
            outline = self._codec.outline(kv.key, kv.value, _without_body)
            size = len(kv.value)
            self.keys += 1
            self.bytes += size
            self._counts[size] += 1
            _keep(self._written, WrittenKey(kv.version, kv.key, outline.created, outline.manager), MOST_WRITTEN)
            sums = self._sums.get(where)
            if sums is None:
                sums = self._sums[where] = [0] * 6
            sums[0] += 1
            sums[1] += size
            sums[2] += outline.managed_bytes
            sums[3] += outline.annotation_bytes
            sums[4] += outline.last_applied_bytes
            sums[5] += outline.data_bytes
            _keep(self._largest, (size, kv.key, *where, _sizes(size, outline)), self._objects)

    def totals(self) -> tuple[Total, ...]:
        """The sums, by type and namespace."""
        return tuple(
            Total(*where, StorageFormat("protobuf"), "unknown", *sums) for where, sums in sorted(self._sums.items())
        )

    def spread(self) -> Spread:
        """How the sizes of values are spread."""
        return spread_of(sorted(self._counts.items(), reverse=True))

    def largest(self, most: int) -> Iterator[tuple[bytes, int]]:
        """So many of the largest objects that are wanted, each with its bytes."""
        for size, key, *_ in sorted(self._largest, key=lambda one: (-one[0], one[1]))[:most]:
            yield key, size

    def written(self) -> tuple[WrittenKey, ...]:
        """The keys that were written most often, and more than once."""
        found = sorted(self._written, key=lambda one: (-one.writes, one.key))
        return tuple(one for one in found if one.writes > 1)

    def objects(self, known: TypeOf) -> tuple[SpaceRow, ...]:
        """A row for each of the largest, in order."""
        found = sorted(self._largest, key=lambda one: (-one[0], one[1]))
        return tuple(SpaceRow(1, sizes, type_of(prefix, known), name, key) for _, key, prefix, name, sizes in found)


def _keep(heap: list[T], found: T, most: int | None) -> None:
    """Put it among the `most` largest (None: all)."""
    if most is None or len(heap) < most:
        heapq.heappush(heap, found)
    elif heap and found[0] > heap[0][0]:
        heapq.heapreplace(heap, found)


def _without_body(_: str, __: str) -> bool:
    """The body of no object is wanted."""
    return False


def _sizes(size: int, outline: Outline) -> Sizes:
    annotations = outline.annotation_bytes + outline.last_applied_bytes
    return Sizes(size, outline.managed_bytes, annotations, outline.last_applied_bytes, outline.data_bytes)
