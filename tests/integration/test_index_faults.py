"""Compaction, restores and partitions under the index: it notices, says so, and ends up equal to a fresh load."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etcdview.demo.cluster import LocalCluster, LocalMember
from etcdview.demo.programs import find_program
from etcdview.index.base import Freshness
from etcdview.index.live import Index
from tests.integration.conftest import run_etcdctl
from tests.integration.indexing import all_names, assert_true, indexed, settled, wait_for, writing
from tests.integration.proxy import Proxy

Etcdctl = Callable[..., str]
KEYS = [f"/registry/pods/shop/web-{n}".encode() for n in range(40)]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCluster]:
    """An etcd of the test's own, that may be taken apart."""
    with LocalCluster(tmp_path / "own", ("own",)) as running:
        yield running


@pytest.fixture
def proxy(plain_etcd: LocalCluster) -> Iterator[Proxy]:
    with Proxy(port_of(plain_etcd.members[0])) as running:
        yield running


def port_of(member: LocalMember) -> int:
    return int(member.client_url.rpartition(":")[2])


def problems(index: Index, until: Callable[[Freshness], bool]) -> list[str]:
    """What the index says is wrong, until it is as it should be."""
    said: list[str] = []

    def look() -> bool:
        fresh = index.freshness()
        if fresh.problem and fresh.problem not in said:
            said.append(fresh.problem)
        return until(fresh)

    wait_for(look, lambda: said)
    return said


def live(revision: int) -> Callable[[Freshness], bool]:
    return lambda fresh: fresh.state == "live" and fresh.complete and fresh.revision >= revision


def test_what_was_compacted_while_it_was_cut_off_is_loaded_again(plain_etcd: LocalCluster, proxy: Proxy) -> None:
    url = plain_etcd.endpoints[0]
    with writing(url) as writer, indexed(proxy.url) as index:
        settled(index, writer.put(*KEYS))
        proxy.cut(refuse=True)
        writer.delete(KEYS[3])
        revision = writer.put(b"/registry/secrets/shop/new")
        writer.compact(revision)
        proxy.heal()
        assert any("compacted" in said for said in problems(index, live(revision)))
        assert index.changes.since(revision - 2).lost
        assert_true(index, url)


def test_a_compaction_of_what_it_has_seen_disturbs_nothing(plain_etcd: LocalCluster) -> None:
    url = plain_etcd.endpoints[0]
    with writing(url) as writer, indexed(url) as index:
        settled(index, writer.put(*KEYS))
        revision = writer.put(KEYS[0])
        settled(index, revision)
        writer.compact(revision)
        writer.delete(KEYS[1])
        assert_true(index, url)
        assert not index.changes.since(revision).lost


def test_while_it_is_cut_off_it_shows_the_last_known_names_and_how_old_they_are(
    plain_etcd: LocalCluster, proxy: Proxy
) -> None:
    url = plain_etcd.endpoints[0]
    with writing(url) as writer, indexed(proxy.url) as index:
        known = settled(index, writer.put(*KEYS)).revision
        proxy.cut(refuse=True)
        writer.delete(KEYS[0])
        wait_for(lambda: index.freshness().state == "down", index.freshness)
        time.sleep(1.0)
        fresh = index.freshness()
        assert (fresh.revision, fresh.complete) == (known, True)
        assert fresh.age_seconds >= 1.0
        assert fresh.problem
        assert all_names(index) == sorted(KEYS)
        proxy.heal()
        assert_true(index, url)
        assert not index.changes.since(known).lost


def test_a_network_that_swallows_everything_is_noticed(plain_etcd: LocalCluster, proxy: Proxy) -> None:
    url = plain_etcd.endpoints[0]
    with writing(url) as writer, indexed(proxy.url) as index:
        settled(index, writer.put(*KEYS))
        proxy.stall()
        writer.delete(KEYS[0])
        assert problems(index, lambda fresh: fresh.state in ("behind", "down"))
        proxy.heal()
        assert_true(index, url)


def test_a_member_that_hangs_is_noticed_and_the_watch_goes_on_at_another(
    cluster: LocalCluster, etcdctl: Etcdctl
) -> None:
    for key in KEYS[:5]:
        etcdctl("put", key.decode(), "x")
    with indexed(*cluster.endpoints, tls=cluster.tls) as index:
        assert_true(index, cluster.endpoints[0], cluster.tls)
        cluster.members[0].pause()
        with writing(cluster.endpoints[1], cluster.tls) as writer:
            writer.put(b"/registry/pods/shop/late")
        wait_for(lambda: b"/registry/pods/shop/late" in all_names(index), index.freshness)
        assert_true(index, cluster.endpoints[1], cluster.tls)


def test_a_member_without_quorum_does_not_pass_for_fresh(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    etcdctl("put", KEYS[0].decode(), "x")
    with indexed(cluster.endpoints[0], tls=cluster.tls) as index:
        assert_true(index, cluster.endpoints[0], cluster.tls)
        cluster.members[1].kill()
        cluster.members[2].kill()
        wait_for(lambda: index.freshness().state == "down", index.freshness)
        assert index.freshness().complete
        cluster.heal()
        assert_true(index, cluster.endpoints[0], cluster.tls)


def test_each_member_may_go_in_turn(cluster: LocalCluster) -> None:
    with indexed(*cluster.endpoints, tls=cluster.tls) as index:
        for n, member in enumerate(cluster.members):
            member.kill()
            with writing(cluster.endpoints[(n + 1) % 3], cluster.tls) as writer:
                writer.put(b"/registry/pods/shop/during-%d" % n)
            cluster.heal()
            assert_true(index, cluster.endpoints[0], cluster.tls)


def test_members_that_come_and_go_change_nothing(cluster: LocalCluster, etcdctl: Callable[..., str]) -> None:
    """A learner is added and taken away while the index watches; the member that is watched loses the leadership."""
    with indexed(*cluster.endpoints, tls=cluster.tls) as index, writing(cluster.endpoints[0], cluster.tls) as writer:
        writer.put(*KEYS)
        peer = f"{cluster.members[0].peer_url.rpartition(':')[0]}:1"
        added: list[str] = []

        def is_added() -> bool:
            """etcd takes no member until all have been connected for five seconds."""
            with contextlib.suppress(AssertionError):
                added.append(etcdctl("member", "add", "cp4", "--learner", f"--peer-urls={peer}"))
            return bool(added)

        wait_for(is_added)
        writer.put(b"/registry/pods/shop/while-it-joins")
        assert_true(index, cluster.endpoints[0], cluster.tls)
        etcdctl("member", "remove", added[0].split()[1])
        cluster.members[0].kill()
        with writing(cluster.endpoints[1], cluster.tls) as other:
            other.put(b"/registry/pods/shop/after-it-left")
        wait_for(lambda: b"/registry/pods/shop/after-it-left" in all_names(index), index.freshness)
        cluster.heal()
        assert_true(index, cluster.endpoints[0], cluster.tls)


def restore(etcd: LocalCluster, snapshot: Path) -> None:
    """Stop the member, and start it with what the snapshot holds, as an operator would: same name, same URLs."""
    member = etcd.members[0]
    member.kill()
    shutil.rmtree(member.data)
    command = [
        *(str(find_program("etcdutl")), "snapshot", "restore", str(snapshot), "--data-dir", str(member.data)),
        *("--name", member.name, "--initial-cluster", f"{member.name}={member.peer_url}"),
        *("--initial-advertise-peer-urls", member.peer_url),
    ]
    subprocess.run(command, check=True, capture_output=True)
    etcd.start(member)
    etcd.wait_ready()


def test_a_restored_cluster_whose_revision_went_back_is_loaded_again(own: LocalCluster, tmp_path: Path) -> None:
    url, snapshot = own.endpoints[0], tmp_path / "snapshot.db"
    with writing(url) as writer, indexed(url) as index:
        writer.put(*KEYS)
        run_etcdctl(own, "snapshot", "save", str(snapshot))
        for key in KEYS[:20]:
            last = writer.delete(key)
        settled(index, last)
        restore(own, snapshot)
        assert any("restore" in said for said in problems(index, live(1)))
        assert all_names(index) == sorted(KEYS)
        assert_true(index, url)
        assert index.changes.since(last).lost


def test_a_restored_cluster_that_has_overtaken_the_index_is_loaded_again(own: LocalCluster, tmp_path: Path) -> None:
    """The cluster ID is the same and the revision is ahead: only the events themselves tell."""
    url, snapshot = own.endpoints[0], tmp_path / "snapshot.db"
    with Proxy(port_of(own.members[0])) as proxy, indexed(proxy.url) as index:
        with writing(url) as writer:
            writer.put(*KEYS)
            run_etcdctl(own, "snapshot", "save", str(snapshot))
            known = settled(index, writer.delete(KEYS[0])).revision
        proxy.cut(refuse=True)
        restore(own, snapshot)
        with writing(url) as writer:
            for _ in range(5):
                ahead = writer.put(b"/registry/pods/shop/other")
            assert ahead > known
            proxy.heal()
            assert problems(index, live(ahead))
            assert KEYS[0] in all_names(index)
            assert_true(index, url)


def test_another_cluster_behind_the_same_address_is_loaded_anew(plain_etcd: LocalCluster, own: LocalCluster) -> None:
    with writing(own.endpoints[0]) as other:
        for _ in range(20):
            ahead = other.put(b"/registry/pods/elsewhere/a")
        with Proxy(port_of(plain_etcd.members[0])) as proxy, indexed(proxy.url) as index:
            with writing(plain_etcd.endpoints[0]) as writer:
                settled(index, writer.put(*KEYS))
            proxy.cut(refuse=True)
            proxy.retarget(port_of(own.members[0]))
            proxy.heal()
            assert problems(index, lambda fresh: all_names(index) == [b"/registry/pods/elsewhere/a"])
            settled(index, ahead)
            assert_true(index, own.endpoints[0])


def test_a_slow_watch_catches_up_after_many_writes(plain_etcd: LocalCluster, proxy: Proxy) -> None:
    url = plain_etcd.endpoints[0]
    with writing(url) as writer, indexed(proxy.url) as index:
        settled(index, writer.put(*KEYS))
        proxy.stall()
        for n in range(300):
            writer.put(*(f"/registry/events/shop/{n}-{m}".encode() for m in range(20)), value=b"x" * 1000)
        proxy.heal()
        assert_true(index, url)
        assert index.tree().count == len(KEYS) + 6_000
