"""Several endpoints: any can die or hang, and the next answers within the deadline."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.errors import DeadlineError, NoQuorumError, UnreachableError
from etcdview.models import Range
from etcdview.stores.deadline import waiting
from etcdview.stores.etcd.client import EtcdStore

Etcdctl = Callable[..., str]
DEADLINE_SECONDS = 5.0


@pytest.fixture
def store(cluster: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(cluster.endpoints, cluster.tls, timeout_seconds=DEADLINE_SECONDS)
    yield opened
    opened.close()


def read(store: EtcdStore) -> float:
    """A linearizable read; how long it took."""
    begun = time.monotonic()
    store.range(Range(b"/a"))
    return time.monotonic() - begun


@pytest.mark.parametrize("fault", ["pause", "kill"])
@pytest.mark.parametrize("dead", [0, 1, 2])
def test_any_member_may_die_or_hang(store: EtcdStore, cluster: LocalCluster, fault: str, dead: int) -> None:
    read(store)

    getattr(cluster.members[dead], fault)()

    assert all(read(store) < DEADLINE_SECONDS for _ in range(5))


def test_a_store_made_while_the_first_member_hangs_answers(cluster: LocalCluster) -> None:
    cluster.members[0].pause()
    store = EtcdStore(cluster.endpoints, cluster.tls, timeout_seconds=DEADLINE_SECONDS)

    assert read(store) < DEADLINE_SECONDS
    store.close()


def test_a_hanging_member_costs_one_request_not_every_one(store: EtcdStore, cluster: LocalCluster) -> None:
    read(store)
    cluster.members[0].pause()
    read(store)

    # far more requests than the deadline has room for, were each to wait for the member that hangs
    begun = time.monotonic()
    for _ in range(100):
        store.range(Range(b"/a"))

    assert time.monotonic() - begun < 2 * DEADLINE_SECONDS


def test_a_lost_quorum_is_told_as_such_and_the_living_member_still_reads_its_own(
    store: EtcdStore, cluster: LocalCluster
) -> None:
    read(store)
    for member in cluster.members[1:]:
        member.pause()

    with pytest.raises(NoQuorumError, match=r"no leader|agree in time"):
        _until_reported(store)

    assert store.range(Range(b"/a", serializable=True)).revision > 0


@pytest.mark.parametrize("request_seconds", [60.0, 3.5], ids=["patient", "hurried"])
def test_a_lost_quorum_is_told_by_a_member_that_stood_still_for_a_moment(
    store: EtcdStore, cluster: LocalCluster, request_seconds: float
) -> None:
    read(store)
    for member in cluster.members[1:]:
        member.kill()
    cluster.members[0].pause()
    later = threading.Timer(0.9, cluster.members[0].resume)  # by then it is taken for one that hangs
    later.start()

    with waiting(request_seconds), pytest.raises(NoQuorumError):
        read(store)
    later.join()


def test_it_recovers_by_itself_when_the_members_come_back(store: EtcdStore, cluster: LocalCluster) -> None:
    for member in cluster.members[1:]:
        member.pause()
    with pytest.raises(UnreachableError):
        _until_error(store)

    cluster.heal()

    _until_answer(store)


def test_when_all_hang_one_caller_waits_and_the_others_are_told_at_once(
    store: EtcdStore, cluster: LocalCluster
) -> None:
    read(store)
    for member in cluster.members:
        member.pause()
    with pytest.raises(DeadlineError):
        store.range(Range(b"/a"))

    errors: list[UnreachableError] = []

    def ask() -> None:
        try:
            store.range(Range(b"/a"))
        except UnreachableError as error:
            errors.append(error)

    begun = time.monotonic()
    for _ in range(20):
        ask()

    # twenty deadlines one after the other would be a hundred seconds
    assert time.monotonic() - begun < 3 * DEADLINE_SECONDS
    assert len(errors) == 20


def test_it_starts_while_etcd_is_down_and_reads_when_it_is_up(cluster: LocalCluster) -> None:
    for member in cluster.members:
        member.kill()
    store = EtcdStore(cluster.endpoints, cluster.tls, timeout_seconds=2.0)
    with pytest.raises(UnreachableError):
        store.range(Range(b"/a"))

    cluster.heal()

    _until_answer(store)
    store.close()


def test_a_large_answer_is_not_taken_for_a_member_that_hangs(
    store: EtcdStore, cluster: LocalCluster, etcdctl: Etcdctl
) -> None:
    """Reads from several threads at once, each of some megabytes: all whole."""
    for n in range(8):
        etcdctl("put", f"/large/{n}", stdin=b"x" * 1_000_000)
    counts: list[int] = []

    def load() -> None:
        counts.append(len(store.range(Range(b"/large/", b"/large0")).kvs))

    threads = [threading.Thread(target=load, name=f"load-{n}") for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == [8] * 6


def test_closing_the_store_ends_the_calls_that_wait(cluster: LocalCluster) -> None:
    store = EtcdStore(cluster.endpoints, cluster.tls, timeout_seconds=60.0)
    read(store)
    for member in cluster.members:
        member.pause()
    errors: list[UnreachableError] = []

    def ask() -> None:
        try:
            store.range(Range(b"/a"))
        except UnreachableError as error:
            errors.append(error)

    waiting = threading.Thread(target=ask, name="test-waiting")
    waiting.start()
    time.sleep(0.2)
    store.close()
    waiting.join(timeout=10)

    assert not waiting.is_alive()
    assert "closed" in errors[0].what


def test_a_probe_of_a_hanging_member_ends_by_its_own_deadline(store: EtcdStore, cluster: LocalCluster) -> None:
    cluster.members[0].pause()
    hanging, living = (store.probe(member.client_url) for member in cluster.members[:2])

    with pytest.raises(DeadlineError):
        hanging.status(0.5)

    assert living.status(2.0).version
    hanging.close()
    living.close()


def _until_error(store: EtcdStore) -> None:
    """Read until it fails; followers know of a lost leader only after its election timeout."""
    for _ in range(20):
        store.range(Range(b"/a"))


def _until_reported(store: EtcdStore) -> None:
    """Read until the error is more than silence: before its election timeout the follower waits for the old leader."""
    for _ in range(20):
        with contextlib.suppress(DeadlineError):
            store.range(Range(b"/a"))


def _until_answer(store: EtcdStore) -> None:
    begun = time.monotonic()
    while True:
        try:
            store.range(Range(b"/a"))
        except UnreachableError:
            assert time.monotonic() - begun < 10
            time.sleep(0.1)
        else:
            return
