"""The cluster as one viewer may see it: the one place where what must stay unseen is taken out.

Pages, the API and the search read through a Window, never through a store; so none of them can leak.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from etcdview.browse.cluster import Cluster
from etcdview.codec import Codec, Decoded
from etcdview.index.base import Names
from etcdview.keys import KeySpace, Place
from etcdview.models import KeyMeta, KeyValue
from etcdview.redact import Redactor, is_sensitive
from etcdview.resources import BY_PREFIX, ResourceType

CRD_PREFIX = "apiextensions.k8s.io/customresourcedefinitions"


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its decoded value, masked as the viewer requires.

    `value` is the stored bytes and `decoded.plain` the decrypted ones; both are empty where `hidden`.
    """

    meta: KeyMeta
    place: Place | None
    decoded: Decoded
    size_bytes: int
    value: bytes
    hidden: bool

    @property
    def key(self) -> bytes:
        """The whole storage key."""
        return self.meta.key

    @property
    def object(self) -> dict[str, Any] | None:
        """The decoded, masked object; None where it cannot be decoded."""
        return self.decoded.object


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
        self._redactor: Redactor = cluster.redactor

    @property
    def names(self) -> Names:
        """Key names, counted and searched."""
        return self.cluster.names

    @property
    def keyspace(self) -> KeySpace:
        """How keys are laid out in this registry."""
        return self.cluster.keyspace

    def get(self, key: bytes, revision: int = 0) -> tuple[Entry | None, int]:
        """One key, and the revision it was read at; None where there is no such key then."""
        result = self.cluster.store.range(key, revision=revision)
        return (self._entry(result.kvs[0]) if result.kvs else None), result.revision

    def range(self, start: bytes, end: bytes, *, revision: int = 0, limit: int = 0) -> Entries:
        """All entries of a bounded range at one revision."""
        result = self.cluster.store.range(start, end, revision=revision, limit=limit)
        return Entries(result.revision, self._entries(result.kvs), result.count)

    def facts(self, keys: Sequence[bytes], revision: int = 0) -> dict[bytes, KeyMeta]:
        """etcd's facts about keys, without their values, at one revision."""
        return dict(self.cluster.store.get_many(keys, revision=revision, keys_only=True))

    def custom_definition(self, resource: ResourceType) -> dict[str, Any] | None:
        """The CustomResourceDefinition of a type that is not built in; None where there is none."""
        if resource.builtin:
            return None
        key = self.keyspace.key(BY_PREFIX[CRD_PREFIX], "", f"{resource.plural}.{resource.group}")
        entry, _ = self.get(key)
        return entry.object if entry else None

    def as_served(self, obj: dict[str, Any]) -> dict[str, Any]:
        """The object with what the API server adds on the way out."""
        return self.cluster.codec.as_served(obj)

    def _entries(self, kvs: Iterable[KeyValue]) -> tuple[Entry, ...]:
        return tuple(self._entry(kv) for kv in kvs)

    def _entry(self, kv: KeyValue) -> Entry:
        codec: Codec = self.cluster.codec
        place = self.keyspace.place(kv.key)
        decoded = codec.decode(kv.key, kv.value, kv.mod_revision)
        hidden = is_sensitive(place.resource if place else None, decoded.storage.kind)
        if decoded.object is not None:
            decoded = replace(decoded, object=self._redactor.mask(decoded.object))
        if hidden:
            decoded = replace(decoded, plain=b"", partial=None, unknown_fields=())
        return Entry(
            meta=KeyMeta(kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.lease),
            place=place,
            decoded=decoded,
            size_bytes=kv.size_bytes,
            value=b"" if hidden else kv.value,
            hidden=hidden,
        )
