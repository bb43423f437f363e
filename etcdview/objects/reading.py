"""Decoded objects of a store, type by type, all at one revision: what pages and commands read.

Long types are read in pieces; see stores.paging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from etcdview.codec import Codec, Decoded, Detail, Excerpt
from etcdview.errors import DecodeError
from etcdview.kube import resources
from etcdview.kube.crds import Definitions, definitions
from etcdview.kube.fields import Composed, Excerpted
from etcdview.kube.keys import KeySpace, ObjectKey
from etcdview.kube.redaction import is_sensitive, may_hold_a_secret
from etcdview.kube.release import Release
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.models import KeyMeta, KeyValue, Range, RangeResult
from etcdview.stores.paging import PIECE_BYTES, PieceReader
from etcdview.stores.protocols import Store, prefix_end

_CRDS = BY_PREFIX["apiextensions.k8s.io/customresourcedefinitions"]
MOST_DEFINITION_BYTES = 128 << 20  # thousands of CRDs; decoding them takes some ten seconds
Mask = Callable[[dict[str, Any], bool, bytes], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One key of a type: etcd's facts, where it belongs, and its decoded value."""

    meta: KeyMeta
    object_key: ObjectKey | None
    size_bytes: int
    decoded: Decoded
    masked: bool = False  # something was taken out of the object: the stored bytes still hold it

    @property
    def key(self) -> bytes:
        """The whole storage key."""
        return self.meta.key

    @property
    def namespace(self) -> str:
        """The namespace by the key, "" where there is none."""
        return self.object_key.namespace if self.object_key else ""

    @property
    def name(self) -> str:
        """The name by the key, "" for an unrecognised key."""
        return self.object_key.name if self.object_key else ""

    @property
    def object(self) -> dict[str, Any] | None:
        """The decoded object; None where it cannot be decoded (`error` says why)."""
        return self.decoded.object

    @property
    def error(self) -> DecodeError | None:
        """Why there is no object."""
        return self.decoded.error


class Objects:
    """The objects of one store. `mask` takes out what must not be seen, before anything else sees it.

    It is told whether the object lies where Secrets do, whatever it says of itself.
    """

    def __init__(self, store: Store, codec: Codec, keyspace: KeySpace, mask: Mask) -> None:
        self._store = store
        self._codec = codec
        self._mask = mask
        self.keyspace = keyspace

    @property
    def release(self) -> Release | None:
        """The release as of which objects are read; None where it is not known."""
        return self._codec.release

    def definitions(self, revision: int = 0) -> tuple[Definitions, int]:
        """All CRDs, and the revision at which they were read: read the rest at that one.

        Of more than MOST_DEFINITION_BYTES the first: every page waits for them.
        """
        prefix = self.keyspace.range_prefix(_CRDS)
        reader = PieceReader(self._store, revision=revision)
        rows = map(self.row, _first_bytes(reader.read(prefix, prefix_end(prefix)), MOST_DEFINITION_BYTES))
        found = definitions((row.object for row in rows if row.object is not None), self.keyspace.types)
        return found, reader.revision

    def read(
        self,
        resource: ResourceType,
        namespace: str = "",
        *,
        revision: int = 0,
        name_prefix: str = "",
        detail: Detail = Detail.WHOLE,
    ) -> Iterator[ObjectRow]:
        """The objects of a type (in a namespace) in the order of their keys, all as of one revision.

        With a namespace, or for a type that has none, `name_prefix` keeps to names that begin with it.
        """
        for kv in self.values(resource, namespace, revision=revision, name_prefix=name_prefix):
            yield self.row(kv, detail)

    def values(
        self, resource: ResourceType, namespace: str = "", *, revision: int = 0, name_prefix: str = ""
    ) -> Iterator[KeyValue]:
        """The same, as they are stored, neither decoded nor masked."""
        return chain.from_iterable(self.pieces(resource, namespace, revision=revision, name_prefix=name_prefix))

    def pieces(
        self,
        resource: ResourceType,
        namespace: str = "",
        *,
        revision: int = 0,
        name_prefix: str = "",
        most_bytes: int = PIECE_BYTES,
    ) -> Iterator[Sequence[KeyValue]]:
        """The same in pieces, as they are read; `most_bytes` as in PieceReader."""
        reader = PieceReader(self._store, revision=revision, most_bytes=most_bytes)
        return (piece.kvs for piece in reader.read(*self.bounds(resource, namespace, name_prefix)))

    def bounds(self, resource: ResourceType, namespace: str = "", name_prefix: str = "") -> tuple[bytes, bytes]:
        """The range that `read` reads: start and end."""
        start = self.keyspace.range_prefix(resource, namespace) + name_prefix.encode()
        return start, prefix_end(start)

    def get(self, resource: ResourceType, namespace: str, name: str, *, revision: int = 0) -> ObjectRow | None:
        """One object, None where there is none."""
        return self.at(self.keyspace.key(resource, namespace if resource.namespaced else "", name), revision)

    def at(self, key: bytes, revision: int) -> ObjectRow | None:
        """One key as it was at a revision, None where there was none. Raises CompactedError."""
        found = self._store.range(Range(key, revision=revision)).kvs
        return self.row(found[0]) if found else None

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0) -> dict[bytes, ObjectRow]:
        """The given keys, those that do not exist left out."""
        return {key: self.row(kv) for key, kv in self._store.get_many(keys, revision=revision).items()}

    def undefined(self, name: str, *, revision: int = 0) -> ResourceType | None:
        """The custom type `plural.group` without a CRD, where keys of it are still stored."""
        plural, _, group = name.partition(".")
        if not group:
            return None
        start = self.keyspace.range_prefix(resources.custom(group, plural))
        found = self._store.range(Range(start, prefix_end(start), revision=revision, limit=1, keys_only=True)).kvs
        object_key = self.keyspace.object_key(found[0].key) if found else None
        return object_key.resource if object_key else None

    def row(self, kv: KeyValue, detail: Detail | Excerpt = Detail.WHOLE) -> ObjectRow:
        """A key and its value, decoded and masked."""
        decoded = self._codec.decode(kv.key, kv.value, kv.mod_revision, detail=detail)
        object_key = self.keyspace.object_key(kv.key)
        if decoded.object is not None:
            sensitive = is_sensitive(object_key.resource if object_key else None, decoded.storage.kind)
            held = decoded.object.texts if isinstance(decoded.object, (Composed, Excerpted)) else decoded.plain
            shown = self._mask(decoded.object, sensitive, held)
            masked = shown is not decoded.object
            decoded = replace(decoded, object=shown) if masked else decoded
        else:
            masked = may_hold_a_secret(decoded.plain)
        meta = KeyMeta(kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.lease)
        return ObjectRow(meta, object_key, kv.size_bytes, decoded, masked)


def _first_bytes(pieces: Iterable[RangeResult], most: int) -> Iterator[KeyValue]:
    """The values of whole pieces, until they make so many bytes."""
    read = 0
    for piece in pieces:
        yield from piece.kvs
        read += sum(kv.size_bytes for kv in piece.kvs)
        if read >= most:
            return
