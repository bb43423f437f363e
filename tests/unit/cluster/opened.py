"""A cluster over a registry of bytes, for tests of what stands on one."""

from __future__ import annotations

from collections.abc import Mapping

from etcdview.cluster.cluster import Cluster
from etcdview.codec import Codec
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.stores.files.memory import StaticStore

KEYSPACE = KeySpace()


def opened(values: Mapping[str, bytes], codec: Codec | None = None) -> Cluster:
    """The cluster; each key was created in a revision of its own, from 1 on."""
    kvs = [KeyValue(key.encode(), n, n, 1, value=value) for n, (key, value) in enumerate(values.items(), 1)]
    store = StaticStore("test.db", kvs)
    return Cluster(
        name="test",
        store=store,
        index=MemoryNames.of_store(store, KEYSPACE),
        codec=codec or Codec(),
        keyspace=KEYSPACE,
    )
