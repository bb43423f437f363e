"""Which release of Kubernetes a registry is written by: the little that has to be read to tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from etcdview.codec import Codec
from etcdview.kube.keys import KeySpace
from etcdview.kube.release import EVIDENCE_PREFIXES, Evidence, evidence
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store, prefix_end

ENOUGH = 50  # objects of one prefix: of thousands of nodes some do


def find_release(store: Store, codec: Codec, keyspace: KeySpace) -> Evidence | None:
    """The release and what says so; None where nothing does. Raises what the store raises."""
    return evidence(_witnesses(store, codec, keyspace))


def _witnesses(store: Store, codec: Codec, keyspace: KeySpace) -> Iterator[dict[str, Any]]:
    for prefix in EVIDENCE_PREFIXES:
        start = keyspace.root + prefix.encode()
        first = next(PieceReader(store, first=ENOUGH).read(start, prefix_end(start)))  # fewer where they are large
        for kv in first.kvs:
            obj = codec.decode(kv.key, kv.value).object
            if obj is not None:
                yield obj
