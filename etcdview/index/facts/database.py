"""The database that facts stand in: its tables, and how they are written.

Several processes write it: who fills it with what is stored, and who follows the watch. A fact replaces only an older
one of its key, whichever comes first, so both may work at the same time.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from etcdview.codec import StorageFormat
from etcdview.index.facts.fact import STATES, Fact
from etcdview.relations.needed import NEEDS

BUSY_SECONDS = 300.0  # how long a writer waits for another, which may be completing millions of facts
_LOOK_SECONDS = 0.15  # who waits has looked again by then: SQLite sleeps for 0.1 s at most
FILLING_CACHE_KIB = 16 * 1024  # of the process that fills
_CACHE_KIB = 2 * 1024  # of each other connection: the system keeps the file in memory as well
_KEPT_TEXTS = 20_000  # at about a kilobyte each, for sets of labels
_KEPT_FOLDERS = 100_000
_FOLDER = "etcdview-facts-"
_PID_DIGITS = 10  # fewer than: the kernel's are below 2 ** 22, and anyone may make a folder of any name
_WAL_BYTES = 16 * 1024 * 1024  # what stays of the log of changes once it has been copied
CLEAN_AFTER = 20_000  # new texts; more where more are in use

# The type whose lists are in the order of age, which has an index of its own; the number of its text never changes.
EVENTS_TEXT, EVENTS_NUMBER = "events", 1

_UID_HEAD = 6  # bytes of a UID that its index holds: 2 ** 48 of them are enough for millions of objects


def uid_head(column: str) -> str:
    """The expression that objects are found by their UID with, or by that of their owner: compare the whole, too."""
    return f"substr({column}, 1, {_UID_HEAD})"


_SCHEMA = """
CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE folders (id INTEGER PRIMARY KEY, folder BLOB NOT NULL UNIQUE);
CREATE TABLE facts (
    id INTEGER PRIMARY KEY,
    folder INTEGER NOT NULL,
    name BLOB NOT NULL,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    namespace INTEGER NOT NULL,
    storage INTEGER NOT NULL,
    state INTEGER NOT NULL,
    word INTEGER NOT NULL,
    error INTEGER,
    uid BLOB,
    owner BLOB,
    created INTEGER,
    deleted INTEGER,
    finalizers INTEGER,
    labels INTEGER,
    node INTEGER,
    size INTEGER NOT NULL,
    managed_bytes INTEGER NOT NULL,
    annotation_bytes INTEGER NOT NULL,
    last_applied_bytes INTEGER NOT NULL,
    data_bytes INTEGER NOT NULL,
    manager INTEGER,
    managed_after INTEGER,
    misnamed INTEGER NOT NULL
);
CREATE UNIQUE INDEX by_key ON facts (folder, digest(name));
CREATE TRIGGER disowned AFTER DELETE ON facts BEGIN
    DELETE FROM more_owners WHERE id = old.id; DELETE FROM needed WHERE id = old.id;
END;
CREATE TRIGGER owned_anew AFTER UPDATE ON facts BEGIN
    DELETE FROM more_owners WHERE id = old.id; DELETE FROM needed WHERE id = old.id;
END;
CREATE TABLE more_owners (id INTEGER NOT NULL, owner BLOB NOT NULL, PRIMARY KEY (id, owner)) WITHOUT ROWID;
CREATE TABLE needed (
    id INTEGER NOT NULL, need INTEGER NOT NULL, folder INTEGER NOT NULL, digest BLOB NOT NULL, uid BLOB NOT NULL,
    PRIMARY KEY (id, need, folder, digest, uid)
) WITHOUT ROWID;
CREATE TABLE gone (
    folder INTEGER, name BLOB, revision INTEGER NOT NULL, PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE TABLE totals (
    resource INTEGER, namespace INTEGER, storage INTEGER, state INTEGER,
    keys INTEGER, bytes INTEGER, managed_bytes INTEGER, annotation_bytes INTEGER, last_applied_bytes INTEGER,
    data_bytes INTEGER,
    PRIMARY KEY (resource, namespace, storage, state)
) WITHOUT ROWID;
CREATE TABLE marks (resource INTEGER, word INTEGER, node INTEGER, keys INTEGER, PRIMARY KEY (resource, word, node))
WITHOUT ROWID;
"""
# Made after the first pass: filling a table without them is quicker. What digests have left half empty is packed first.
_INDEXES = (
    "REINDEX by_key",
    f"CREATE INDEX IF NOT EXISTS by_event_age ON facts (coalesce(created, 0)) WHERE resource = {EVENTS_NUMBER}",
    "CREATE INDEX IF NOT EXISTS by_labels ON facts (resource, labels)",
    "CREATE INDEX IF NOT EXISTS by_type_size ON facts (resource, size)",
    f"CREATE INDEX IF NOT EXISTS by_uid ON facts ({uid_head('uid')})",
    f"CREATE INDEX IF NOT EXISTS by_owner ON facts ({uid_head('owner')}) WHERE owner IS NOT NULL",
    f"CREATE INDEX IF NOT EXISTS by_further_owner ON more_owners ({uid_head('owner')})",
    "CREATE INDEX IF NOT EXISTS by_node ON facts (node) WHERE node IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS by_version ON facts (version) WHERE version > 1",
    "CREATE INDEX IF NOT EXISTS unhealthy ON facts (namespace, resource) WHERE state = 2",
    "CREATE INDEX IF NOT EXISTS deleting ON facts (deleted) WHERE deleted IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS undecodable ON facts (error) WHERE error IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS misnamed_keys ON facts (resource) WHERE misnamed",
)
_SUMS = ("bytes", "managed_bytes", "annotation_bytes", "last_applied_bytes", "data_bytes")
_PARTS = ("size", *_SUMS[1:])  # the columns of a fact that the sums are of


def _sums() -> str:
    """What makes `totals` once the database is filled, and keeps it equal to `facts` from then on, from any process."""
    group = ("resource", "namespace", "storage", "state")
    new = ", ".join(f"new.{part}" for part in _PARTS)
    more = ", ".join(f"{total} = {total} + excluded.{total}" for total in _SUMS)
    less = ", ".join(f"{total} = {total} - old.{part}" for total, part in zip(_SUMS, _PARTS, strict=True))
    same = " AND ".join(f"{column} = old.{column}" for column in group)
    add = (
        f"INSERT INTO totals VALUES ({', '.join(f'new.{column}' for column in group)}, 1, {new}) "
        f"ON CONFLICT DO UPDATE SET keys = keys + 1, {more};"
    )
    remove = f"UPDATE totals SET keys = keys - 1, {less} WHERE {same};"
    columns, sums = ", ".join(group), ", ".join(f"sum({part})" for part in _PARTS)
    return (
        "BEGIN IMMEDIATE;"
        "DELETE FROM totals;"
        f"INSERT INTO totals SELECT {columns}, count(*), {sums} FROM facts GROUP BY {columns};"
        f"CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON facts BEGIN {add} END;"
        f"CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON facts BEGIN {remove} END;"
        f"CREATE TRIGGER IF NOT EXISTS replaced AFTER UPDATE ON facts BEGIN {remove} {add} END;"
        "COMMIT;"
    )


def _marks() -> str:
    """The same for `marks`: how many keys of a type have each word, and are on each node; 0 is any word, or no node."""
    words = "resource, word, 0, count(*) FROM facts GROUP BY resource, word"
    nodes = "resource, 0, coalesce(node, 0), count(*) FROM facts GROUP BY resource, node"
    added = "(new.resource, new.word, 0, 1), (new.resource, 0, coalesce(new.node, 0), 1)"
    add = f"INSERT INTO marks VALUES {added} ON CONFLICT DO UPDATE SET keys = keys + 1;"
    less = "UPDATE marks SET keys = keys - 1 WHERE resource = old.resource AND"
    remove = f"{less} word = old.word AND node = 0; {less} word = 0 AND node = coalesce(old.node, 0);"
    changed = "WHEN (old.resource, old.word, old.node) IS NOT (new.resource, new.word, new.node)"
    return (
        "BEGIN IMMEDIATE;"
        "DELETE FROM marks;"
        f"INSERT INTO marks SELECT {words};"
        f"INSERT INTO marks SELECT {nodes};"
        f"CREATE TRIGGER IF NOT EXISTS marked AFTER INSERT ON facts BEGIN {add} END;"
        f"CREATE TRIGGER IF NOT EXISTS unmarked AFTER DELETE ON facts BEGIN {remove} END;"
        f"CREATE TRIGGER IF NOT EXISTS marked_anew AFTER UPDATE ON facts {changed} BEGIN {remove} {add} END;"
        "COMMIT;"
    )


_COLUMNS = (
    "folder", "name", "revision", "version", "resource", "namespace", "storage", "state", "word", "error", "uid",
    "owner", "created", "deleted", "finalizers", "labels", "node", "size", "managed_bytes", "annotation_bytes",
    "last_applied_bytes", "data_bytes", "manager", "managed_after", "misnamed",
)  # fmt: skip
# where the fact itself was not older than what was there
_ADD_OWNER = (
    "INSERT OR IGNORE INTO more_owners SELECT id, ? FROM facts "
    "WHERE folder = ? AND digest(name) = digest(?) AND revision = ?"
)
_USED_TEXTS = " UNION ".join(
    f"SELECT {column} FROM facts WHERE {column} IS NOT NULL"
    for column in (
        "resource", "namespace", "storage", "word", "error", "finalizers", "labels", "node", "manager"
    )
)  # fmt: skip
_REPLACES = (
    f"ON CONFLICT (folder, digest(name)) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS[2:])} "
    "WHERE excluded.revision > facts.revision"
)
_UPSERT = f"INSERT INTO facts ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) {_REPLACES}"
# while others fill: the key may have been deleted after this value was read
_UPSERT_UNLESS_GONE = (
    f"INSERT INTO facts ({', '.join(_COLUMNS)}) SELECT {', '.join(f'?{n}' for n in range(1, len(_COLUMNS) + 1))} "
    f"WHERE NOT EXISTS (SELECT 1 FROM gone WHERE folder = ?1 AND name = ?2 AND revision >= ?3) {_REPLACES}"
)
_ADD_NEEDED = (
    "INSERT OR IGNORE INTO needed SELECT id, ?, ?, digest(?), ? FROM facts "
    "WHERE folder = ? AND digest(name) = digest(?) AND revision = ?"
)
_DELETE = "DELETE FROM facts WHERE folder = ? AND digest(name) = digest(?) AND revision <= ?"
_REMEMBER = "INSERT INTO gone VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET revision = max(revision, excluded.revision)"


def new_folder() -> Path:
    """A folder for a database of this process, which nobody else may read; those of processes that died are removed.

    Raises OSError where no temporary folder can be written.
    """
    for old in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        if _is_left(old):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))


def _is_left(folder: Path) -> bool:
    """Whether a process of this user made the folder and has ended."""
    pid = folder.name.removeprefix(_FOLDER).partition("-")[0]
    try:
        mine = folder.lstat().st_uid == os.getuid()
    except OSError:  # another process removes it as well
        return False
    return mine and pid.isascii() and pid.isdecimal() and len(pid) < _PID_DIGITS and not _runs(int(pid))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def create(path: Path) -> None:
    """An empty database. Raises sqlite3.Error, OSError."""
    path.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {secrets.randbits(31)}")  # the salt of its digests
    with contextlib.closing(_connected(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
        connection.execute("INSERT INTO texts VALUES (?, ?)", (EVENTS_NUMBER, EVENTS_TEXT))


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads. Each thread needs its own."""
    connection = _connected(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connected(path: Path, cache_kib: int = _CACHE_KIB) -> sqlite3.Connection:
    there = f"{path.absolute().as_uri()}?mode=rw"  # one that was deleted is not made again, empty
    connection = sqlite3.connect(there, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True)
    connection.execute("PRAGMA synchronous = OFF")  # nothing is lost that cannot be read again
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    (salt,) = connection.execute("PRAGMA user_version").fetchone()
    digest = functools.partial(_digest, salt.to_bytes(8))
    connection.create_function("digest", 1, digest, deterministic=True)
    return connection


def _pause(held_seconds: float) -> float:
    """How long to leave the database to others that have waited for so long.

    They look again after about as long as they have waited already, and then have to write what has come meanwhile.
    """
    return max(min(2 * held_seconds, _LOOK_SECONDS), held_seconds / 2)


def _digest(salt: bytes, name: bytes) -> bytes:
    """What the index of keys holds of a name, which would stand there a second time: 8 bytes, no two alike.

    Of five million, two are alike once in a million databases. Who writes keys cannot choose them: they do not know
    the salt.
    """
    return blake2b(name, digest_size=8, salt=salt).digest()


class FactWriter:
    """Writes facts. Not for several threads at once; each process has its own."""

    def __init__(self, path: Path, *, cache_kib: int = _CACHE_KIB) -> None:
        self._connection = _connected(path, cache_kib)
        self._texts: dict[str, int] = {}
        self._folders: dict[bytes, int] = {}
        self._written: dict[object, str] = {}  # labels and ways of storing, as the database has them
        self._new_texts = 0  # since the last cleaning
        self._clean_after = CLEAN_AFTER

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def write(self, facts: Iterable[Fact], deleted: Sequence[tuple[bytes, int]] = (), *, filling: bool = False) -> None:
        """Replace facts, and delete those of keys that were deleted at a revision; all in one transaction.

        While the database is being filled, deletions are remembered: who fills may still hold an older value. A write
        looks at the keys that it was given, and at no others: of an hour's events, a million may have been deleted.
        """
        given = list(facts)  # before others have to wait
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            gone = [(*self._place(key), revision) for key, revision in deleted]
            upsert = _UPSERT_UNLESS_GONE if filling else _UPSERT
            self._connection.executemany(upsert, [self._row(fact) for fact in given])
            self._connection.executemany(_ADD_OWNER, [row for fact in given for row in self._further_owners(fact)])
            self._connection.executemany(_ADD_NEEDED, [row for fact in given for row in self._needed(fact)])
            self._connection.executemany(_DELETE, gone)
            if filling:
                self._connection.executemany(_REMEMBER, gone)
            else:
                self._connection.execute("DELETE FROM gone")
                self._clean()
        except BaseException:
            if self._connection.in_transaction:  # else SQLite has ended it itself, as on a full disk
                self._connection.execute("ROLLBACK")
            self._texts.clear()  # some of them were not kept
            self._folders.clear()
            raise
        self._connection.execute("COMMIT")

    def _clean(self) -> None:
        """Delete unused texts and sums: labels and namespaces come and go for months.

        It looks at every fact, so it waits until the texts may have doubled.
        """
        if self._new_texts < self._clean_after:
            return
        for sums in ("totals", "marks"):
            self._connection.execute(f"DELETE FROM {sums} WHERE keys <= 0")
        self._connection.execute(f"DELETE FROM texts WHERE id <> {EVENTS_NUMBER} AND id NOT IN ({_USED_TEXTS})")
        used = "SELECT folder FROM facts UNION SELECT folder FROM needed"
        self._connection.execute(f"DELETE FROM folders WHERE id NOT IN ({used})")
        self._texts.clear()
        self._folders.clear()
        self._new_texts = 0
        (used,) = self._connection.execute("SELECT count(*) FROM texts").fetchone()
        self._clean_after = max(CLEAN_AFTER, used)

    def complete(self) -> None:
        """Make the sums and indexes that questions need, once all values are written, and empty the log of changes.

        Each is a long transaction, so there is a pause behind it: who follows the watch writes what came meanwhile.
        """
        for statements in (_sums(), _marks(), *_INDEXES):
            began = time.monotonic()
            self._connection.executescript(statements)
            time.sleep(_pause(time.monotonic() - began))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # as far as nobody reads or writes at this moment

    def _row(self, fact: Fact) -> tuple[Any, ...]:
        kv, outline, text = fact.kv, fact.outline, self._optional
        return (
            *self._place(kv.key),
            kv.mod_revision,
            kv.version,
            self._text(fact.resource),
            self._text(fact.namespace),
            self._text(self._once(outline.storage, storage_text)),
            STATES.index(fact.state),
            self._text(fact.word),
            text(fact.error),
            packed_uid(outline.uid),
            packed_uid(_owner(fact)),
            outline.created,
            outline.deleted,
            text(json.dumps(outline.finalizers) if outline.finalizers else ""),
            text(self._once(tuple(outline.labels.items()), labels_text)),
            text(fact.node),
            kv.size_bytes,
            outline.managed_bytes,
            outline.annotation_bytes,
            outline.last_applied_bytes,
            outline.data_bytes,
            text(outline.manager),
            # mostly soon after the creation: a small number takes fewer bytes
            None if outline.managed_at is None else outline.managed_at - (outline.created or 0),
            int(fact.misnamed),
        )

    def _once(self, value: Any, write: Callable[[Any], str]) -> str:
        """What `write` makes of the value: most values have been seen before."""
        known = self._written.get(value)
        if known is None:
            if len(self._written) >= _KEPT_TEXTS:
                self._written.clear()
            known = self._written[value] = write(value)
        return known

    def _place(self, key: bytes) -> tuple[int, bytes]:
        """Where the key stands: the number of its folder, up to its last slash, and its name there."""
        end = key.rfind(b"/") + 1
        folder = key[:end]
        found = self._folders.get(folder)
        if found is None:
            if len(self._folders) >= _KEPT_FOLDERS:
                self._folders.clear()
            added = self._connection.execute("INSERT OR IGNORE INTO folders (folder) VALUES (?)", (folder,)).rowcount
            self._new_texts += added
            query = "SELECT id FROM folders WHERE folder = ?"
            found = self._folders[folder] = int(self._connection.execute(query, (folder,)).fetchone()[0])
        return found, key[end:]

    def _further_owners(self, fact: Fact) -> Iterator[tuple[bytes | str, int, bytes, int]]:
        """Rows of the owners beside the one that stands in the fact: few objects have any."""
        if len(fact.outline.owners) > 1:
            first = _owner(fact)
            for owner in fact.outline.owners:
                packed = packed_uid(owner.uid)
                if packed is not None and owner.uid != first:
                    yield packed, *self._place(fact.kv.key), fact.kv.mod_revision

    def _needed(self, fact: Fact) -> Iterator[tuple[Any, ...]]:
        """Rows of what the object cannot do without."""
        for one in fact.needed:
            uid = packed_uid(one.uid) or b""
            yield NEEDS.index(one.need), *self._place(one.key), uid, *self._place(fact.kv.key), fact.kv.mod_revision

    def _optional(self, text: str) -> int | None:
        return self._text(text) if text else None

    def _text(self, text: str) -> int:
        known = self._texts.get(text)
        if known is not None:
            return known
        written = _storable(text)
        added = self._connection.execute("INSERT OR IGNORE INTO texts (text) VALUES (?)", (written,)).rowcount
        self._new_texts += added
        found: int = self._connection.execute("SELECT id FROM texts WHERE text = ?", (written,)).fetchone()[0]
        if len(self._texts) >= _KEPT_TEXTS:
            self._texts.clear()
        self._texts[text] = found
        return found


def storage_text(storage: StorageFormat) -> str:
    """How a value is stored, as the database has it; see storage_of."""
    return json.dumps([storage.format, storage.provider, storage.key_name, storage.api_version, storage.kind])


@functools.lru_cache(maxsize=4096)
def storage_of(text: str) -> StorageFormat:
    """The way back from storage_text."""
    return StorageFormat(*json.loads(text))


def labels_text(labels: tuple[tuple[str, str], ...]) -> str:
    """Labels as the database has them: "" for none, else JSON in the order of their names."""
    return json.dumps(dict(labels), sort_keys=True, separators=(",", ":"), ensure_ascii=False) if labels else ""


def packed_uid(uid: str) -> bytes | str | None:
    """A UID in 16 bytes where it is a UUID as Kubernetes writes them, else as it is; None for none."""
    if not uid:
        return None
    if len(uid) == 36 and uid[8] == uid[13] == uid[18] == uid[23] == "-":
        digits = uid.replace("-", "")
        try:
            packed = bytes.fromhex(digits)
        except ValueError:
            return _storable(uid)
        if packed.hex() == digits:  # in lower case, and without spaces
            return packed
    return _storable(uid)


def unpacked_uid(packed: bytes | str) -> str:
    """The way back from packed_uid."""
    if isinstance(packed, str):
        return packed
    text = packed.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _storable(text: str) -> str:
    """The text as SQLite can hold it: lone surrogates have no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _owner(fact: Fact) -> str:
    """The controller's UID, else that of the first owner: what the object goes with."""
    owners = fact.outline.owners
    return next((owner.uid for owner in owners if owner.controller), owners[0].uid if owners else "")
