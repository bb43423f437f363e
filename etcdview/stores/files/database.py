"""A snapshot, or the database file of a member, as a store: every revision that it still holds, values left on disk.

Layout: etcd's server/storage/mvcc (in the bucket "key" a revision is the key, an mvccpb.KeyValue the value) and schema.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from etcdview.errors import CompactedError, FileFormatError, FutureRevisionError
from etcdview.models import Event, KeyValue, NamesPiece, Range, RangeResult
from etcdview.stores.files.bbolt import BoltFile, Bucket, Item
from etcdview.stores.files.members import FileFacts, file_facts
from etcdview.stores.files.page_check import PageCheck, check_pages
from etcdview.stores.files.records import parse_record, record_name
from etcdview.stores.files.revisions import KeysFound, Revisions
from etcdview.stores.key_past import KeyPast, PastRequest

IN_A_MEMBER = ("member/snap/db", "snap/db")
NO_HASH = "This database file has no hash, unlike a snapshot, so it was not verified."
NO_WAL = "This is the database file of a member; its log (WAL) is not read, so the last writes may be missing."

_HASH_BYTES = 32
_CHUNK_BYTES = 1 << 20
_SMALL = (b"meta", b"cluster", b"members", b"alarm")  # buckets that hold a few pairs
_COMPACTIONS = (b"finishedCompactRev", b"scheduledCompactRev")


def open_snapshot(path: Path) -> SnapshotStore:
    """A file that `etcdctl snapshot save` wrote, a copy of member/snap/db, or a data directory with that in it.

    Raises FileFormatError for all that is damaged or cut, for a hash that does not fit, and for a file that an etcd
    is running on.
    """
    database = database_of(path) if path.is_dir() else path
    of_member = database != path or path.parts[-2:] == ("snap", "db")
    file = BoltFile(database)
    try:
        _refuse_running(file)
        checked = _check_hash(file)
        notes = (NO_WAL,) * of_member + (NO_HASH,) * (not checked)
        return SnapshotStore(file, str(path), notes, checked=checked)
    except BaseException:
        file.close()
        raise


def database_of(folder: Path) -> Path:
    """The database file in a member's data directory. Raises FileFormatError."""
    try:
        return next(path for name in IN_A_MEMBER if (path := folder / name).is_file())
    except (OSError, StopIteration) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no member/snap/db"
        raise FileFormatError(
            f"{folder} is not a readable data directory of an etcd member: {why}.",
            "Give etcd's --data-dir, such as /var/lib/etcd, as a user with read permission.",
        ) from error


class SnapshotStore:
    """The Store protocol over a database file. `notes` are what has to be said beside all that is read from it.

    `compacted` is the oldest revision that can be read; `checked` whether a hash has shown that the file is whole.
    """

    live = False

    def __init__(self, file: BoltFile, name: str, notes: tuple[str, ...] = (), *, checked: bool = False) -> None:
        self.name = name
        self.notes = notes
        self.checked = checked
        self._file = file
        buckets = file.buckets()
        if b"key" not in buckets:
            raise file.broken('is not an etcd database: it has no bucket "key"')
        self._revisions = _revisions(file, buckets[b"key"])
        self._pairs = {name: _pairs(file, buckets[name]) for name in _SMALL if name in buckets}
        meta = self._pairs.get(b"meta", {})
        self.compacted = max(int.from_bytes(meta.get(name, b"")[:8], "big") for name in _COMPACTIONS)
        self.revision = max(self._revisions.newest, self.compacted, 1)

    def range(self, request: Range) -> RangeResult:
        """See Store.range; raises FileFormatError too, where the file is no longer what it was."""
        found = self._find(request.start, request.end, request.revision, request.limit)
        kvs = () if request.count_only else tuple(map(self._read, found.names, found.records))
        if request.keys_only:
            kvs = tuple(replace(kv, value=b"") for kv in kvs)
        more = not request.count_only and len(found.names) < found.count
        return RangeResult(request.revision or self.revision, kvs, count=found.count, more=more)

    def list_names(
        self, start: bytes, end: bytes, *, revision: int = 0, limit: int = 0, serializable: bool = False
    ) -> NamesPiece:
        """See NameLister.list_names: nothing is read from the file."""
        found = self._find(start, end, revision, limit)
        return NamesPiece(revision or self.revision, found.names, found.count, len(found.names) < found.count)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        found = (self.range(Range(key, revision=revision, keys_only=keys_only)).kvs for key in keys)
        return {kvs[0].key: kvs[0] for kvs in found if kvs}

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """See KeepsPast.key_past."""
        events: list[Event] = []
        size_bytes = 0
        for record in self._revisions.records_of(wanted.key, wanted.before):
            where = self._revisions.where(record)
            size_bytes += where.size
            if len(events) == wanted.limit or size_bytes > wanted.max_bytes:
                return KeyPast(tuple(events), self.compacted, more=True)
            gone = KeyValue(wanted.key, 0, where.revision, 0)
            events.append(Event(self._read(wanted.key, record)) if where.size else Event(gone, deleted=True))
        return KeyPast(tuple(events), self.compacted)

    def facts(self) -> FileFacts:
        """What the file says of its cluster. Raises FileFormatError."""
        try:
            return file_facts(self._pairs)
        except ValueError as error:
            raise self._file.broken(f"is damaged: its cluster cannot be read ({error})") from error

    def page_check(self) -> PageCheck:
        """Every page accounted for, which reads all of the file. Raises FileFormatError."""
        return check_pages(self._file)

    @property
    def size_bytes(self) -> int:
        """The file's size."""
        return self._file.size_bytes

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _find(self, start: bytes, end: bytes, revision: int, limit: int) -> KeysFound:
        if revision in (0, self.revision):
            return self._revisions.find(start, end, limit)
        if revision > self.revision:
            raise FutureRevisionError(
                f"{self.name} ends at revision {self.revision:,}, before {revision:,}.", "Ask for an older one."
            )
        if revision < self.compacted:
            raise CompactedError(
                f"Revision {revision:,} had been compacted when {self.name} was made.",
                f"Its oldest revision is {self.compacted:,}.",
                oldest=self.compacted,
            )
        return self._revisions.find_at(start, end, revision, limit)

    def _read(self, name: bytes, record: int) -> KeyValue:
        where = self._revisions.where(record)
        try:
            kv = parse_record(self._file.read(where.position, where.size))
        except ValueError as error:
            raise self._file.broken(f"has a damaged record at byte {where.position:,} ({error})") from error
        if kv.key != name or kv.mod_revision != where.revision:
            raise self._file.broken(f"has another record at byte {where.position:,} than should be there")
        return kv


def _pairs(file: BoltFile, bucket: Bucket) -> dict[bytes, bytes]:
    return {item.key: bytes(item.value) for item in file.items(bucket)}


def _revisions(file: BoltFile, bucket: Bucket) -> Revisions:
    """Every record of the bucket "key", in its order, which is that of the revisions."""
    found = Revisions()
    before = b""
    for item in file.items(bucket):
        revision = item.key[:17]
        deleted = item.key[17:] == b"t"
        if len(item.key) != 17 + deleted or revision[8:9] != b"_" or revision <= before:
            raise file.broken(f"is damaged: {item.key.hex()} near byte {item.position:,} is not a valid next revision")
        before = revision
        main = int.from_bytes(revision[:8], "big")
        found.add(_name(file, item), main, item.position, 0 if deleted else len(item.value))
    found.finish()
    return found


def _name(file: BoltFile, item: Item) -> bytes:
    try:
        return record_name(item.value)
    except ValueError as error:
        raise file.broken(f"has a damaged record at byte {item.position:,} ({error})") from error


def _check_hash(file: BoltFile) -> bool:
    """Whether there is a hash, as `etcdctl snapshot save` appends it. Raises FileFormatError where it does not fit."""
    body, rest = file.size_bytes - file.size_bytes % 512, file.size_bytes % 512
    if not rest:
        return False
    if rest != _HASH_BYTES:
        raise file.broken(f"is cut short or damaged: a database or snapshot is never {file.size_bytes:,} bytes long")
    found = hashlib.sha256()
    for position in range(0, body, _CHUNK_BYTES):
        found.update(file.read(position, min(_CHUNK_BYTES, body - position)))
    if found.digest() != file.read(body, _HASH_BYTES):
        raise FileFormatError(
            f"{file.path} is damaged: it does not match the hash at its end.",
            "Take another one. To read it anyway, cut the hash off a copy: truncate -s -32 COPY.",
        )
    return True


def _refuse_running(file: BoltFile) -> None:
    """etcd locks its file. What it writes there meanwhile would be read half."""
    with suppress(OSError):  # a file system without locks
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileFormatError(
                f"An etcd is running on {file.path}.",
                "Connect to it (--endpoints), or save a snapshot of it (etcdview snapshot save FILE) and read that.",
            ) from error
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
