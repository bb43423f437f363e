"""Changes to a real etcd: each compares what was seen with what is there, in the transaction that writes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.errors import ConflictError, QueryError, UnknownOutcomeError, UnreachableError
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.protocols import Writable

Etcdctl = Callable[..., str]


@pytest.fixture
def store(cluster: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(cluster.endpoints, cluster.tls, timeout_seconds=3.0)
    yield opened
    opened.close()


def revision_of(store: EtcdStore, key: bytes) -> int:
    return store.range(Range(key)).kvs[0].mod_revision


def test_a_live_store_can_be_written_to(store: EtcdStore) -> None:
    assert isinstance(store, Writable)


def test_a_key_is_created_where_there_is_none(store: EtcdStore, etcdctl: Etcdctl) -> None:
    revision = store.put(b"/a\xff", b"\x00one", mod_revision=0)

    (kv,) = store.range(Range(b"/a\xff")).kvs
    assert (kv.value, kv.mod_revision, kv.create_revision, kv.version) == (b"\x00one", revision, revision, 1)


def test_a_key_that_is_there_is_not_created_again(store: EtcdStore, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/a", "theirs")

    with pytest.raises(ConflictError, match="Key /a already exists"):
        store.put(b"/a", b"ours", mod_revision=0)

    assert store.range(Range(b"/a")).kvs[0].value == b"theirs"


def test_a_key_that_is_as_it_was_seen_is_updated(store: EtcdStore, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/a", "old")

    revision = store.put(b"/a", b"new", mod_revision=revision_of(store, b"/a"))

    (kv,) = store.range(Range(b"/a")).kvs
    assert (kv.value, kv.mod_revision, kv.version) == (b"new", revision, 2)


def test_a_key_that_has_changed_is_left_alone(store: EtcdStore, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/a", "old")
    seen = revision_of(store, b"/a")
    etcdctl("put", "/a", "theirs")

    with pytest.raises(ConflictError, match=f"/a has changed: it is at revision {seen + 1} now") as caught:
        store.put(b"/a", b"ours", mod_revision=seen)
    with pytest.raises(ConflictError):
        store.delete(b"/a", mod_revision=seen)

    assert store.range(Range(b"/a")).kvs[0].value == b"theirs"
    assert caught.value.status == 409


def test_a_key_that_is_gone_is_neither_updated_nor_deleted(store: EtcdStore, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/a", "old")
    seen = revision_of(store, b"/a")
    etcdctl("del", "/a")

    with pytest.raises(ConflictError, match="/a was deleted"):
        store.put(b"/a", b"ours", mod_revision=seen)
    with pytest.raises(ConflictError, match="/a was deleted"):
        store.delete(b"/a", mod_revision=seen)

    assert store.range(Range(b"/a")).kvs == ()


def test_a_key_is_deleted(store: EtcdStore, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/a", "old")
    etcdctl("put", "/a/b", "stays")

    store.delete(b"/a", mod_revision=revision_of(store, b"/a"))

    assert [kv.key for kv in store.range(Range(b"", b"\0")).kvs] == [b"/a/b"]


def test_an_update_keeps_the_key_on_its_lease(store: EtcdStore, etcdctl: Etcdctl) -> None:
    lease = etcdctl("lease", "grant", "600").split()[1]
    etcdctl("put", f"--lease={lease}", "/a", "old")
    (kv,) = store.range(Range(b"/a")).kvs

    store.put(b"/a", b"new", mod_revision=kv.mod_revision, lease=kv.lease)

    assert store.range(Range(b"/a")).kvs[0].lease == int(lease, 16)
    etcdctl("lease", "revoke", lease)
    assert store.range(Range(b"/a")).kvs == ()


def test_many_keys_are_deleted_together_or_not_at_all(store: EtcdStore, etcdctl: Etcdctl) -> None:
    for n in range(128):
        store.put(b"/k/%03d" % n, b"v", mod_revision=0)
    seen = {kv.key: kv.mod_revision for kv in store.range(Range(b"/k/", b"/k0")).kvs}
    etcdctl("put", "/k/001", "theirs")

    with pytest.raises(ConflictError, match=r"1 of these 128 keys .* /k/001 .* no key was deleted"):
        store.delete_many(seen)
    assert store.range(Range(b"/k/", b"/k0", count_only=True)).count == 128

    store.delete_many(seen | {b"/k/001": revision_of(store, b"/k/001")})
    assert store.range(Range(b"/k/", b"/k0", count_only=True)).count == 0


@pytest.mark.parametrize("count", [0, 129])
def test_more_keys_than_a_transaction_takes_are_refused(store: EtcdStore, count: int) -> None:
    with pytest.raises(QueryError, match="1 to 128 keys"):
        store.delete_many({b"/%d" % n: 1 for n in range(count)})


def test_a_value_that_is_too_large_is_refused(store: EtcdStore) -> None:
    with pytest.raises(QueryError, match="request is too large"):
        store.put(b"/a", b"x" * 1_600_000, mod_revision=0)


def test_a_change_goes_on_while_one_member_hangs_and_one_is_dead_no_more(
    store: EtcdStore, cluster: LocalCluster
) -> None:
    store.put(b"/a", b"1", mod_revision=0)
    cluster.members[0].pause()

    revision = store.put(b"/a", b"2", mod_revision=revision_of(store, b"/a"))
    assert store.range(Range(b"/a")).kvs[0].mod_revision == revision

    cluster.members[1].kill()
    with pytest.raises(UnreachableError) as caught:
        store.put(b"/a", b"3", mod_revision=revision)
    assert not isinstance(caught.value, UnknownOutcomeError), "nothing was sent: it is known that nothing was done"


def test_a_change_that_nobody_answers_is_sent_once_and_says_that_its_outcome_is_not_known(
    plain_etcd: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The member freezes between the read that proves it alive and the transaction."""
    (member,) = plain_etcd.members
    store = EtcdStore(plain_etcd.endpoints, plain_etcd.tls, timeout_seconds=2.0)
    seen = store.put(b"/a", b"1", mod_revision=0)
    run = store._failover.run

    def run_and_freeze(*arguments: object) -> object:
        answer = run(*arguments)  # type: ignore[arg-type]
        member.pause()
        return answer

    monkeypatch.setattr(store._failover, "run", run_and_freeze)
    with pytest.raises(UnknownOutcomeError, match="The outcome of Txn is unknown"):
        store.put(b"/a", b"2", mod_revision=seen)
    monkeypatch.undo()
    member.resume()
    plain_etcd.wait_ready()

    (kv,) = store.range(Range(b"/a")).kvs
    assert kv.version <= 2
    store.close()


def test_nothing_listening_means_nothing_done() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        store = EtcdStore([f"http://127.0.0.1:{taken.getsockname()[1]}"], TlsFiles(), timeout_seconds=1.0)
        with pytest.raises(UnreachableError) as caught:
            store.put(b"/a", b"1", mod_revision=0)
        store.close()

    assert not isinstance(caught.value, UnknownOutcomeError)
