"""How many names each storage prefix and each namespace holds, kept as names come and go, never by scanning."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

from etcdview.index.base import TypeCount
from etcdview.index.packed import Block
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import ResourceType


class Tally:
    """The counts. One thread changes it; `types` may be called by others under the owner's lock."""

    def __init__(self, keyspace: KeySpace) -> None:
        self._keyspace = keyspace
        self._types: dict[str, _OneType] = {}
        self._tuple: tuple[TypeCount, ...] | None = None

    def types(self) -> tuple[TypeCount, ...]:
        """A row for every storage prefix that holds a name, in order of prefix."""
        if self._tuple is None:
            rows = (one.row(self._keyspace) for _, one in sorted(self._types.items()))
            self._tuple = tuple(row for row in rows if row.count)
        return self._tuple

    def change(self, name: bytes, by: int) -> bool:
        """Count one name in (1) or out (-1); whether it has a place."""
        object_key = self._keyspace.object_key(name)
        if object_key is None:
            return False
        self._count(object_key.resource, object_key.namespace, by)
        return True

    def add_block(self, block: Block) -> list[bytes]:
        """Count all names of a block in; gives those that have no place."""
        markers = b"/\n" in block.body or (block.stem.endswith(b"/") and b"\n\n" in block.body)
        if markers or not block.plain:
            return [name for name in block.names() if not self.change(name, 1)]
        if b"/" in block.body:
            return self._add_by_directory(block.names())
        return self._add_alike(block)

    def _add_alike(self, block: Block) -> list[bytes]:
        object_key = self._keyspace.object_key(block.take(0, 1)[0])
        if object_key is None:
            return block.names()
        self._count(object_key.resource, object_key.namespace, block.count)
        return []

    def _add_by_directory(self, names: list[bytes]) -> list[bytes]:
        """Names of one directory that end in something have the same type and namespace, or all have no place."""
        unrecognised_keys: set[bytes] = set()
        for directory, count in Counter([name[: name.rfind(b"/") + 1] for name in names]).items():
            object_key = self._keyspace.object_key(directory + b"x")
            if object_key is None:
                unrecognised_keys.add(directory)
            else:
                self._count(object_key.resource, object_key.namespace, count)
        return (
            [name for name in names if name[: name.rfind(b"/") + 1] in unrecognised_keys] if unrecognised_keys else []
        )

    def _count(self, resource: ResourceType, namespace: str, by: int) -> None:
        one = self._types.get(resource.prefix)
        if one is None:
            one = self._types[resource.prefix] = _OneType(resource)
        one.change(resource, namespace, by)
        self._tuple = None


class _OneType:
    """The counts of one storage prefix, and the row made of them until they change."""

    __slots__ = ("_namespaces", "_resource", "_row", "_total")

    def __init__(self, resource: ResourceType) -> None:
        self._resource = resource
        self._namespaces: dict[str, int] = {}
        self._total = 0
        self._row: TypeCount | None = None

    def change(self, resource: ResourceType, namespace: str, by: int) -> None:
        if resource.namespaced and not self._resource.namespaced:
            self._resource = resource  # a custom type with names at two depths passes for a namespaced one
        left = self._namespaces.get(namespace, 0) + by
        if left:
            self._namespaces[namespace] = left
        else:
            self._namespaces.pop(namespace, None)
        self._total += by
        self._row = None

    def row(self, keyspace: KeySpace) -> TypeCount:
        if self._row is None:
            prefix = keyspace.range_prefix(self._resource)
            namespaces = MappingProxyType(dict(sorted(self._namespaces.items())))
            self._row = TypeCount(self._resource, prefix, self._total, namespaces)
        return self._row
