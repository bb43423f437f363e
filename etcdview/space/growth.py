"""What grew between two states of a registry, by type, namespace and object: one pass over both. Pure."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import ResourceType
from etcdview.models import KeyValue
from etcdview.space.report import By, Sizes, SpaceRow

Name = tuple[str, str]  # a type's storage prefix, "" for unrecognised keys, and a namespace


@dataclass(frozen=True, slots=True)
class GrowthRow:
    """One type, namespace or object in both states; `row` names it, None is the total."""

    row: SpaceRow | None
    keys_before: int
    keys: int
    bytes_before: int
    bytes: int

    @property
    def grown_keys(self) -> int:
        """Keys more than before."""
        return self.keys - self.keys_before

    @property
    def grown_bytes(self) -> int:
        """Bytes of values more than before."""
        return self.bytes - self.bytes_before


@dataclass(slots=True)
class _Sum:
    keys_before: int = 0
    keys: int = 0
    bytes_before: int = 0
    bytes: int = 0

    def add(self, old: KeyValue | None, new: KeyValue | None) -> None:
        if old is not None:
            self.keys_before += 1
            self.bytes_before += old.size_bytes
        if new is not None:
            self.keys += 1
            self.bytes += new.size_bytes


class GrowthTally:
    """Takes each key of both states once, in any order; keeps sums, and the `objects` that changed in size most."""

    def __init__(self, keyspace: KeySpace, objects: int) -> None:
        self._keyspace = keyspace
        self._objects = objects
        self._sums: defaultdict[Name, _Sum] = defaultdict(_Sum)
        self._types: dict[str, ResourceType] = {}
        self._largest: list[tuple[int, bytes, int, int]] = []  # a heap: how much, key, size before and now; -1: none

    def add(self, pairs: Iterable[tuple[KeyValue | None, KeyValue | None]]) -> None:
        """The states of one key each: None where it is not in one."""
        for old, new in pairs:
            key = _key(old, new)
            found = self._keyspace.object_key(key)
            if found is not None:
                self._types[found.resource.prefix] = found.resource
            name = (found.resource.prefix, found.namespace) if found else ("", "")
            self._sums[name].add(old, new)
            self._weigh(key, old, new)

    def rows(self, by: By) -> tuple[GrowthRow, ...]:
        """A row for each that changed, what changed most first; the total at the end."""
        found = self._object_rows() if by == "object" else self._grouped(by)
        changed = [row for row in found if row.grown_keys or row.grown_bytes]
        changed.sort(key=lambda row: (-abs(row.grown_bytes), -abs(row.grown_keys), _name(row)))
        return (*changed, _total(self._sums.values()))

    def _weigh(self, key: bytes, old: KeyValue | None, new: KeyValue | None) -> None:
        before, now = -1 if old is None else old.size_bytes, -1 if new is None else new.size_bytes
        grown = abs(max(now, 0) - max(before, 0))
        if not grown:
            return
        heapq.heappush(self._largest, (grown, key, before, now))
        if self._objects and len(self._largest) > self._objects:
            heapq.heappop(self._largest)

    def _object_rows(self) -> Iterable[GrowthRow]:
        for _, key, before, now in self._largest:
            found = self._keyspace.object_key(key)
            resource, namespace = (found.resource, found.namespace) if found else (None, "")
            row = SpaceRow(1, Sizes(max(now, 0)), resource, namespace, key)
            yield GrowthRow(row, int(before >= 0), int(now >= 0), max(before, 0), max(now, 0))

    def _grouped(self, by: By) -> Iterable[GrowthRow]:
        groups: defaultdict[str, list[_Sum]] = defaultdict(list)
        for (prefix, namespace), one in self._sums.items():
            groups[prefix if by == "resource" else namespace].append(one)
        for name, sums in groups.items():
            total = _total(sums)
            resource = self._types.get(name) if by == "resource" else None
            row = SpaceRow(total.keys, Sizes(total.bytes), resource, name if by == "namespace" else None)
            yield GrowthRow(row, total.keys_before, total.keys, total.bytes_before, total.bytes)


def _total(sums: Iterable[_Sum]) -> GrowthRow:
    kept = list(sums)
    return GrowthRow(
        None,
        sum(one.keys_before for one in kept),
        sum(one.keys for one in kept),
        sum(one.bytes_before for one in kept),
        sum(one.bytes for one in kept),
    )


def _key(old: KeyValue | None, new: KeyValue | None) -> bytes:
    found = new or old
    return found.key if found is not None else b""


def _name(found: GrowthRow) -> tuple[str, str, bytes]:
    row = found.row
    if row is None:
        return "", "", b""
    return row.resource.qualified if row.resource else "", row.namespace or "", row.key or b""
