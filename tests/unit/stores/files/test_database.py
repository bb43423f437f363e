"""Snapshots and database files: the truth for what is whole, a clear error for all that is not, and never a hang."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etcdview.cluster.sources import open_file
from etcdview.errors import FileFormatError, QueryError
from etcdview.models import KeyValue, Range
from etcdview.stores.files.bbolt import BoltFile, fnv64a
from etcdview.stores.files.data_directory import NO_LOG
from etcdview.stores.files.database import NO_HASH, NO_WAL, SnapshotStore, open_snapshot
from etcdview.stores.files.dump import read_dump

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
WHOLE = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())
BODY = WHOLE[:-32]
PAGE = 4096
META = struct.Struct("<IIIIQQQQQQ")
ROOT, KEYS = 561, 605  # in the capture: the page of all buckets, and the root of the bucket "key"


def first_child(branch: int) -> int:
    """The first page below a page."""
    child: int = struct.unpack_from("<Q", BODY, branch * PAGE + 24)[0]
    return child


LEAF = first_child(first_child(KEYS))


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[bytes], SnapshotStore]:
    """Opens a file of these bytes."""

    def call(data: bytes) -> SnapshotStore:
        path = tmp_path / "s.db"
        path.write_bytes(data)
        return open_snapshot(path)

    return call


Opened = Callable[[bytes], SnapshotStore]


def edited(*edits: tuple[int, bytes], data: bytes = BODY) -> bytes:
    changed = bytearray(data)
    for position, new in edits:
        changed[position : position + len(new)] = new
    return bytes(changed)


def with_meta(number: int, **fields: int) -> bytes:
    """The body with fields of one of its meta pages changed, and a checksum that fits."""
    names = ("magic", "version", "page_size", "flags", "root", "sequence", "free", "end", "txid")
    at = number * PAGE + 16
    values = dict(zip(names, META.unpack_from(BODY, at), strict=False)) | fields
    packed = META.pack(*values.values(), 0)[:-8]
    return edited((at, packed + struct.pack("<Q", fnv64a(packed))))


def everything(store: SnapshotStore) -> list[KeyValue]:
    return list(store.range(Range(b"", b"\0")).kvs)


CAPTURED = sorted(read_dump(CAPTURE / "registry.jsonl.gz"), key=lambda kv: kv.key)


def last_child(branch: int) -> int:
    """The last page below a page."""
    (count,) = struct.unpack_from("<H", BODY, branch * PAGE + 10)
    child: int = struct.unpack_from("<Q", BODY, branch * PAGE + 16 * count + 8)[0]
    return child


def test_a_revision_that_a_restore_has_bumped_counts_and_has_no_key(opened: Opened) -> None:
    """etcdutl snapshot restore --bump-revision adds one with an empty record."""
    leaf = last_child(last_child(KEYS)) * PAGE
    (count,) = struct.unpack_from("<H", BODY, leaf + 10)
    before = opened(BODY)
    newest = next(kv.key for kv in everything(before) if kv.mod_revision == before.revision)

    store = opened(edited((leaf + 16 * count + 12, bytes(4))))

    assert store.revision == before.revision
    assert [kv for kv in everything(store) if kv.key != newest] == [kv for kv in CAPTURED if kv.key != newest]
    assert newest not in {kv.key for kv in everything(store) if kv.mod_revision == store.revision}


def test_the_captured_snapshot_equals_the_capture(opened: Opened) -> None:
    store = opened(WHOLE)

    assert everything(store) == CAPTURED
    assert (store.revision, store.notes, store.live) == (1201, (), False)


def test_ranges_are_cut_counted_and_without_values_when_asked(opened: Opened) -> None:
    pods = (b"/registry/pods/mon", b"/registry/pods/moo")
    store = opened(WHOLE)

    cut = store.range(Range(*pods, limit=2, keys_only=True))
    names = store.list_names(Range(*pods, limit=2))

    assert [kv.key for kv in cut.kvs] == list(names.names)
    assert ([kv.value for kv in cut.kvs], cut.count, cut.more) == ([b"", b""], 7, True)
    assert (names.count, names.more, names.revision) == (7, True, 1201)
    assert store.range(Range(*pods, count_only=True)).count == 7


def test_a_key_had_other_values_before(opened: Opened) -> None:
    store = opened(WHOLE)
    newest = next(kv for kv in CAPTURED if kv.version > 1)
    key = newest.key

    older = store.range(Range(key, revision=newest.mod_revision - 1))

    assert older.kvs[0].version == newest.version - 1
    assert older.kvs[0].value != newest.value
    assert older.revision == newest.mod_revision - 1
    assert store.range(Range(key, revision=older.kvs[0].create_revision - 1)).kvs == ()


def test_a_revision_that_is_yet_to_come_is_refused(opened: Opened) -> None:
    with pytest.raises(QueryError, match=r"ends at revision 1,201"):
        opened(WHOLE).range(Range(b"/", revision=1202))


def test_a_file_without_a_hash_is_read_and_said_not_to_be_checked(opened: Opened) -> None:
    store = opened(BODY)

    assert everything(store) == CAPTURED
    assert store.notes == (NO_HASH,)


def test_it_says_which_members_the_cluster_had(opened: Opened) -> None:
    facts = opened(WHOLE).facts()

    assert (facts.term, facts.consistent_index, facts.cluster_version, facts.alarms) == (2, 1266, "3.5.0", ())
    assert [(f"{m.id:x}", m.name, m.client_urls) for m in facts.members] == [
        ("d7ee4e7bc2f71e84", "cp1", ("https://127.0.0.1:28379",))
    ]


def test_a_damaged_list_of_members_leaves_the_keys(opened: Opened) -> None:
    store = opened(edited((BODY.index(b'{"id":1555'), b"{,")))

    assert everything(store) == CAPTURED
    with pytest.raises(FileFormatError, match="its cluster cannot be read"):
        store.facts()


@pytest.mark.parametrize("within", ["member/snap/db", "snap/db"])
def test_a_data_directory_is_read_by_its_database_and_the_missing_log_is_told(tmp_path: Path, within: str) -> None:
    database = tmp_path / within
    database.parent.mkdir(parents=True)
    database.write_bytes(BODY)

    for path, missing in ((tmp_path, NO_LOG), (database, NO_WAL)):
        store = open_file(path)
        assert store.notes == (missing, NO_HASH)
        assert store.revision == 1201


def test_a_file_that_an_etcd_runs_on_is_refused_and_is_left_unlocked(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(BODY)
    with path.open("rb") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        with pytest.raises(FileFormatError, match="An etcd is running on"):
            open_snapshot(path)

    store = open_snapshot(path)
    with path.open("rb") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX | fcntl.LOCK_NB)
    store.close()


def test_a_file_that_changes_under_it_is_noticed(opened: Opened, tmp_path: Path) -> None:
    store = opened(WHOLE)
    (tmp_path / "s.db").write_bytes(b"\0" * len(WHOLE))
    with pytest.raises(FileFormatError, match="damaged record"):
        store.range(Range(b"/registry/namespaces/shop"))
    (tmp_path / "s.db").write_bytes(b"")
    with pytest.raises(FileFormatError, match="before something that it says it holds"):
        store.range(Range(b"/registry/namespaces/shop"))


def _overflowing(number: int, pages: int) -> tuple[int, bytes]:
    return number * PAGE + 12, struct.pack("<I", pages)


DAMAGES = {
    "a hash that does not fit": (edited((9000, b"?"), data=WHOLE), "does not match the hash"),
    "half a snapshot": (WHOLE[: len(WHOLE) // 2], "is cut short: 1,261,584 of 2,523,136 bytes"),
    "a byte short": (WHOLE[:-1], "never 2,523,167 bytes long"),
    "an empty file": (b"", "has no valid meta page"),
    "both meta pages": (edited((30, b"?"), (PAGE + 30, b"?")), "has no valid meta page"),
    "a root that is no page": (with_meta(0, root=1, txid=999), "points to page 1, and has pages 2 to 615"),
    "a root past the end": (with_meta(0, root=616, txid=999), "points to page 616"),
    "more pages than bytes": (with_meta(0, end=1 << 60, txid=999), "is cut short"),
    "no bucket of keys": (edited((BODY.index(b"key", ROOT * PAGE), b"kex")), 'it has no bucket "key"'),
    "a branch to itself": (edited((KEYS * PAGE + 24, struct.pack("<Q", KEYS))), "page 605 is referenced twice"),
    "two branches to one page": (
        edited((KEYS * PAGE + 40, struct.pack("<Q", first_child(KEYS)))),
        "is referenced twice",
    ),
    "a page of another number": (edited((LEAF * PAGE, b"\7\0")), f"has page 7 where page {LEAF} should be"),
    "a page of another kind": (edited((LEAF * PAGE + 8, b"\x10")), "is of kind 0x10, where keys should be"),
    "more keys than fit": (edited((LEAF * PAGE + 10, b"\xff\xff")), "cannot hold 65,535 keys"),
    "a page that goes on past the end": (edited(_overflowing(LEAF, 615)), "more than there can be"),
    "a page that goes on for ever": (edited(_overflowing(LEAF, 0xFFFFFFFF)), "more than there can be"),
    "a page that goes on over others": (
        edited(_overflowing(KEYS, 5)),
        r"is referenced twice|not a valid next revision",
    ),
    "a key out of its page": (edited((LEAF * PAGE + 20, b"\xff\xff\xff\x7f")), "lies outside of its page"),
    "a key over the elements": (edited((LEAF * PAGE + 20, b"\0\0\0\0")), "lies outside of its page"),
    "a value out of its page": (edited((LEAF * PAGE + 28, b"\xff\xff\xff\xff")), "lies outside of its page"),
    "a revision of another shape": (
        edited((BODY.index(b"\2_", LEAF * PAGE), b"\2?")),
        "is not a valid next revision",
    ),
    "a record without a key": (edited((BODY.index(b"\x0a\x21/registry", LEAF * PAGE), b"\x12")), "no key in front"),
}


@pytest.mark.parametrize(("data", "says"), DAMAGES.values(), ids=DAMAGES)
def test_what_is_wrong_with_a_damaged_file_is_said(opened: Opened, data: bytes, says: str) -> None:
    with pytest.raises(FileFormatError, match=says):
        opened(data)


@pytest.mark.parametrize("number", [0, 1])
def test_one_damaged_meta_page_leaves_the_other(opened: Opened, number: int) -> None:
    assert everything(opened(edited((number * PAGE + 30, b"?")))) == CAPTURED


def test_the_newer_meta_page_counts_wherever_it_stands(opened: Opened) -> None:
    for number in (0, 1):
        with pytest.raises(FileFormatError, match="points to page 1,"):
            opened(with_meta(number, root=1, txid=1 << 40))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x01" * 9000, "neither a registry dump nor a snapshot"),
        (gzip.compress(b'{"key":"/a","value":""}\n' * 1000)[:-20], "cannot be read"),
    ],
    ids=["noise", "gzipped dump, cut"],
)
def test_a_file_of_another_kind_is_told_by_its_content(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=says):
        open_file(path)


def test_a_dump_is_told_by_its_content_too(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    for data in (b'\n{"key":"/a","value":""}\n', gzip.compress(b'{"key":"/a","value":""}\n')):
        path.write_bytes(data)
        assert [kv.key for kv in open_file(path).range(Range(b"", b"\0")).kvs] == [b"/a"]


def test_a_directory_and_a_path_that_are_nothing_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="holds no member/snap/db"):
        open_file(tmp_path)
    with pytest.raises(FileFormatError, match="cannot be read"):
        open_file(tmp_path / "missing")


# Where damage does most: the heads of pages, then anything.
heads = st.builds(lambda page, at: page * PAGE + at, st.integers(0, 615), st.integers(0, 80))
edits = st.lists(
    st.tuples(heads | st.integers(0, len(BODY) - 1), st.binary(min_size=1, max_size=9)), min_size=1, max_size=8
)


@given(edits)
def test_a_damaged_snapshot_is_never_read(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bytes]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.db"
    data = edited(*changes, data=WHOLE)
    path.write_bytes(data)
    try:
        store = open_snapshot(path)
    except FileFormatError:
        assert data != WHOLE
        return
    assert (data == WHOLE, everything(store)) == (True, CAPTURED)
    store.close()


@given(edits, st.none() | st.integers(0, len(BODY) // 512))
@example([(KEYS * PAGE + 24, struct.pack("<Q", ROOT))], None)
def test_a_damaged_file_without_a_hash_gives_an_error_or_what_it_holds(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bytes]], blocks: int | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "unchecked.db"
    path.write_bytes(edited(*changes)[: None if blocks is None else blocks * 512])
    try:
        store = open_snapshot(path)
    except FileFormatError:
        return
    for revision in (0, max(store.compacted, store.revision // 2)):
        try:
            found = store.range(Range(b"", b"\0", revision=revision))
        except FileFormatError:
            continue
        assert [kv.key for kv in found.kvs] == sorted({kv.key for kv in found.kvs})
    store.close()


def test_a_hash_of_ones_own_makes_a_changed_file_whole(opened: Opened) -> None:
    changed = edited((BODY.index(b"30000-32767"), b"30000-32768"))

    store = opened(changed + hashlib.sha256(changed).digest())

    assert b"30000-32768" in store.range(Range(b"/registry/ranges/servicenodeports", revision=2)).kvs[0].value
    assert store.notes == ()


def test_a_closed_file_gives_an_error(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(BODY)
    file = BoltFile(path)
    file.close()
    file.close()
    with pytest.raises(FileFormatError, match="cannot be read"):
        file.read(0, 1)
