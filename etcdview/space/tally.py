"""Sums over all values of a file, taken as they are read: nothing is kept of a value but its sizes."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from etcdview.codec import Codec, Outline, StorageFormat
from etcdview.index.facts.reading import Total
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.space.report import Sizes, SpaceRow, TypeOf, type_of


class SpaceTally:
    """Takes each key once, in any order; keeps sums by type and namespace, and the largest `objects` (None: all)."""

    def __init__(self, codec: Codec, keyspace: KeySpace, objects: int | None) -> None:
        self._codec = codec
        self._keyspace = keyspace
        self._objects = objects
        self._sums: dict[tuple[str, str], list[int]] = {}
        self._largest: list[tuple[int, bytes, str, str, Sizes]] = []  # a heap: the smallest of them first
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
            sums = self._sums.get(where)
            if sums is None:
                sums = self._sums[where] = [0] * 6
            sums[0] += 1
            sums[1] += size
            sums[2] += outline.managed_bytes
            sums[3] += outline.annotation_bytes
            sums[4] += outline.last_applied_bytes
            sums[5] += outline.data_bytes
            if self._objects != 0:
                self._weigh(kv.key, where, _sizes(size, outline))

    def _weigh(self, key: bytes, where: tuple[str, str], sizes: Sizes) -> None:
        if self._objects is None or len(self._largest) < self._objects:
            heapq.heappush(self._largest, (sizes.values, key, *where, sizes))
        elif sizes.values > self._largest[0][0]:
            heapq.heapreplace(self._largest, (sizes.values, key, *where, sizes))

    def totals(self) -> tuple[Total, ...]:
        """The sums, by type and namespace."""
        return tuple(
            Total(*where, StorageFormat("protobuf"), "unknown", *sums) for where, sums in sorted(self._sums.items())
        )

    def objects(self, known: TypeOf) -> tuple[SpaceRow, ...]:
        """A row for each of the largest, in order."""
        found = sorted(self._largest, key=lambda one: (-one[0], one[1]))
        return tuple(SpaceRow(1, sizes, type_of(prefix, known), name, key) for _, key, prefix, name, sizes in found)


def _without_body(_: str, __: str) -> bool:
    """The body of no object is wanted."""
    return False


def _sizes(size: int, outline: Outline) -> Sizes:
    annotations = outline.annotation_bytes + outline.last_applied_bytes
    return Sizes(size, outline.managed_bytes, annotations, outline.last_applied_bytes, outline.data_bytes)
