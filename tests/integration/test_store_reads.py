"""Reads of a real etcd: ranges, many keys at one revision, revisions that are gone or yet to come, large answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.errors import CompactedError, QueryError
from etcdview.models import Range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.protocols import MemberProbe, NameLister, Store, Watchable, prefix_end

Etcdctl = Callable[..., str]


@pytest.fixture
def store(cluster: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(cluster.endpoints, cluster.tls)
    yield opened
    opened.close()


def fill(etcdctl: Etcdctl, keys: list[str], value: str = "v") -> None:
    """Put keys, 100 a transaction."""
    for first in range(0, len(keys), 100):
        puts = "\n".join(f'put "{key}" "{value}"' for key in keys[first : first + 100])
        etcdctl("txn", stdin=f"\n{puts}\n\n\n".encode())


def test_it_keeps_the_protocols_of_a_store(store: EtcdStore, cluster: LocalCluster) -> None:
    kept: Store = store
    probe: MemberProbe = store.probe(cluster.endpoints[0])

    assert kept.live
    assert isinstance(store, Watchable)
    assert isinstance(store, NameLister)
    assert probe.endpoint == cluster.endpoints[0]
    probe.close()


def test_a_range_is_half_open_and_in_byte_order(store: EtcdStore, etcdctl: Etcdctl) -> None:
    fill(etcdctl, ["/b", "/a", "/c", "/a/1"])

    result = store.range(Range(b"/a", b"/c"))

    assert [kv.key for kv in result.kvs] == [b"/a", b"/a/1", b"/b"]
    assert (result.count, result.more) == (3, False)
    assert result.kvs[0].value == b"v"
    assert result.kvs[0].version == 1


def test_a_limit_cuts_and_says_how_many_there_are(store: EtcdStore, etcdctl: Etcdctl) -> None:
    fill(etcdctl, [f"/k/{n:03}" for n in range(50)])

    result = store.range(Range(b"/k/", prefix_end(b"/k/"), limit=7, keys_only=True))

    assert len(result.kvs) == 7
    assert (result.count, result.more) == (50, True)
    assert not any(kv.value for kv in result.kvs)
    assert store.range(Range(b"/k/", prefix_end(b"/k/"), count_only=True)).count == 50


def test_the_whole_keyspace_is_read_from_an_empty_start(store: EtcdStore, etcdctl: Etcdctl) -> None:
    fill(etcdctl, ["a", "/b", "~"])

    assert [kv.key for kv in store.range(Range(b"", b"\0")).kvs] == [b"/b", b"a", b"~"]
    assert list(store.list_names(Range(b"", b"\0")).names) == [b"/b", b"a", b"~"]


def test_a_key_that_is_no_text_is_read(store: EtcdStore, plain_etcd: LocalCluster) -> None:
    odd = b"/x\xff\x00\xfe"
    assert store.range(Range(odd)).kvs == ()
    assert store.get_many([odd]) == {}


def test_an_older_revision_is_read_as_it_was(store: EtcdStore, etcdctl: Etcdctl) -> None:
    fill(etcdctl, ["/a"], "old")
    then = store.range(Range(b"/a")).revision
    fill(etcdctl, ["/a"], "new")

    old = store.range(Range(b"/a", revision=then))

    assert old.kvs[0].value == b"old"
    assert old.revision == then
    assert store.range(Range(b"/a", serializable=True)).kvs[0].value in (b"old", b"new")


def test_a_compacted_revision_is_gone(store: EtcdStore, etcdctl: Etcdctl) -> None:
    fill(etcdctl, ["/a"])
    then = store.range(Range(b"/a")).revision
    fill(etcdctl, ["/a"])
    etcdctl("compact", str(then + 1))

    with pytest.raises(CompactedError):
        store.range(Range(b"/a", revision=then))
    with pytest.raises(CompactedError):
        store.get_many([b"/a"], revision=then)


def test_a_future_revision_is_a_mistake_of_the_asker(store: EtcdStore) -> None:
    with pytest.raises(QueryError, match="does not exist yet"):
        store.range(Range(b"/a", revision=1 << 40))


def test_many_keys_come_as_of_one_revision(store: EtcdStore, etcdctl: Etcdctl) -> None:
    keys = [f"/many/{n:04}" for n in range(300)]
    fill(etcdctl, keys, "old")
    then = store.range(Range(b"/many/0000")).revision
    fill(etcdctl, keys, "new")

    now = store.get_many([key.encode() for key in keys] + [b"/none"])
    before = store.get_many([key.encode() for key in keys], revision=then)

    assert len(now) == len(before) == 300
    assert {kv.value for kv in now.values()} == {b"new"}
    assert {kv.value for kv in before.values()} == {b"old"}
    assert not any(kv.value for kv in store.get_many([b"/many/0001"], keys_only=True).values())


def test_of_many_keys_the_first_revision_holds_for_all(store: EtcdStore, etcdctl: Etcdctl) -> None:
    """Between two transactions of one get_many the keys change; what is read must not."""
    keys = [f"/many/{n:04}".encode() for n in range(200)]
    fill(etcdctl, [key.decode() for key in keys], "old")
    changed = False

    def one_by_one() -> Iterator[bytes]:
        nonlocal changed
        for n, key in enumerate(keys):
            if n == 150 and not changed:
                changed = True
                fill(etcdctl, [k.decode() for k in keys], "new")
            yield key

    found = store.get_many(one_by_one())  # type: ignore[arg-type]  # an iterable does; here it must be lazy

    assert changed
    assert {kv.value for kv in found.values()} == {b"old"}


def test_no_keys_at_all_ask_nothing(store: EtcdStore) -> None:
    assert store.get_many([]) == {}


def test_an_answer_of_many_megabytes_arrives_whole(store: EtcdStore, etcdctl: Etcdctl) -> None:
    value = "x" * 1_000_000
    for n in range(12):
        etcdctl("put", f"/large/{n:02}", stdin=value.encode())

    result = store.range(Range(b"/large/", prefix_end(b"/large/")))

    assert [kv.size_bytes for kv in result.kvs] == [1_000_000] * 12
    assert len(store.get_many([kv.key for kv in result.kvs])) == 12


def test_members_are_those_of_etcdctl(store: EtcdStore, cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    membership = store.members()

    listed = {row.split(", ")[2]: int(row.split(", ")[0], 16) for row in etcdctl("member", "list").splitlines()}
    assert {m.name: m.id for m in membership.members} == listed
    assert membership.cluster_id > 0
    assert {url for m in membership.members for url in m.client_urls} == set(cluster.endpoints)
    assert not any(m.learner for m in membership.members)


def test_a_probe_tells_each_member_apart(store: EtcdStore, cluster: LocalCluster) -> None:
    probes = [store.probe(endpoint) for endpoint in cluster.endpoints]

    statuses = [probe.status(2.0) for probe in probes]

    assert len({s.member_id for s in statuses}) == 3
    assert len({s.leader_id for s in statuses}) == 1
    assert all(s.raft_applied_index and s.db_size_in_use_bytes for s in statuses)
    assert all(s.db_size_bytes >= (s.db_size_in_use_bytes or 0) for s in statuses)
    assert [probe.read(2.0, serializable=False) for probe in probes] == [store.range(Range(b"/")).revision] * 3
    assert [probe.alarms(2.0) for probe in probes] == [(), (), ()]
    assert {probe.members(2.0).cluster_id for probe in probes} == {store.members().cluster_id}
    for probe in probes:
        probe.close()


def test_hashes_agree_at_one_revision(store: EtcdStore, cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    fill(etcdctl, ["/a"])
    revision = store.range(Range(b"/a")).revision
    probes = [store.probe(endpoint) for endpoint in cluster.endpoints]
    for probe in probes:
        probe.read(2.0, serializable=False)

    hashes = [probe.hash_kv(revision, 2.0) for probe in probes]

    assert len({(h.hash, h.revision, h.compact_revision) for h in hashes}) == 1
    assert len({h.member_id for h in hashes}) == 3
    for probe in probes:
        probe.close()


def test_a_closed_store_says_so(cluster: LocalCluster) -> None:
    from etcdview.errors import UnreachableError

    store = EtcdStore(cluster.endpoints, cluster.tls)
    store.close()

    with pytest.raises(UnreachableError, match="closed"):
        store.range(Range(b"/a"))
