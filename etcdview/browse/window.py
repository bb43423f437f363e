"""The cluster as one viewer may see it: the one place where what must stay unseen is taken out.

Pages, the API and the search read through a Window, never through a store; so none of them can leak.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from etcdview.browse.cluster import Cluster
from etcdview.definitions import Definitions
from etcdview.index.base import Names
from etcdview.keys import KeySpace
from etcdview.models import KeyMeta, KeyValue
from etcdview.objects import Objects, Row
from etcdview.redact import is_sensitive
from etcdview.resources import ResourceType
from etcdview.stores.base import prefix_end

PIECE = 1000  # values of one read


@dataclass(frozen=True, slots=True)
class Entry(Row):
    """One key with its decoded value, masked as the viewer requires.

    `value` is the stored bytes and `decoded.plain` the decrypted ones; both are empty where `hidden`.
    """

    value: bytes = b""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries that were all read at one `revision`; `count` is of the whole range they come from."""

    revision: int
    entries: tuple[Entry, ...]
    count: int = 0


class Window:
    """Names and masked entries of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._definitions: Definitions | None = None
        self.objects = Objects(cluster.store, cluster.codec, cluster.keyspace, cluster.redactor.mask)

    @property
    def names(self) -> Names:
        """Key names, counted and searched."""
        return self.cluster.names

    @property
    def keyspace(self) -> KeySpace:
        """How keys are laid out in this registry."""
        return self.cluster.keyspace

    @property
    def definitions(self) -> Definitions:
        """What the cluster's CRDs define; asked for once a window."""
        if self._definitions is None:
            self._definitions = self.cluster.kinds.definitions(self.objects)
        return self._definitions

    def get(self, key: bytes, revision: int = 0) -> tuple[Entry | None, int]:
        """One key, and the revision it was read at; None where there is no such key then."""
        result = self.cluster.store.range(key, revision=revision)
        return (self._entry(result.kvs[0]) if result.kvs else None), result.revision

    def range(self, start: bytes, end: bytes, *, revision: int = 0, limit: int = 0) -> Entries:
        """All entries of a bounded range at one revision."""
        result = self.cluster.store.range(start, end, revision=revision, limit=limit)
        return Entries(result.revision, tuple(self._entry(kv) for kv in result.kvs), result.count)

    def get_many(self, keys: Sequence[bytes], revision: int = 0) -> tuple[Entry, ...]:
        """The entries of these keys at one revision, in their order; those that do not exist are left out."""
        found = self.cluster.store.get_many(keys, revision=revision)
        return tuple(self._entry(found[key]) for key in dict.fromkeys(keys) if key in found)

    def scan(self, resource: ResourceType, namespace: str = "") -> Iterator[tuple[Entry, int]]:
        """All entries of a type (in a namespace), read in pieces, and the one revision they are all read at."""
        start = self.keyspace.range_prefix(resource, namespace)
        end = prefix_end(start)
        revision = 0
        while True:
            result = self.cluster.store.range(start, end, revision=revision, limit=PIECE)
            revision = revision or result.revision
            for kv in result.kvs:
                yield self._entry(kv), revision
            if not result.more:
                return
            start = result.kvs[-1].key + b"\0"

    def facts(self, keys: Sequence[bytes], revision: int = 0) -> dict[bytes, KeyMeta]:
        """etcd's facts about keys, without their values, at one revision."""
        return dict(self.cluster.store.get_many(keys, revision=revision, keys_only=True))

    def as_served(self, obj: dict[str, Any]) -> dict[str, Any]:
        """The object with what the API server adds on the way out."""
        return self.cluster.codec.as_served(obj)

    def _entry(self, kv: KeyValue) -> Entry:
        row = self.objects.row(kv)
        hidden = is_sensitive(row.place.resource if row.place else None, row.decoded.storage.kind)
        decoded = replace(row.decoded, plain=b"", partial=None, unknown_fields=()) if hidden else row.decoded
        return Entry(row.meta, row.place, row.size_bytes, decoded, b"" if hidden else kv.value, hidden)
