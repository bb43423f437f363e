"""A real cluster looked after: each operation does what it says, and is refused where it would hurt."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from etcdview.demo.cluster import LocalCluster, LocalMember
from etcdview.demo.processes import free_ports, start
from etcdview.demo.programs import find_program
from etcdview.errors import CompactedError, DeniedError, FileFormatError, UnreachableError, UnsafeError, UsageError
from etcdview.maintenance import operations, plans, snapshot_stream
from etcdview.maintenance.members import ClusterNow, MemberNow, look
from etcdview.models import Alarm, Progress, Range, SnapshotPiece
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.protocols import Maintainable
from tests.integration.indexing import wait_for

Etcdctl = Callable[..., str]
T = TypeVar("T")
NAMES = ("cp1", "cp2", "cp3")


@pytest.fixture
def store(cluster: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(cluster.endpoints, cluster.tls)
    yield opened
    opened.close()


@pytest.fixture
def plain_store(plain_etcd: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(plain_etcd.endpoints, plain_etcd.tls)
    yield opened
    opened.close()


@pytest.fixture
def own(member_folder: Path) -> Iterator[LocalCluster]:
    """A cluster of the test's own, whose membership it may change."""
    with LocalCluster(member_folder, NAMES) as running:
        yield running


def now(store: EtcdStore, name: str) -> MemberNow:
    return next(m for m in look(store).members if m.name == name)


def leader(store: EtcdStore) -> MemberNow:
    found = look(store).leader
    assert found is not None
    return found


def fill(store: EtcdStore, count: int, size_bytes: int) -> None:
    for n in range(count):
        store.put(b"/big/%d" % n, b"x" * size_bytes, mod_revision=0)


def rewrite(store: EtcdStore, key: bytes, count: int, size_bytes: int) -> None:
    seen = 0
    for _ in range(count):
        seen = store.put(key, b"x" * size_bytes, mod_revision=seen)


def local(cluster: LocalCluster, name: str) -> LocalMember:
    return next(m for m in cluster.members if m.name == name)


def test_a_live_store_can_be_looked_after(store: EtcdStore) -> None:
    assert isinstance(store, Maintainable)


def test_a_look_sees_every_member_its_role_and_who_is_down(store: EtcdStore, cluster: LocalCluster) -> None:
    view = look(store)
    assert {m.name for m in view.members} == set(NAMES)
    assert sorted(m.role for m in view.members) == ["follower", "follower", "leader"]

    cluster.members[1].pause()
    # if it led, nobody takes part until the others have elected another
    sights: list[ClusterNow] = []
    wait_for(lambda: sights.append(look(store)) or [m.name for m in sights[-1].others_away()] == ["cp2"])

    assert "cp2" not in {m.name for m in sights[-1].voters if m.alive}


def test_a_look_finds_members_that_no_endpoint_names(cluster: LocalCluster) -> None:
    store = EtcdStore(cluster.endpoints[:1], cluster.tls)

    assert [m.alive for m in look(store).members] == [True, True, True]
    store.close()


def test_compaction_drops_the_past_and_keeps_what_is(store: EtcdStore, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/a", "old")
    before = store.range(Range(b"/a")).revision
    etcdctl("put", "/a", "new")

    operations.compact(store, before + 1)

    assert store.range(Range(b"/a")).kvs[0].value == b"new"
    with pytest.raises(CompactedError):
        store.range(Range(b"/a", revision=before))


def test_compaction_to_a_revision_that_is_not_there_yet_is_refused(store: EtcdStore) -> None:
    with pytest.raises(UnsafeError, match="must be between 1 and"):
        operations.compact(store, look(store).revision + 1000)


def test_defragmenting_makes_the_file_of_that_member_smaller(store: EtcdStore, etcdctl: Etcdctl) -> None:
    fill(store, 40, 200_000)
    etcdctl("del", "/big/", "--prefix")
    operations.compact(store, look(store).revision)
    follower = next(m for m in look(store).members if not m.leader)

    step = operations.defragment(store, follower.id)

    assert step.member == follower.name
    assert step.after < step.before
    others = [m for m in look(store).members if m.id != follower.id]
    assert all(m.status and m.status.db_size_bytes > step.after for m in others)


def test_all_members_are_defragmented_one_after_the_other_the_leader_last(store: EtcdStore) -> None:
    leads = leader(store).name

    steps = list(operations.defragment_all(store))

    assert sorted(step.member for step in steps) == sorted(NAMES)
    assert steps[-1].member == leads
    assert not any(step.problem for step in steps)


def test_nobody_is_defragmented_while_another_member_is_down(store: EtcdStore, cluster: LocalCluster) -> None:
    followers = [m for m in look(store).members if not m.leader]
    local(cluster, followers[0].name).pause()

    with pytest.raises(UnsafeError, match=f"{followers[0].name} does not answer"):
        operations.defragment(store, followers[1].id)
    (step,) = operations.defragment_all(store)

    assert followers[0].name in step.problem


def test_defragmenting_all_stops_where_a_member_goes_down_meanwhile(store: EtcdStore, cluster: LocalCluster) -> None:
    steps = operations.defragment_all(store)
    first = next(steps)
    waiting = next(m for m in look(store).members if m.name != first.member and not m.leader)
    local(cluster, waiting.name).pause()

    rest = list(steps)

    assert [step.member for step in rest] == [""]
    assert waiting.name in rest[0].problem


def test_the_lead_goes_to_the_member_that_was_named(store: EtcdStore) -> None:
    other = next(m for m in look(store).members if not m.leader)

    operations.move_leader(store, other.id)

    assert leader(store).name == other.name
    with pytest.raises(UnsafeError, match="leads already"):
        operations.move_leader(store, other.id)


def test_the_lead_is_not_given_to_a_member_that_is_down(store: EtcdStore, cluster: LocalCluster) -> None:
    other = next(m for m in look(store).members if not m.leader)
    local(cluster, other.name).pause()

    with pytest.raises(UnsafeError, match="is down: it cannot lead"):
        operations.move_leader(store, other.id)


def test_a_full_database_takes_writes_again_once_there_is_room_and_the_alarm_is_out(tmp_path: Path) -> None:
    with LocalCluster(tmp_path, ("full",), options=("--quota-backend-bytes=4194304",)) as cluster:
        store = EtcdStore(cluster.endpoints, cluster.tls)
        with pytest.raises(DeniedError, match="database is full"):
            # until it says so: etcd knows its size as of its last commit, up to 100 ms ago
            rewrite(store, b"/again", sys.maxsize, 300_000)
        (alarm,) = look(store).alarms
        assert alarm.kind == "NOSPACE"
        operations.compact(store, look(store).revision)
        assert [step.problem for step in operations.defragment_all(store)] == [""]

        operations.disarm(store, alarm)

        assert look(store).alarms == ()
        store.put(b"/after", b"x", mod_revision=0)
        with pytest.raises(UnsafeError, match="already disarmed"):
            operations.disarm(store, alarm)
        store.close()


def test_an_alarm_that_there_is_not_is_not_disarmed(store: EtcdStore) -> None:
    with pytest.raises(UnsafeError, match="The alarm CORRUPT of cp"):
        operations.disarm(store, Alarm(look(store).members[0].id, "CORRUPT"))


def test_a_member_is_added_as_learner_promoted_and_removed(own: LocalCluster, tmp_path: Path) -> None:
    store = EtcdStore(own.endpoints, own.tls)
    client_port, peer_port = free_ports(2)
    peer_url = f"http://127.0.0.1:{peer_port}"

    added = settled(lambda: operations.add_learner(store, peer_url, "cp4"))

    assert (added.learner, added.name, added.peer_urls) == (True, "", (peer_url,))
    with pytest.raises(UnsafeError, match="is already a learner"):
        operations.add_learner(store, "http://127.0.0.1:1", "cp5")
    with pytest.raises(UnsafeError, match="does not answer"):
        operations.promote(store, added.id)

    new = start_added(own, store, added.id, tmp_path, client_port)
    try:
        view = look(store)
        assert {m.name: m.role for m in view.members}["cp4"] == "learner"
        assert view.others_away() == ()

        settled(lambda: operations.promote(store, added.id))
        wait(lambda: len(look(store).voters) == 4)  # another member may hear of it a little later

        settled(lambda: operations.remove(store, added.id))
        wait(lambda: {m.name for m in look(store).members} == set(NAMES))
    finally:
        new.kill()
        store.close()


def start_added(own: LocalCluster, store: EtcdStore, member_id: int, folder: Path, client_port: int) -> LocalMember:
    """As plans.start_flags says, beside its own URLs."""
    view = look(store)
    member = view.by_id(member_id)
    assert member is not None
    (peer_url,) = member.member.peer_urls
    new = LocalMember("cp4", folder / "cp4", "http", client_port, int(peer_url.rpartition(":")[2]))
    new.data.parent.mkdir(parents=True)
    flags = [
        *plans.start_flags(view, member, "cp4"),
        f"--data-dir={new.data}",
        f"--listen-client-urls={new.client_url}",
        f"--advertise-client-urls={new.client_url}",
        f"--listen-peer-urls={new.peer_url}",
        f"--initial-advertise-peer-urls={new.peer_url}",
        "--log-level=warn",
    ]
    new.process = start([str(find_program("etcd")), *flags], new.log)
    wait(lambda: member_alive(store, member_id))
    return new


def member_alive(store: EtcdStore, member_id: int) -> bool:
    member = look(store).by_id(member_id)
    return member is not None and member.alive


def settled(change: Callable[[], T], seconds: float = 20.0) -> T:
    """etcd refuses while members are new to each other, or a learner has not caught up; so do we."""
    until = time.monotonic() + seconds
    while True:
        try:
            return change()
        except (UnsafeError, UsageError, UnreachableError):
            assert time.monotonic() < until
            time.sleep(0.2)


def wait(done: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_member_is_not_removed_where_the_quorum_would_go_with_it(own: LocalCluster) -> None:
    store = EtcdStore(own.endpoints, own.tls)
    followers = [m for m in look(store).members if not m.leader]
    local(own, followers[0].name).kill()

    with pytest.raises(UnsafeError, match="1 of 2 voters would remain, and 2 are needed: the quorum would be lost"):
        operations.remove(store, followers[1].id)

    settled(lambda: operations.remove(store, followers[0].id))
    wait(lambda: len(look(store).members) == 2)
    store.close()


def test_the_last_member_is_not_removed(plain_store: EtcdStore) -> None:
    with pytest.raises(UnsafeError, match="the last voter"):
        operations.remove(plain_store, look(plain_store).members[0].id)


@pytest.mark.parametrize(
    ("peer_url", "why"),
    [
        ("http://127.0.0.1:1", "The other members use https between peers"),
        ("127.0.0.1:1", "scheme, host and port"),
        ("https://127.0.0.1", "scheme, host and port"),
        ("https://127.0.0.1:x", "scheme, host and port"),
        ("https://127.0.0.1:1/path", "scheme, host and port"),
        ("", "scheme, host and port"),
    ],
)
def test_a_peer_url_that_cannot_be_right_is_refused(store: EtcdStore, peer_url: str, why: str) -> None:
    with pytest.raises(UnsafeError, match=why):
        operations.add_learner(store, peer_url, "new")


def test_a_peer_url_that_is_taken_is_refused(store: EtcdStore, cluster: LocalCluster) -> None:
    with pytest.raises(UnsafeError, match="belongs to cp2"):
        operations.add_learner(store, cluster.members[1].peer_url, "new")


def test_a_snapshot_is_whole_checked_and_what_etcdutl_takes_for_one(
    store: EtcdStore, etcdctl: Etcdctl, tmp_path: Path
) -> None:
    fill(store, 20, 200_000)
    seen: list[Progress] = []

    saved = snapshot_stream.save(operations.snapshot(store), tmp_path / "snap.db", seen.append)

    assert saved.size_bytes == (tmp_path / "snap.db").stat().st_size == seen[-1].done == seen[-1].total
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert (tmp_path / "snap.db").stat().st_mode & 0o777 == 0o600
    assert [f.name for f in tmp_path.iterdir()] == ["snap.db"]
    reported = json.loads(etcdutl("snapshot", "status", str(saved.path), "-w", "json"))
    assert reported["totalKey"] >= 20
    etcdutl("snapshot", "restore", str(saved.path), "--data-dir", str(tmp_path / "restored"))


def etcdutl(*arguments: str) -> str:
    done = subprocess.run([str(find_program("etcdutl")), *arguments], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def test_a_snapshot_comes_from_a_follower(store: EtcdStore) -> None:
    source = plans.snapshot_source(look(store))
    assert source is not None
    assert not source.leader


def pieces_of(store: EtcdStore) -> list[SnapshotPiece]:
    return list(operations.snapshot(store))


def test_a_snapshot_that_breaks_off_or_is_damaged_leaves_no_file(plain_store: EtcdStore, tmp_path: Path) -> None:
    whole = pieces_of(plain_store)
    damaged = [SnapshotPiece(bytes([whole[0].data[0] ^ 1]) + whole[0].data[1:], whole[0].remaining_bytes), *whole[1:]]
    path = tmp_path / "snap.db"

    for bad in (whole[:-1], damaged, []):
        with pytest.raises(FileFormatError):
            snapshot_stream.save(iter(bad), path)
        assert list(tmp_path.iterdir()) == []

    snapshot_stream.save(iter(whole), path)
    with pytest.raises(UsageError, match="exists already"):
        snapshot_stream.save(iter(whole), path)


def test_a_stream_holds_its_end_back_until_the_hash_is_right(plain_store: EtcdStore) -> None:
    whole = pieces_of(plain_store)
    raw = b"".join(piece.data for piece in whole)
    stream = snapshot_stream.Stream.begin(iter(whole))
    assert b"".join(stream) == raw
    assert stream.size_bytes == len(raw)

    got: list[bytes] = []
    with pytest.raises(FileFormatError, match="does not match its hash"):
        got.extend(snapshot_stream.Stream.begin(iter([*whole[:-1], SnapshotPiece(b"\0" * 32)])))
    assert sum(map(len, got)) == len(raw) - 32


@pytest.mark.parametrize("size", [1, 7, 31, 32, 33, 64, 1000])
def test_a_stream_may_come_in_pieces_of_any_size(plain_store: EtcdStore, size: int) -> None:
    raw = b"".join(piece.data for piece in pieces_of(plain_store))[-5000:]
    raw = raw[:-32] + hashlib.sha256(raw[:-32]).digest()
    cut = [SnapshotPiece(raw[i : i + size]) for i in range(0, len(raw), size)]

    assert b"".join(snapshot_stream.Stream.begin(iter(cut))) == raw


def test_a_member_dying_in_the_middle_leaves_no_file(member_folder: Path, tmp_path: Path) -> None:
    with LocalCluster(member_folder, ("one",)) as cluster:
        store = EtcdStore(cluster.endpoints, cluster.tls)
        fill(store, 40, 1_000_000)

        def kill(progress: Progress) -> None:
            cluster.members[0].kill()

        with pytest.raises((UnreachableError, FileFormatError)):
            snapshot_stream.save(operations.snapshot(store), tmp_path / "snap.db", kill)
        store.close()

    assert not list(tmp_path.glob("snap.db*"))
