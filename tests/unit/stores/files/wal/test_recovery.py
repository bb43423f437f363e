"""A data directory shows its database and, on top, what its log has: the revisions that etcd itself would give."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.cluster.sources import open_file
from etcdview.errors import CompactedError
from etcdview.models import KeyValue, Range
from etcdview.pages.tools.snapshots import snapshot_status
from etcdview.stores.files.database import SnapshotStore
from etcdview.stores.files.wal.frames import TORN
from etcdview.stores.files.wal.log import read_log
from etcdview.stores.key_past import PastRequest
from tests import logs
from tests.logs import ALARM, COMPACTION, DELETE, GRANT, PUT, REVOKE, TXN, LogWriter, delete, number, put, request, text

CAPTURE = Path(__file__).parents[4] / "testdata" / "cluster-shop"
DATABASE = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())[:-32]
APPLIED, REVISION = 1266, 1201  # of the database
OTHER_NODE = 99  # is not the member that alone has a vote, so only what the log says is committed
READ, WRITE, ERASE, INNER = 1, 2, 3, 4  # fields of RequestOp
VERSION, CREATE, MOD, VALUE, LEASE = range(5)
EQUAL, GREATER, LESS, NOT_EQUAL = range(4)

Opened = Callable[..., SnapshotStore]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens a data directory whose log has these requests behind the database."""

    def call(*requests: bytes, commit: int | None = None, node: int = OTHER_NODE, tail: bytes = b"") -> SnapshotStore:
        log = LogWriter(node)
        log.entries(APPLIED + 1, requests, commit)
        store = open_file(logs.data_directory(tmp_path / "m", DATABASE, log.bytes + tail))
        assert isinstance(store, SnapshotStore)
        return store

    return call


def one(store: SnapshotStore, key: bytes, revision: int = 0) -> KeyValue | None:
    return next(iter(store.range(Range(key, revision=revision)).kvs), None)


def notes(store: SnapshotStore) -> str:
    return " ".join(store.notes)


def compare(key: bytes, target: int, result: int, wanted: int | bytes, end: bytes = b"") -> bytes:
    field = {VERSION: 4, CREATE: 5, MOD: 6, VALUE: 7, LEASE: 8}[target]
    union = text(field, wanted) if isinstance(wanted, bytes) else number(field, wanted)
    return text(1, number(1, result) + number(2, target) + text(3, key) + union + (text(64, end) if end else b""))


Steps = Iterable[tuple[int, bytes]]


def txn(compares: Iterable[bytes], success: Steps, failure: Steps = ()) -> bytes:
    branches = ((2, success), (3, failure))
    steps = (text(branch, text(kind, message)) for branch, some in branches for kind, message in some)
    return b"".join((*compares, *steps))


def test_puts_and_deletions_of_the_log_follow_the_database(opened: Opened) -> None:
    store = opened(
        request(PUT, put(b"/a", b"one")),
        request(PUT, put(b"/a", b"two")),
        request(PUT, put(b"/b", b"")),
        request(DELETE, delete(b"/a")),
        request(PUT, put(b"/a", b"three")),
    )

    assert one(store, b"/a") == KeyValue(b"/a", REVISION + 5, REVISION + 5, 1, 0, b"three")
    assert one(store, b"/a", REVISION + 2) == KeyValue(b"/a", REVISION + 1, REVISION + 2, 2, 0, b"two")
    assert one(store, b"/a", REVISION + 4) is None
    assert one(store, b"/b") == KeyValue(b"/b", REVISION + 3, REVISION + 3, 1)
    assert store.revision == REVISION + 5
    past = store.key_past(PastRequest(b"/a", store.revision + 1, 10, 1 << 20))
    assert [(e.deleted, e.kv.value) for e in past.events] == [
        (False, b"three"), (True, b""), (False, b"two"), (False, b"one")]  # fmt: skip


def test_a_key_of_the_database_goes_on_in_the_log(opened: Opened) -> None:
    store = opened(request(PUT, put(b"/registry/namespaces/kube-system", b"new")))
    before = one(store, b"/registry/namespaces/kube-system", REVISION)
    after = one(store, b"/registry/namespaces/kube-system")

    assert before
    assert after
    assert (after.create_revision, after.version, after.value) == (before.create_revision, before.version + 1, b"new")


def test_the_deletion_of_a_range_takes_one_revision_and_that_of_nothing_none(opened: Opened) -> None:
    pods = opened(request(DELETE, delete(b"/none")), request(DELETE, delete(b"/registry/pods/", b"/registry/pods0")))

    assert pods.range(Range(b"/registry/pods/", b"/registry/pods0")).count == 0
    assert pods.range(Range(b"/registry/pods/", b"/registry/pods0", revision=REVISION)).count == 40
    assert pods.revision == REVISION + 1


def test_everything_is_deleted_from_a_key_on(opened: Opened) -> None:
    store = opened(request(PUT, put(b"/z", b"1")), request(DELETE, delete(b"\0", b"\0")))

    assert store.range(Range(b"\0", b"\0")).count == 0
    assert store.revision == REVISION + 2


HOLDS = {
    "a version": compare(b"/a", VERSION, EQUAL, 1),
    "that a key is missing": compare(b"/none", CREATE, EQUAL, 0),
    "a revision above": compare(b"/a", MOD, GREATER, REVISION),
    "a value below": compare(b"/a", VALUE, LESS, b"x"),
    "another lease": compare(b"/a", LEASE, NOT_EQUAL, 5),
    "each key of a range": compare(b"/a", VERSION, EQUAL, 1, end=b"/c"),
}
FAILS = {
    "a version": compare(b"/a", VERSION, EQUAL, 2),
    "a value of a key that is missing": compare(b"/none", VALUE, EQUAL, b""),
    "one key of a range": compare(b"/a", MOD, EQUAL, REVISION + 1, end=b"/c"),
    "two of which one holds": compare(b"/a", VERSION, EQUAL, 1) + compare(b"/b", VERSION, EQUAL, 5),
}


@pytest.mark.parametrize(
    ("compares", "chosen"), [*((c, b"yes") for c in HOLDS.values()), *((c, b"no") for c in FAILS.values())],
    ids=[*HOLDS, *(f"not {name}" for name in FAILS)])  # fmt: skip
def test_a_transaction_does_what_its_compares_choose(opened: Opened, compares: bytes, chosen: bytes) -> None:
    store = opened(
        request(PUT, put(b"/a", b"1")),
        request(PUT, put(b"/b", b"1")),
        request(TXN, txn([compares], [(WRITE, put(b"/r", b"yes"))], [(WRITE, put(b"/r", b"no"))])),
    )

    found = one(store, b"/r")
    assert found
    assert found.value == chosen


def test_a_transaction_is_one_revision_and_one_without_writes_none(opened: Opened) -> None:
    store = opened(
        request(TXN, txn([], [(WRITE, put(b"/a", b"1")), (WRITE, put(b"/b", b"2")), (ERASE, delete(b"/a"))])),
        request(TXN, txn([], [(READ, text(1, b"/a")), (ERASE, delete(b"/none"))])),
        request(TXN, txn([], [(INNER, txn([compare(b"/b", VERSION, EQUAL, 1)], [(WRITE, put(b"/c", b"3"))]))])),
    )

    assert one(store, b"/a") is None
    assert [kv and kv.mod_revision for kv in (one(store, b"/b"), one(store, b"/c"))] == [REVISION + 1, REVISION + 2]
    assert store.revision == REVISION + 2


def test_inner_compares_are_of_what_there_was_before_the_transaction(opened: Opened) -> None:
    inner = txn([compare(b"/a", VERSION, EQUAL, 0)], [(WRITE, put(b"/r", b"before"))])
    store = opened(request(TXN, txn([], [(WRITE, put(b"/a", b"1")), (INNER, inner)])))

    found = one(store, b"/r")
    assert found
    assert found.value == b"before"


REFUSED = {
    "a put with a lease that was not granted": [request(PUT, put(b"/x", b"1", 77))],
    "a put that keeps the value of no key": [request(PUT, put(b"/x", b"", 0, number(5, 1)))],
    "a transaction with such a put": [
        request(TXN, txn([], [(WRITE, put(b"/x", b"1")), (WRITE, put(b"/y", b"1", 77))]))
    ],
    "a transaction that reads the future": [
        request(TXN, txn([], [(WRITE, put(b"/x", b"1")), (READ, text(1, b"/a") + number(4, 9999))]))
    ],
    "a put while the database is full": [
        request(ALARM, number(1, 1) + number(2, 5) + number(3, 1)),
        request(PUT, put(b"/x", b"1")),
    ],
    "anything while a member is corrupt": [
        request(ALARM, number(1, 1) + number(2, 5) + number(3, 2)),
        request(DELETE, delete(b"\0", b"\0")),
    ],
    "a compaction of the future": [request(COMPACTION, number(1, 9999))],
    "a request of API 2": [text(2, b"PUT") + text(3, b"/0/version")],
    "an empty entry": [b""],
}


@pytest.mark.parametrize("requests", REFUSED.values(), ids=REFUSED)
def test_what_etcd_refused_changes_nothing(opened: Opened, requests: list[bytes]) -> None:
    store = opened(*requests)

    assert (store.revision, one(store, b"/x"), store.compacted) == (REVISION, None, 0)
    assert store.range(Range(b"\0", b"\0", count_only=True)).count == 573


def test_a_put_may_keep_the_value_or_the_lease(opened: Opened) -> None:
    store = opened(
        request(GRANT, number(1, 60) + number(2, 5)),
        request(PUT, put(b"/a", b"v", 5)),
        request(PUT, put(b"/a", b"", 0, number(5, 1))),
        request(PUT, put(b"/b", b"v", 5)),
        request(PUT, put(b"/b", b"w", 0, number(6, 1))),
        request(PUT, put(b"/registry/namespaces/kube-system", b"", 0, number(5, 1))),
    )
    kept = one(store, b"/registry/namespaces/kube-system", REVISION)

    assert [(kv.value, kv.lease) for key in (b"/a", b"/b") if (kv := one(store, key))] == [(b"v", 0), (b"w", 5)]
    assert kept
    now = one(store, b"/registry/namespaces/kube-system")
    assert now
    assert now.value == kept.value


def test_a_lease_that_ends_takes_the_keys_that_still_have_it(opened: Opened) -> None:
    store = opened(
        request(GRANT, number(1, 60) + number(2, 5)),
        request(PUT, put(b"/b", b"v", 5)),
        request(PUT, put(b"/a", b"v", 5)),
        request(PUT, put(b"/c", b"v", 5)),
        request(PUT, put(b"/c", b"v")),
        request(REVOKE, number(1, 5)),
        request(PUT, put(b"/b", b"v", 5)),
    )

    assert [key for key in (b"/a", b"/b", b"/c") if one(store, key)] == [b"/c"]
    assert store.revision == REVISION + 5


def test_a_compaction_of_the_log_hides_what_is_older(opened: Opened) -> None:
    store = opened(request(PUT, put(b"/a", b"1")), request(COMPACTION, number(1, REVISION)))

    assert store.compacted == REVISION
    with pytest.raises(CompactedError):
        store.range(Range(b"/a", revision=REVISION - 1))


def test_entries_above_the_commit_index_are_counted_and_not_shown(
    opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = opened(
        request(PUT, put(b"/a", b"1")),
        request(PUT, put(b"/b", b"2")),
        request(TXN, txn([compare(b"/a", VERSION, EQUAL, 1)], [(ERASE, delete(b"/a"))])),
        commit=APPLIED + 1,
    )

    assert one(store, b"/a")
    assert one(store, b"/b") is None
    assert "The log's last 2 entries are not known to be committed, and not shown" in notes(store)
    assert run(["snapshot", "status", str(tmp_path / "m")]) == 0
    told = capsys.readouterr().out
    assert "2 entries, index 1268 to 1269: not known to be committed" in told
    assert [line.split() for line in told.splitlines() if line.endswith(("/a", "/b"))] == [
        ["put", "/b"], ["delete", "if", "/a"]]  # fmt: skip


def test_the_only_member_with_a_vote_is_its_own_majority(opened: Opened) -> None:
    store = opened(request(PUT, put(b"/a", b"1")), request(PUT, put(b"/b", b"2")), commit=APPLIED, node=logs.NODE)

    assert one(store, b"/a")
    assert one(store, b"/b")
    assert "committed" not in notes(store)


@pytest.mark.parametrize("behind", [b"", b"\x20\0\0\0\0\0\0\0\x08\x02\x10"], ids=["whole", "torn"])
def test_a_record_says_that_all_of_a_log_is_committed(tmp_path: Path, behind: bytes) -> None:
    """It is what etcd would write there, as tests/logs.py writes it."""
    log = LogWriter(OTHER_NODE)
    log.entries(APPLIED + 1, [request(PUT, put(b"/a", b"1")), request(PUT, put(b"/b", b"2"))], APPLIED + 1)
    folder = logs.data_directory(tmp_path / "m", DATABASE, log.bytes + behind)
    store = open_file(folder)
    assert isinstance(store, SnapshotStore)
    assert store.recovered is not None
    raised = store.recovered.raised
    store.close()
    assert raised is not None
    assert (raised.term, raised.index, raised.size) == (2, APPLIED + 2, len(log.bytes))
    log.record(logs.STATE, number(1, 2) + number(3, APPLIED + 2))
    assert raised.record == log.bytes[raised.size :]

    (folder / "member" / "wal" / raised.name).write_bytes(log.bytes)
    store = open_file(folder)

    assert isinstance(store, SnapshotStore)
    assert one(store, b"/b")
    assert store.recovered is not None
    assert (store.recovered.uncommitted, store.recovered.raised) == (None, None)


def test_entries_that_a_later_leader_replaced_before_the_database_was_written_are_gone(tmp_path: Path) -> None:
    log = LogWriter(OTHER_NODE)
    log.entry(APPLIED, request(PUT, put(b"/x", b"old")), term=2)
    log.entry(APPLIED + 1, request(PUT, put(b"/a", b"old")), term=2)
    log.entry(APPLIED, request(PUT, put(b"/x", b"new")), term=3)
    log.state(APPLIED, term=3)
    store = open_file(logs.data_directory(tmp_path / "m", DATABASE, log.bytes))

    assert isinstance(store, SnapshotStore)
    assert store.recovered is not None
    assert (store.recovered.raised, store.recovered.uncommitted) == (None, None)
    assert store.recovered.term == 3


def test_an_entry_that_etcd_cannot_decode_is_not_said_to_be_committed(tmp_path: Path) -> None:
    log = LogWriter(OTHER_NODE)
    log.entries(APPLIED + 1, [request(PUT, put(b"/a", b"1")), b"\xff"], APPLIED)
    store = open_file(logs.data_directory(tmp_path / "m", DATABASE, log.bytes))

    assert isinstance(store, SnapshotStore)
    assert store.recovered is not None
    assert store.recovered.uncommitted is not None
    assert store.recovered.raised is None


def test_a_member_that_joins_ends_what_one_alone_commits(tmp_path: Path) -> None:
    log = LogWriter()
    log.entry(APPLIED + 1, number(2, 0) + number(3, 8) + text(4, b'{"id":8,"name":"cp2","peerURLs":["x"]}'), kind=1)
    log.entry(APPLIED + 2, request(PUT, put(b"/a", b"1")))
    log.state(APPLIED)
    store = open_file(logs.data_directory(tmp_path / "m", DATABASE, log.bytes))

    assert isinstance(store, SnapshotStore)
    assert one(store, b"/a") is None
    assert [member.name for member in store.facts().members] == ["cp1", "cp2"]
    assert "The log's last entry is not known to be committed" in notes(store)


def test_an_entry_of_a_later_leader_takes_the_place_of_others(tmp_path: Path) -> None:
    log = LogWriter(OTHER_NODE)
    log.entries(APPLIED + 1, [request(PUT, put(b"/a", b"old")), request(PUT, put(b"/b", b"old"))], APPLIED)
    log.entry(APPLIED + 1, request(PUT, put(b"/c", b"new")), term=3)
    log.state(APPLIED + 1, term=3)
    store = open_file(logs.data_directory(tmp_path / "m", DATABASE, log.bytes))

    assert isinstance(store, SnapshotStore)
    assert [key for key in (b"/a", b"/b", b"/c") if one(store, key)] == [b"/c"]
    assert store.facts().term == 3


def test_the_log_goes_on_in_the_next_file(tmp_path: Path) -> None:
    first = LogWriter()
    first.entries(APPLIED + 1, [request(PUT, put(b"/a", b"1"))])
    second = LogWriter(crc=first.crc)
    second.entries(APPLIED + 2, [request(PUT, put(b"/b", b"2"))])
    folder = logs.data_directory(tmp_path / "m", DATABASE, first.bytes, second.bytes, first=APPLIED + 2)
    store = open_file(folder)

    assert isinstance(store, SnapshotStore)
    assert [key for key in (b"/a", b"/b") if one(store, key)] == [b"/a", b"/b"]
    (folder / "member" / "wal" / f"{0:016x}-{0:016x}.wal").rename(folder / "member" / "wal" / "kept")
    store = open_file(folder)
    assert isinstance(store, SnapshotStore)
    assert f"has entry {APPLIED + 2:,} where entry {APPLIED + 1:,} should be" in notes(store)


def test_a_log_that_breaks_off_is_used_up_to_there(tmp_path: Path) -> None:
    log = LogWriter()
    log.entries(APPLIED + 1, [request(PUT, put(b"/a", b"1"))])
    good = log.bytes
    log.entries(APPLIED + 2, [request(PUT, put(b"/b", b"2" * 2000))])
    damages = {
        "a record that runs past the end of the file": (0x4000_0000).to_bytes(8, "little") + b"x",
        "a record that was written in part": log.bytes[len(good) : len(good) + 600] + b"\0" * 1500,
        "a record whose checksum does not fit": log.bytes[len(good) :].replace(b"222", b"232", 1),
        "a record that is not protobuf": (8).to_bytes(8, "little") + b"\xff" * 8,
    }
    for place, (says, tail) in enumerate(damages.items()):
        folder = logs.data_directory(tmp_path / str(place), DATABASE, good + tail)
        store = open_file(folder)

        assert isinstance(store, SnapshotStore)
        assert says in notes(store)
        assert [says in fault for fault in snapshot_status(folder).faults] == [True] * (says != TORN)
        assert f"at byte {len(good):,}" in notes(store)
        assert (one(store, b"/a") is None, one(store, b"/b")) == (False, None)
        store.close()


def test_a_record_that_was_written_in_part_is_damage_where_the_log_goes_on_behind_it(tmp_path: Path) -> None:
    log = LogWriter()
    log.entries(APPLIED + 1, [request(PUT, put(b"/a", b"1"))])
    before = len(log.bytes)
    log.entries(APPLIED + 2, [request(PUT, put(b"/b", b"2" * 2000))])
    torn = log.bytes[: before + 600] + b"\0" * (len(log.bytes) - before - 600)
    end = len(log.bytes)
    log.entries(APPLIED + 3, [request(PUT, put(b"/c", b"3"))])

    for name, tail in (("last", b"\0" * 4096), ("not-last", log.bytes[end:])):
        folder = logs.data_directory(tmp_path / name, DATABASE, torn + tail)

        assert [TORN in fault for fault in snapshot_status(folder).faults] == [True] * (name != "last")


def old_and_new() -> tuple[bytes, int, int]:
    """A log with entries that the database has, then two that it lacks; where the last of the old and the new begin."""
    log = LogWriter()
    for index in range(APPLIED - 5, APPLIED):
        log.entries(index, [request(PUT, put(b"/registry/old", b"%d" % index * 15))], index - 1)
    last = len(log.bytes)
    log.entries(APPLIED, [request(PUT, put(b"/registry/old", b"last"))], APPLIED - 1)
    new = len(log.bytes)
    log.entries(APPLIED + 1, [request(PUT, put(b"/a", b"1")), request(PUT, put(b"/b", b"2"))])
    return log.bytes, last, new


def mutated(good: bytes, end: int) -> Iterator[bytes]:
    """Each bit that is wrong in turn, then sectors and longer pieces that are lost."""
    for position in range(end):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        yield bytes(bad)
    for size in (8, 64, 200):
        for position in range(0, end - size, 24):
            yield good[:position] + b"\0" * size + good[position + size :]
            yield good[:position] + b"\xff" * size + good[position + size :]


def test_damage_to_what_the_database_has_loses_nothing_of_the_log(tmp_path: Path) -> None:
    good, last, _ = old_and_new()
    folder = logs.data_directory(tmp_path / "m", DATABASE, good)
    (file,) = (folder / "member" / "wal").iterdir()
    said = 0
    for bad in mutated(good, last):
        file.write_bytes(bad + b"\0" * 512)

        log = read_log(file.parent, APPLIED)

        assert (log.last, log.commit, log.fault, log.cut) == (APPLIED + 2, APPLIED + 2, "", None)
        said += bool(log.harmless)
        log.close()
    assert said > last // 4


def test_damage_to_the_last_entry_of_the_database_costs_the_log_at_most_with_a_word(tmp_path: Path) -> None:
    """What follows cannot always be checked then."""
    good, last, new = old_and_new()
    folder, lost = logs.data_directory(tmp_path / "m", DATABASE, good), 0
    (file,) = (folder / "member" / "wal").iterdir()
    for position in range(last, new):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        file.write_bytes(bad + b"\0" * 512)

        log = read_log(file.parent, APPLIED)

        assert log.last == APPLIED + 2 or (log.last, bool(log.fault), bool(log.cut)) == (APPLIED, True, True)
        lost += log.last == APPLIED
        log.close()
    assert lost < (new - last) // 10


def test_a_file_that_is_full_of_what_may_be_a_record_is_given_up_in_time(tmp_path: Path) -> None:
    log = LogWriter()
    log.entries(APPLIED - 5, [b"x"] * 3)
    size = (1 << 20) + 8
    one = size.to_bytes(8, "little") + b"\x08\x01\x10\x01\x1a\x80\x80\x40"  # and its data are others of the kind
    folder = logs.data_directory(tmp_path / "m", DATABASE, log.bytes + b"\xff" * 8 + one * 500_000)
    began = time.monotonic()

    read = read_log(folder / "member" / "wal", APPLIED)

    assert time.monotonic() - began < 30  # hours, if each of them were checked
    assert read.fault
    read.close()


def test_damage_that_does_not_matter_is_said_with_its_place(tmp_path: Path) -> None:
    good, _, _ = old_and_new()
    place = good.index(b"1263" * 15) + 20
    bad = bytearray(good)
    bad[good.rindex(b"\x08\x01\x10", 0, place)] ^= 1  # is no record any more
    store = open_file(logs.data_directory(tmp_path / "m", DATABASE, bytes(bad)))

    assert isinstance(store, SnapshotStore)
    assert one(store, b"/a")
    assert one(store, b"/b")
    assert "damaged where the database has all that was written, so nothing is missing here" in notes(store)
    assert f"{0:016x}-{0:016x}.wal has a record that is not protobuf at byte" in notes(store)
    assert "used up to" not in notes(store)


def test_a_file_of_the_log_that_is_lost_from_its_middle_on_does_not_matter_where_the_next_goes_on(
    tmp_path: Path,
) -> None:
    first = LogWriter()
    first.entries(APPLIED - 1, [request(PUT, put(b"/registry/old", b"x" * 900)), b""])
    second = LogWriter(crc=first.crc)
    second.entries(APPLIED + 1, [request(PUT, put(b"/a", b"1"))])
    half = first.bytes[: len(first.bytes) - 300] + b"\xff" * 300
    folder = logs.data_directory(tmp_path / "m", DATABASE, half, second.bytes, first=APPLIED + 2)  # read from the first
    store = open_file(folder)

    assert isinstance(store, SnapshotStore)
    assert one(store, b"/a")
    assert "nothing is missing here" in notes(store)


def test_a_log_of_which_nothing_can_be_read_is_damage(tmp_path: Path) -> None:
    folder = logs.data_directory(tmp_path / "m", DATABASE, b"x")
    (file,) = (folder / "member" / "wal").iterdir()
    file.unlink()
    file.symlink_to(file.name)
    store = open_file(folder)

    assert isinstance(store, SnapshotStore)
    assert "the last writes may be missing" in notes(store)
    (fault,) = snapshot_status(folder).faults
    assert fault.startswith(f"The log in {folder} cannot be used as a whole, so the last writes may be missing: ")


def test_a_data_directory_without_a_log_says_so(tmp_path: Path) -> None:
    folder = logs.data_directory(tmp_path / "m", DATABASE)
    store = open_file(folder)

    assert isinstance(store, SnapshotStore)
    assert "has no log" in notes(store)
    (folder / "member" / "wal").rmdir()
    store = open_file(folder)
    assert isinstance(store, SnapshotStore)
    assert "has no log" in notes(store)
