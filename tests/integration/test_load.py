"""Loading a dump: all keys byte for byte, in the order they changed, without leases."""

from __future__ import annotations

from pathlib import Path

from etcdview.demo.cluster import LocalCluster
from etcdview.models import KeyValue, Progress, Range
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.dump import read_dump


def _stored(cluster: LocalCluster) -> dict[bytes, KeyValue]:
    store = EtcdStore(cluster.endpoints, cluster.tls)
    try:
        return {kv.key: kv for kv in store.range(Range(b"\0", b"\0")).kvs}
    finally:
        store.close()


def test_the_capture_is_in_etcd_byte_for_byte_and_without_leases(cluster: LocalCluster, capture: Path) -> None:
    captured = list(read_dump(capture / "registry.jsonl.gz"))
    seen: list[Progress] = []
    assert load(cluster.endpoints[0], cluster.tls, captured, seen.append) == 573
    stored = _stored(cluster)
    assert {key: kv.value for key, kv in stored.items()} == {kv.key: kv.value for kv in captured}
    assert {kv.lease for kv in stored.values()} == {0}
    assert (seen[-1].done, seen[-1].total) == (573, 573)


def test_what_changed_earlier_in_the_capture_changed_no_later_in_etcd(cluster: LocalCluster, capture: Path) -> None:
    captured = sorted(read_dump(capture / "registry.jsonl.gz"), key=lambda kv: kv.mod_revision)
    load(cluster.endpoints[0], cluster.tls, captured)
    stored = _stored(cluster)
    revisions = [stored[kv.key].mod_revision for kv in captured]
    assert revisions == sorted(revisions)


def test_values_too_large_for_one_request_together_are_put_in_several(plain_etcd: LocalCluster) -> None:
    large = [KeyValue(b"/k/%d" % i, 0, i, 1, 0, bytes([i]) * 900_000) for i in range(1, 5)]
    assert load(plain_etcd.endpoints[0], plain_etcd.tls, large) == 4
    assert [kv.size_bytes for kv in _stored(plain_etcd).values()] == [900_000] * 4
