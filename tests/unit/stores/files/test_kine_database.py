"""k3s's state.db: the keys that kine serves from it, at every revision, with and without a log beside it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.cluster.sources import open_file
from etcdview.errors import CompactedError, FileFormatError
from etcdview.models import KeyValue, Range
from etcdview.stores.files.kine import KineStore
from etcdview.stores.key_past import PastRequest

TABLE = """CREATE TABLE kine (id INTEGER PRIMARY KEY AUTOINCREMENT, name INTEGER, created INTEGER, deleted INTEGER,
    create_revision INTEGER, prev_revision INTEGER, lease INTEGER, value BLOB, old_value BLOB)"""
VIEW = "CREATE VIEW kine AS WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c) SELECT id FROM c"
ROWS = [  # name, created, deleted, create_revision, prev_revision, lease, value
    ("compact_rev_key", 1, 0, 0, 3, 0, b""),
    ("/registry/health", 1, 0, 0, 0, 0, b'{"health":"true"}'),
    ("/registry/a", 1, 0, 0, 0, 0, b"1"),
    ("/registry/a", 0, 0, 3, 3, 0, b"2"),
    ("gap-5", 0, 1, 0, 0, 0, None),
    ("/registry/b", 1, 0, 0, 0, 7, b""),
    ("/registry/a", 0, 1, 3, 4, 0, b"2"),
    ("/registry/a", 1, 0, 0, 7, 0, b"3"),
]
NEWEST = (
    KeyValue(b"/registry/a", 8, 8, 0, 0, b"3"),
    KeyValue(b"/registry/b", 6, 6, 0, 7, b""),
    KeyValue(b"/registry/health", 2, 2, 0, 0, b'{"health":"true"}'),
)


def written(path: Path, journal: str = "delete") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute(TABLE)
    connection.executemany(
        "INSERT INTO kine (name, created, deleted, create_revision, prev_revision, lease, value)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        ROWS,
    )
    return connection


def everything(store: KineStore, revision: int = 0) -> tuple[KeyValue, ...]:
    return store.range(Range(b"\0", b"\0", revision=revision)).kvs


def opened(path: Path) -> KineStore:
    store = open_file(path)
    assert isinstance(store, KineStore)
    return store


def test_every_revision_of_the_table_is_there(tmp_path: Path) -> None:
    written(tmp_path / "state.db").close()
    store = opened(tmp_path / "state.db")

    assert everything(store) == NEWEST
    assert (store.revision, store.compacted, store.notes) == (8, 3, ())
    assert [kv.value for kv in everything(store, 4)] == [b"2", b'{"health":"true"}']
    assert [kv.key for kv in everything(store, 7)] == [b"/registry/b", b"/registry/health"]
    with pytest.raises(CompactedError):
        everything(store, 2)
    past = store.key_past(PastRequest(b"/registry/a", 9, 10, 1 << 20))
    assert [(e.kv.mod_revision, e.deleted) for e in past.events] == [(8, False), (7, True), (4, False), (3, False)]
    store.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """What lies there, but for the locks that SQLite shares."""
    return {
        path.name: b"" if path.name.endswith("-shm") else hashlib.sha256(path.read_bytes()).digest()
        for path in folder.glob("state.db*")
    }


def test_the_log_beside_it_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    writer = written(tmp_path / "state.db", journal="wal")
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("state.db", "state.db-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())

    for folder in (tmp_path, copy):  # one that somebody writes to, and a dead machine's
        before = files_of(folder)
        store = opened(folder / "state.db")
        assert everything(store) == NEWEST
        store.close()
        assert files_of(folder) == before
    writer.close()


def test_what_k3s_compacts_meanwhile_is_said(tmp_path: Path) -> None:
    writer = written(tmp_path / "state.db", journal="wal")
    store = opened(tmp_path / "state.db")
    writer.execute("DELETE FROM kine WHERE id = 6")

    with pytest.raises(FileFormatError, match="no longer has revision 6"):
        everything(store)
    store.close()
    writer.close()


def with_schema(statement: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.close()

    return make


def cut(path: Path) -> None:
    written(path).close()
    path.write_bytes(path.read_bytes()[:4096])


BAD = {
    "another program's database": (with_schema("CREATE TABLE t (a)"), "is a SQLite database without kine's table"),
    "a view in its place": (with_schema(VIEW), "is a SQLite database without kine's table"),
    "a table with other columns": (with_schema("CREATE TABLE kine (id)"), "cannot be read: no such column"),
    "a file that is cut": (cut, "cannot be read: "),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_kines_is_refused_in_words(tmp_path: Path, name: str) -> None:
    make, says = BAD[name]
    make(tmp_path / "state.db")

    with pytest.raises(FileFormatError, match=says):
        open_file(tmp_path / "state.db")
