"""A live etcd at a revision, as `--from live@REV` reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from etcdview.cluster.sources import open_source
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import CompactedError, FutureRevisionError
from etcdview.models import Range
from etcdview.stores.at_revision import AtRevision
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.key_past import PastRequest

KEY = b"/registry/configmaps/shop/a"


def test_a_live_etcd_at_a_revision_has_what_it_had_then(
    plain_etcd: LocalCluster, plain_etcdctl: Callable[..., str]
) -> None:
    live = EtcdStore(plain_etcd.endpoints, plain_etcd.tls)
    for value in (b"one", b"two"):
        plain_etcdctl("put", KEY.decode(), stdin=value)
    newest = live.range(Range(b"x")).revision
    live.close()
    plain_etcdctl("del", KEY.decode())
    store = open_source(Settings(endpoints=plain_etcd.endpoints, etcd_named=True, from_file=f"live@{newest - 1}"))

    assert isinstance(store, AtRevision)
    found = store.range(Range(b"\0", b"\0"))
    assert ([kv.value for kv in found.kvs], found.revision) == ([b"one"], newest - 1)
    assert list(store.get_many([KEY])) == [KEY]
    assert [event.kv.value for event in store.key_past(PastRequest(KEY, newest + 9, 5, 1 << 20)).events][:1] == [b"one"]
    with pytest.raises(FutureRevisionError):
        store.range(Range(KEY, revision=newest))
    plain_etcdctl("compact", str(newest))
    with pytest.raises(CompactedError):
        store.range(Range(KEY))
    store.close()
