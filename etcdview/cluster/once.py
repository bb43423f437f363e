"""A cluster for one command: what pages read from, with no thread and no index of all names."""

from __future__ import annotations

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.sources import open_codec
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.index.bounded import BoundedNames
from etcdview.kube.keys import KeySpace
from etcdview.stores.protocols import Store


def window_once(store: Store, settings: Settings) -> Window:
    """All of `store` as pages see it, Secrets masked; who opened the store closes it."""
    keyspace = KeySpace(settings.etcd_prefix)
    index = BoundedNames(store, keyspace)
    cluster = Cluster(
        name=store.name, store=store, index=index, codec=open_codec(settings), keyspace=keyspace, waits=True
    )
    return Window(cluster)
