"""Which release of Kubernetes a registry is written by: the little that has to be read to tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from etcdview.codec import Codec, Decoded, Detail
from etcdview.kube.distributions import DISTRIBUTION_KEYS, named_key
from etcdview.kube.fields import text
from etcdview.kube.keys import KeySpace
from etcdview.kube.release import EVIDENCE_PREFIXES, Evidence, evidence
from etcdview.kube.release_marks import MARK_KEYS, RULE_KEYS, named_mark
from etcdview.kube.release_signs import FLOW_PREFIXES, STORED_PREFIXES, signs
from etcdview.models import Range
from etcdview.stores.paging import PieceReader
from etcdview.stores.permitted import overlapping
from etcdview.stores.protocols import Restricted, Store, prefix_end

ENOUGH = 50  # objects of one prefix: of thousands of nodes some do


def find_release(store: Store, codec: Codec, keyspace: KeySpace, *, all_of_it: bool = True) -> Evidence | None:
    """The release and what says so; None where nothing does. Raises what the store raises.

    Without `all_of_it` no more is read than is needed to find it, so that it takes fewer calls.
    """
    return evidence(_witnesses(store, codec, keyspace, all_of_it=all_of_it))


def codec_for(store: Store, codec: Codec, keyspace: KeySpace) -> Codec:
    """The codec for the release that the store's registry tells; `codec` where one is set, or nothing tells.

    Raises what the store raises.
    """
    found = find_release(store, codec, keyspace, all_of_it=False) if codec.release is None else None
    return codec if found is None else codec.for_release(found.release)


def _witnesses(store: Store, codec: Codec, keyspace: KeySpace, *, all_of_it: bool) -> Iterator[Mapping[str, Any]]:
    """One by one what may be large, as anyone could have made it so; and only what may be read."""
    permitted = store.permitted() if isinstance(store, Restricted) else None  # once: it asks etcd

    def decoded(prefix: bytes, end: bytes, detail: Detail = Detail.WHOLE) -> Iterator[Decoded]:
        for part in _readable(permitted, prefix, end):
            yield from _decoded(store, codec, part, detail)

    named = {keyspace.root + key.encode(): key for key in MARK_KEYS + DISTRIBUTION_KEYS}
    readable = [key for key in named if _readable(permitted, key, key + b"\0")]
    marks: list[Mapping[str, Any]] = []
    for key in store.get_many(readable, keys_only=True):
        marks.append(named_key(named[key]) if named[key] in DISTRIBUTION_KEYS else named_mark(named[key]))
    for key in _keys(keyspace, RULE_KEYS):
        marks += _objects(decoded(key, key + b"\0"))
    for prefix in _keys(keyspace, FLOW_PREFIXES):
        marks += _objects(decoded(prefix, prefix_end(prefix)))
    yield from marks
    for prefix in _keys(keyspace, EVIDENCE_PREFIXES):
        yield from _objects(decoded(prefix, prefix_end(prefix)))
    for prefix in _keys(keyspace, STORED_PREFIXES if all_of_it or not signs(marks) else ()):
        yield from map(_version_alone, decoded(prefix, prefix_end(prefix), Detail.LABELS))


def _objects(found: Iterable[Decoded]) -> Iterator[Mapping[str, Any]]:
    return (one.object for one in found if one.object is not None)


def _version_alone(found: Decoded) -> Mapping[str, Any]:
    """Little of what may be large, as all of it is held at once."""
    name = text(found.object, "metadata", "name")
    return {"apiVersion": found.storage.api_version, "kind": found.storage.kind, "metadata": {"name": name}}


def _readable(permitted: tuple[Range, ...] | None, start: bytes, end: bytes) -> tuple[Range, ...]:
    """What of [start, end) the user of etcd may read; nothing where that is nothing."""
    return (Range(start, end),) if permitted is None else overlapping(permitted, start, end)


def _keys(keyspace: KeySpace, below: Iterable[str]) -> list[bytes]:
    return [keyspace.root + key.encode() for key in below]


def _decoded(store: Store, codec: Codec, part: Range, detail: Detail) -> Iterator[Decoded]:
    first = next(PieceReader(store, first=ENOUGH).read(part.start, part.end))  # fewer where they are large
    for kv in first.kvs:
        yield codec.decode(kv.key, kv.value, detail=detail)
