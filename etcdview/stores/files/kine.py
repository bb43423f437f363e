"""k3s's SQLite database (state.db): kine's one table, a row for every revision of every key.

Source: kine's pkg/drivers/generic and pkg/logstructured/sqllog. A row's number is its revision; there are no versions.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from etcdview.errors import FileFormatError
from etcdview.models import KeyValue
from etcdview.stores.files.revision_store import RevisionStore
from etcdview.stores.files.revisions import Revisions

_MAGIC = b"SQLite format 3\0"
_LARGEST_VALUE = 64 << 20  # bytes
_COMPACTED = "compact_rev_key"  # the row whose prev_revision is the last compaction
_GAP = "gap-"  # rows that take the place of revisions that never were
_NAMES = (
    "SELECT id, name, deleted, length(value), coalesce(prev_revision, 0) FROM kine"
    " WHERE typeof(id) = 'integer' AND id > 0 ORDER BY id"
)
_ROW = "SELECT name, created, create_revision, lease, value FROM kine WHERE id = ?"


def is_sqlite(head: bytes) -> bool:
    """Whether a file that begins so is a SQLite database."""
    return head.startswith(_MAGIC)


def open_kine(path: Path) -> KineStore:
    """k3s's state.db, with the log that may lie beside it (state.db-wal). Nothing is written there.

    Raises FileFormatError for a database that is damaged, locked, or not kine's.
    """
    log = path.with_name(path.name + "-wal")
    try:
        if not (log.exists() and log.stat().st_size):
            return KineStore(path, _connected(path, "mode=ro&immutable=1"))
        if path.with_name(path.name + "-shm").exists():  # a k3s runs on it, or was killed: SQLite shares it
            return KineStore(path, _connected(path, "mode=ro"))
        return _copied(path, log)
    except (sqlite3.Error, OSError) as error:
        raise _broken(path, error) from error


def _copied(path: Path, log: Path) -> KineStore:
    """To read a log SQLite makes a file beside it: beside a copy then, for its owner alone."""
    copy = tempfile.TemporaryDirectory(prefix="etcdview-")
    try:
        for file in (path, log):
            shutil.copyfile(file, Path(copy.name) / file.name)
        return KineStore(path, _connected(Path(copy.name) / path.name, "mode=ro"), copy)
    except BaseException:
        copy.cleanup()
        raise


class KineStore(RevisionStore):
    """The Store protocol over kine's table."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, copy: tempfile.TemporaryDirectory[str] | None = None
    ) -> None:
        self._path, self._connection, self._copy = path, connection, copy
        self._lock = threading.Lock()
        try:
            revisions, compacted = self._load()
        except BaseException:
            connection.close()
            raise
        super().__init__(str(path), revisions, compacted)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
            if self._copy is not None:
                self._copy.cleanup()

    def _load(self) -> tuple[Revisions, int]:
        """Names and revisions of all rows, without their values; and the last compaction."""
        found, compacted = Revisions(), 0
        with self._asked() as connection:
            if connection.execute("SELECT type FROM sqlite_master WHERE name = 'kine'").fetchone() != ("table",):
                raise FileFormatError(
                    f"{self._path} is a SQLite database without kine's table.",
                    "Give k3s's state.db: /var/lib/rancher/k3s/server/db/state.db.",
                )
            for revision, name, deleted, size, previous in connection.execute(_NAMES):
                if name == _COMPACTED:
                    compacted = max(compacted, int(previous))
                elif not str(name).startswith(_GAP):
                    found.add(_bytes(name), revision, revision, 0 if deleted else 1 + int(size or 0))
        found.finish()
        return found, compacted

    def _read(self, name: bytes, record: int) -> KeyValue:
        where = self._revisions.where(record)
        with self._asked() as connection:
            row = connection.execute(_ROW, (where.position,)).fetchone()
        if row is None or _bytes(row[0]) != name:
            raise FileFormatError(
                f"{self._path} no longer has revision {where.revision:,}: k3s has compacted it meanwhile.",
                "Open it again.",
            )
        _, created, create_revision, lease, value = row
        born = where.revision if created or not create_revision else int(create_revision)
        return KeyValue(name, born, where.revision, 0, int(lease or 0), _bytes(value or b""))

    @contextmanager
    def _asked(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time. Raises FileFormatError for what SQLite cannot read."""
        with self._lock:
            try:
                yield self._connection
            except (sqlite3.Error, ValueError, OverflowError, TypeError) as error:
                raise _broken(self._path, error) from error


def _connected(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?{how}", uri=True, check_same_thread=False)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        # a stranger's file: its schema may run nothing, and its cells are checked before they are believed
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _bytes(value: object) -> bytes:
    """A text or a blob, as Go writes either."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")


def _broken(path: Path, error: Exception) -> FileFormatError:
    return FileFormatError(
        f"{path} cannot be read: {error}.", "Copy it again, with its -wal beside it, while k3s is stopped."
    )
