"""Watches of a real etcd: every change in order, ended at once from outside, and never silent about a dead member."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.errors import CompactedError, EtcdviewError, UnreachableError
from etcdview.models import Event, Range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.etcd.watch import EtcdWatch

Etcdctl = Callable[..., str]


@pytest.fixture
def store(cluster: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(cluster.endpoints, cluster.tls)
    yield opened
    opened.close()


class Follower:
    """A watch iterated in a thread of its own, as the index does."""

    def __init__(self, watch: EtcdWatch) -> None:
        self.watch = watch
        self.events: list[Event] = []
        self.revision = 0
        self.error: EtcdviewError | None = None
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._follow, name="test-follower", daemon=True)
        self.thread.start()

    def _follow(self) -> None:
        try:
            for batch in self.watch:
                with self.changed:
                    self.events += batch.events
                    self.revision = batch.revision
                    self.changed.notify_all()
        except EtcdviewError as error:
            self.error = error

    def wait(self, done: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(done, timeout=10)

    def end(self) -> None:
        self.watch.cancel()
        self.thread.join(timeout=5)
        assert not self.thread.is_alive()


@pytest.fixture
def follow(store: EtcdStore) -> Iterator[Callable[[int], Follower]]:
    followers: list[Follower] = []

    def start(revision: int = 0) -> Follower:
        followers.append(Follower(store.watch(b"/w/", b"/w0", revision)))
        return followers[-1]

    yield start
    for follower in followers:
        follower.end()


def test_changes_arrive_in_order_puts_and_deletes(
    store: EtcdStore, etcdctl: Etcdctl, follow: Callable[..., Follower]
) -> None:
    start = store.range(Range(b"/w/")).revision + 1
    etcdctl("put", "/w/a", "1")
    follower = follow(start)
    etcdctl("put", "/w/a", "2")
    etcdctl("put", "/elsewhere", "x")
    etcdctl("del", "/w/a")

    follower.wait(lambda: len(follower.events) == 3)

    assert [(e.kv.key, e.kv.value, e.deleted) for e in follower.events] == [
        (b"/w/a", b"1", False),
        (b"/w/a", b"2", False),
        (b"/w/a", b"", True),
    ]
    assert follower.events[2].kv.mod_revision == follower.revision


def test_progress_can_be_asked_for(store: EtcdStore, etcdctl: Etcdctl, follow: Callable[..., Follower]) -> None:
    follower = follow()
    etcdctl("put", "/elsewhere", "x")
    revision = store.range(Range(b"/w/")).revision

    # etcd ignores the request while the watch is still catching up, so it is asked more than once
    for _ in range(50):
        follower.watch.request_progress()
        with follower.changed:
            if follower.changed.wait_for(lambda: follower.revision >= revision, timeout=0.2):
                break

    assert follower.revision >= revision
    assert follower.events == []


def test_cancelling_from_another_thread_ends_the_iteration(follow: Callable[..., Follower]) -> None:
    follower = follow()

    follower.watch.cancel()
    follower.thread.join(timeout=2)

    assert not follower.thread.is_alive()
    assert follower.error is None


def test_cancelling_twice_does_no_harm(store: EtcdStore) -> None:
    watch = store.watch(b"/w/", b"/w0", 0)
    watch.cancel()
    watch.cancel()
    assert list(watch) == []


def test_a_compacted_start_says_which_revision_is_the_oldest(store: EtcdStore, etcdctl: Etcdctl) -> None:
    for n in range(5):
        etcdctl("put", "/w/a", str(n))
    now = store.range(Range(b"/w/a")).revision
    etcdctl("compact", str(now))

    with pytest.raises(CompactedError) as caught:
        list(store.watch(b"/w/", b"/w0", now - 3))

    assert caught.value.oldest == now


def test_a_killed_member_ends_its_watch_and_another_takes_over(
    store: EtcdStore, cluster: LocalCluster, etcdctl: Etcdctl, follow: Callable[..., Follower]
) -> None:
    start = store.range(Range(b"/w/")).revision + 1
    follower = follow(start)
    used = follower.watch.endpoint
    next(m for m in cluster.members if m.client_url == used).kill()
    follower.thread.join(timeout=10)
    assert isinstance(follower.error, UnreachableError)

    again = follow(start)
    cluster.wait_ready(m for m in cluster.members if m.client_url != used)  # a put during an election may be lost
    etcdctl("put", "/w/a", "1")

    again.wait(lambda: len(again.events) == 1)
    assert again.watch.endpoint != used


def test_a_member_that_hangs_ends_its_watch(
    store: EtcdStore, cluster: LocalCluster, follow: Callable[..., Follower]
) -> None:
    follower = follow()
    next(m for m in cluster.members if m.client_url == follower.watch.endpoint).pause()

    follower.thread.join(timeout=15)

    assert not follower.thread.is_alive()
    assert isinstance(follower.error, UnreachableError)


def test_closing_the_store_ends_its_watches(cluster: LocalCluster) -> None:
    store = EtcdStore(cluster.endpoints, cluster.tls)
    follower = Follower(store.watch(b"/w/", b"/w0", 0))

    store.close()
    follower.thread.join(timeout=5)

    assert not follower.thread.is_alive()
