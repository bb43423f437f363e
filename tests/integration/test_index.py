"""The index over a real etcd: loaded, followed, gradual, bounded, restricted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.errors import DeniedError, SlowError
from etcdview.index import names_for
from etcdview.index.lister import Lister
from etcdview.index.live import Index
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from tests.integration.indexing import KEYSPACE, all_names, assert_true, indexed, settled, wait_for, writing

Etcdctl = Callable[..., str]

UNRECOGNISED = [b"no/leading/slash", b"/registry//pods", b"/registry/pods/shop/\xff\xfe", b"\x00\x01"]
ODD = [*UNRECOGNISED, b"/registry/pods/shop/a\nb"]


def url_of(etcd: LocalCluster) -> str:
    return etcd.endpoints[0]


def pods(count: int, namespace: str = "shop") -> list[bytes]:
    return [f"/registry/pods/{namespace}/web-{n:04d}".encode() for n in range(count)]


def fill(etcd: LocalCluster, keys: list[bytes]) -> None:
    with writing(url_of(etcd)) as writer:
        for at in range(0, len(keys), 100):
            writer.put(*keys[at : at + 100])


def test_the_index_holds_every_name_even_the_odd_ones(plain_etcd: LocalCluster) -> None:
    fill(plain_etcd, [*pods(250), b"/registry/example.org/backups/shop/nightly", b"/registry/minions/n1", *ODD])
    with indexed(url_of(plain_etcd)) as index:
        assert_true(index, url_of(plain_etcd))
        assert set(index.unrecognised().keys) == set(UNRECOGNISED)
        assert index.search("web-0042", "contains").keys == (b"/registry/pods/shop/web-0042",)


def test_an_empty_etcd_is_indexed_too(plain_etcd: LocalCluster) -> None:
    with indexed(url_of(plain_etcd)) as index:
        assert_true(index, url_of(plain_etcd))
        assert index.tree().count == 0


def test_over_mutual_tls_and_three_members(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/registry/pods/shop/a", "1")
    with indexed(*cluster.endpoints, tls=cluster.tls) as index:
        etcdctl("put", "/registry/pods/shop/b", "1")
        assert_true(index, cluster.endpoints[0], cluster.tls)


def test_what_is_written_later_shows_at_once(plain_etcd: LocalCluster) -> None:
    fill(plain_etcd, pods(10))
    with indexed(url_of(plain_etcd)) as index, writing(url_of(plain_etcd)) as writer:
        settled(index, 0)
        writer.put(b"/registry/secrets/shop/new", b"/registry/pods/shop/web-0003")
        revision = writer.delete(b"/registry/pods/shop/web-0001")
        settled(index, revision)
        assert b"/registry/secrets/shop/new" in all_names(index)
        counts = {row.resource.id: dict(row.namespaces) for row in index.tree().types}
        assert counts == {"pods": {"shop": 9}, "secrets": {"shop": 1}}
        assert_true(index, url_of(plain_etcd))


def test_the_revision_is_confirmed_while_nothing_happens(plain_etcd: LocalCluster) -> None:
    with indexed(url_of(plain_etcd)) as index:
        settled(index, 0)
        time.sleep(3.5)
        fresh = index.freshness()
        assert (fresh.state, fresh.complete) == ("live", True)
        assert fresh.age_seconds < 3.0


def test_pages_learn_of_changes_through_the_one_watch(plain_etcd: LocalCluster) -> None:
    with indexed(url_of(plain_etcd)) as index, writing(url_of(plain_etcd)) as writer:
        shown = settled(index, writer.put(b"/registry/pods/shop/a")).revision
        waiting = threading.Timer(0.3, lambda: writer.put(b"/registry/pods/shop/a", value=b"new"))
        waiting.start()
        wait_for(lambda: bool(index.changes.since(shown, b"/registry/pods/").changes))
        found = index.changes.since(shown, b"/registry/pods/")
        assert [(c.key, c.created, c.deleted) for c in found.changes] == [(b"/registry/pods/shop/a", False, False)]
        value = index.changes.value(b"/registry/pods/shop/a", found.revision)
        assert value is not None
        assert value.value == b"new"
        waiting.join()


def test_what_churns_is_counted_by_type(plain_etcd: LocalCluster) -> None:
    with indexed(url_of(plain_etcd)) as index, writing(url_of(plain_etcd)) as writer:
        settled(index, 0)
        for _ in range(3):
            writer.put(b"/registry/leases/kube-system/scheduler")
        writer.put(b"/elsewhere")
        settled(index, writer.put(b"/registry/pods/shop/a"))
        wait_for(lambda: len(index.churn()) == 3, index.churn)
        assert [(row.prefix, row.total) for row in index.churn()] == [("leases", 3), ("Other keys", 1), ("pods", 1)]


def test_while_it_loads_pages_are_answered_from_etcd(plain_etcd: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(plain_etcd, pods(300))
    hold = threading.Event()
    monkeypatch.setattr(EtcdStore, "list_names", _held(EtcdStore.list_names, hold))
    monkeypatch.setattr("etcdview.index.load.Lister", partial(Lister, piece_names=100))
    with indexed(url_of(plain_etcd)) as index:
        wait_for(lambda: index.freshness().total == 300, index.freshness)
        fresh = index.freshness()
        assert (fresh.state, fresh.complete, fresh.done) == ("loading", False, 100)
        tree = index.tree()
        assert [(row.resource.id, row.count) for row in tree.types] == [("pods", 300)]
        assert not tree.complete
        page = index.search("/registry/pods/shop/web-02", "prefix", limit=50)
        assert (len(page.keys), page.count, page.complete) == (50, 100, False)
        assert index.page(b"/registry/secrets/", b"/registry/secrets0").count == 0
        hold.set()
        assert_true(index, url_of(plain_etcd))


def test_names_that_etcd_cannot_count_in_time_are_loaded_without_a_percentage(
    plain_etcd: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(plain_etcd, pods(700))
    listed, hold = EtcdStore.list_names, threading.Event()

    def crowded(store: EtcdStore, request: Range, timeout_seconds: float) -> object:
        if (request.start, request.end) == (b"/registry/pods/", b"/registry/pods0"):
            raise SlowError("busy")
        found = listed(store, request, timeout_seconds)
        if request.start > b"/registry/pods/" and found.names and not found.more:
            assert hold.wait(20)
        return found

    monkeypatch.setattr(EtcdStore, "list_names", crowded)
    with indexed(url_of(plain_etcd)) as index:
        wait_for(lambda: index.freshness().done, index.freshness)
        fresh = index.freshness()
        assert (fresh.state, fresh.complete, fresh.total) == ("loading", False, 0)
        assert 0 < fresh.done < 700
        hold.set()
        assert_true(index, url_of(plain_etcd))
        assert [(row.resource.id, row.count) for row in index.tree().types] == [("pods", 700)]


def _held(list_names: Callable[..., object], hold: threading.Event) -> Callable[..., object]:
    """As list_names, but what a load reads behind the first piece of a type waits."""

    def held(store: EtcdStore, request: Range, timeout_seconds: float) -> object:
        if (
            request.start.startswith(b"/registry/pods/")
            and request.start != b"/registry/pods/"
            and threading.current_thread().name.startswith("etcdview-index-read")
        ):
            assert hold.wait(20)
        return list_names(store, request, timeout_seconds)

    return held


def test_past_its_memory_limit_it_falls_back_to_bounded_reads(plain_etcd: LocalCluster) -> None:
    fill(plain_etcd, pods(500))
    with indexed(url_of(plain_etcd), memory_limit_bytes=2_000) as index, writing(url_of(plain_etcd)) as writer:
        wait_for(lambda: index.freshness().state == "bounded", index.freshness)
        assert "limit" in index.freshness().problem
        shown = index.changes.revision
        assert [(row.resource.id, row.count) for row in index.tree().types] == [("pods", 500)]
        assert index.search("web-0042", "contains").keys == (b"/registry/pods/shop/web-0042",)
        page = index.page(b"/registry/pods/shop/", b"/registry/pods/shop0", limit=10)
        assert (len(page.keys), page.count) == (10, 500)
        writer.put(b"/registry/pods/shop/late")
        wait_for(lambda: bool(index.changes.since(shown).changes))
        assert [c.key for c in index.changes.since(shown).changes] == [b"/registry/pods/shop/late"]
        assert index.freshness().state == "bounded"


def test_growing_past_the_limit_it_falls_back_too(plain_etcd: LocalCluster) -> None:
    with indexed(url_of(plain_etcd), memory_limit_bytes=4_000) as index:
        settled(index, 0)
        fill(plain_etcd, pods(1_000))
        wait_for(lambda: index.freshness().state == "bounded", index.freshness)
        assert index.tree().count == 1_000


def test_only_the_given_prefixes_are_read(plain_etcd: LocalCluster) -> None:
    fill(plain_etcd, [*pods(5), b"/registry/secrets/shop/a", b"/registry/leases/shop/a"])
    prefixes = (b"/registry/pods/", b"/registry/secrets/")
    with indexed(url_of(plain_etcd), prefixes=prefixes) as index, writing(url_of(plain_etcd)) as writer:
        settled(index, 0)
        assert {row.resource.id for row in index.tree().types} == {"pods", "secrets"}
        last = writer.put(b"/registry/leases/shop/b", b"/registry/secrets/shop/b")
        settled(index, last)
        assert len(all_names(index)) == 7


def test_a_restricted_user_sees_what_is_permitted_and_what_is_not(
    plain_etcd: LocalCluster, plain_etcdctl: Etcdctl
) -> None:
    fill(plain_etcd, [*pods(5), b"/registry/secrets/shop/a", b"/other"])
    for command in (
        ("user", "add", "root:root"),
        ("role", "add", "pods"),
        ("role", "grant-permission", "pods", "read", "/registry/pods/", "--prefix=true"),
        ("user", "add", "viewer:v"),
        ("user", "grant-role", "viewer", "pods"),
        ("user", "grant-role", "root", "root"),
        ("auth", "enable"),
    ):
        plain_etcdctl(*command)
    try:
        _look_as_viewer(url_of(plain_etcd))
    finally:
        plain_etcdctl("--user=root:root", "auth", "disable")
        for command in (("user", "delete", "root"), ("user", "delete", "viewer"), ("role", "delete", "pods")):
            plain_etcdctl(*command)


def _look_as_viewer(url: str) -> None:
    prefixes = (b"/registry/pods/", b"/registry/secrets/")
    with indexed(url, user="viewer", password="v", prefixes=prefixes) as index:
        wait_for(lambda: bool(index.tree().denied) and index.freshness().complete, index.freshness)
        tree = index.tree()
        assert tree.denied == ("/registry/secrets/",)
        assert [(row.resource.id, row.count) for row in tree.types] == [("pods", 5)]
        assert "permit" in index.freshness().problem
        with pytest.raises(DeniedError, match="does not permit reading /registry/secrets/"):
            index.page(b"/registry/secrets/", b"/registry/secrets0")
        with pytest.raises(DeniedError, match="outside the prefixes"):
            index.page(b"/registry/leases/", b"/registry/leases0")
        page = index.page(b"/registry/", b"/registry0")
        assert (len(page.keys), page.complete) == (5, False)
    with indexed(url, user="viewer", password="v") as index:  # without prefixes: what the user's roles permit
        wait_for(lambda: index.freshness().complete, index.freshness)
        assert index.freshness().limited == "only keys below /registry/pods/"
        assert len(index.page(b"/registry/pods/", b"/registry/pods0").keys) == 5
        with pytest.raises(DeniedError):
            index.page(b"/registry/secrets/", b"/registry/secrets0")


def test_the_factory_chooses_by_the_store(plain_etcd: LocalCluster) -> None:
    store = EtcdStore([url_of(plain_etcd)], TlsFiles())
    names = names_for(store, KEYSPACE)
    assert isinstance(names, Index)
    wait_for(lambda: names.freshness().complete, names.freshness)
    names.close()
    store.close()


def test_closing_ends_all_threads(plain_etcd: LocalCluster) -> None:
    before = set(threading.enumerate())
    with indexed(url_of(plain_etcd)) as index:
        settled(index, 0)
        assert any(t.name.startswith("etcdview-index") for t in set(threading.enumerate()) - before)
        began = time.monotonic()
        index.close()
        assert time.monotonic() - began < 1.5
    wait_for(lambda: not [t for t in set(threading.enumerate()) - before if t.name.startswith("etcdview-index")])


def test_an_etcd_that_cannot_be_reached_is_said_to_be_so(plain_etcd: LocalCluster) -> None:
    with indexed("http://127.0.0.1:1") as index:
        wait_for(lambda: index.freshness().state == "down", index.freshness)
        assert index.freshness().problem
        assert (index.tree().types, index.freshness().complete) == ((), False)
