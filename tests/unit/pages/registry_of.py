"""A window on a few keys held in memory: the store is a real one, as of a dump."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from etcdview.access.roles import LOCAL, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.window import Window
from etcdview.codec import Codec
from etcdview.index import names_for
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.stores.files.memory import StaticStore

REVISION = 9
Obj = dict[str, Any]


def obj(kind: str, namespace: str, name: str, api_version: str = "v1", **more: Any) -> Obj:
    """An object; `metadata` in `more` is added to the name and the namespace."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | more.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def kv(key: str, value: bytes | Obj, revision: int = REVISION) -> KeyValue:
    """A key with an object as JSON, or with bytes."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return KeyValue(key.encode(), revision, revision, 1, value=raw)


def window_on(kvs: Iterable[KeyValue], viewer: Viewer = LOCAL) -> Window:
    """What `viewer` sees of these keys."""
    store, keyspace = StaticStore("keys", kvs), KeySpace()
    return Window(
        Cluster(name="test", store=store, index=names_for(store, keyspace), codec=Codec(), keyspace=keyspace), viewer
    )
