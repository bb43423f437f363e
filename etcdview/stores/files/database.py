"""A snapshot, or the database file of a member, as a store: every revision that it still holds, values left on disk.

Layout: etcd's server/storage/mvcc (in the bucket "key" a revision is the key, an mvccpb.KeyValue the value) and schema.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from etcdview.errors import FileFormatError
from etcdview.models import KeyValue
from etcdview.stores.files.bbolt import BoltFile, Bucket
from etcdview.stores.files.file_hash import HashProcess, check_hash, has_hash
from etcdview.stores.files.file_space import FileSpace, measure
from etcdview.stores.files.key_bucket import read_revisions
from etcdview.stores.files.members import FileFacts, file_facts
from etcdview.stores.files.page_check import PageCheck, check_pages
from etcdview.stores.files.records import lease_at_end, parse_record
from etcdview.stores.files.revision_store import RevisionStore
from etcdview.stores.files.revisions import Where
from etcdview.stores.files.wal.log import Log
from etcdview.stores.files.wal.recovery import Recovered

NO_HASH = "This database file has no hash, unlike a snapshot, so it was not verified."
NO_WAL = (
    "This is the database file of a member, read without its log (WAL), so the last writes may be missing. "
    "Give the data directory, and the log is read as well."
)

_LARGE_BYTES = 64 << 20
_SMALL = (b"meta", b"cluster", b"members", b"alarm", b"lease", b"auth")  # buckets that hold a few pairs
_IN_LOG = 1 << 62  # a position from here on is the number of a change in the log
_LONGEST_LEASE = 11  # bytes at the end of a record that its lease takes
_COMPACTIONS = (b"finishedCompactRev", b"scheduledCompactRev")


def open_snapshot(path: Path) -> SnapshotStore:
    """A file that `etcdctl snapshot save` wrote, or a copy of member/snap/db.

    Raises FileFormatError for all that is damaged or cut, for a hash that does not fit, and for a file that an etcd
    is running on.
    """
    store = open_database(path, str(path))
    if path.parts[-2:] == ("snap", "db"):
        store.add_notes(NO_WAL)
    return store


def open_database(path: Path, name: str, descriptor: int | None = None) -> SnapshotStore:
    """The same; `name` is what it is called in sentences, `descriptor` an open file with what was packed in it."""
    file = BoltFile(path, descriptor)
    try:
        _refuse_running(file)
        if not has_hash(file):
            return SnapshotStore(file, name, (NO_HASH,))
        if file.size_bytes >= _LARGE_BYTES:
            return _open_large(file, name)
        check_hash(file)
        return SnapshotStore(file, name, checked=True)
    except BaseException:
        file.close()
        raise


def _open_large(file: BoltFile, name: str) -> SnapshotStore:
    """The same of a file that takes seconds to read: its hash is checked beside the reading of its pages."""
    with closing(HashProcess(file)) as beside:
        try:
            return SnapshotStore(file, name, checked=True)
        finally:
            beside.check()  # where both fail, the hash says what is wrong


class SnapshotStore(RevisionStore):
    """The Store protocol over a database file. `notes` are what has to be said beside all that is read from it.

    `checked`: a hash has shown that the file is whole.
    """

    def __init__(self, file: BoltFile, name: str, notes: tuple[str, ...] = (), *, checked: bool = False) -> None:
        self.checked = checked
        self._file = file
        buckets = file.buckets()
        if b"key" not in buckets:
            raise file.broken('is not an etcd database: it has no bucket "key"')
        revisions = read_revisions(file, buckets[b"key"])
        self._pairs = {name: _pairs(file, buckets[name]) for name in _SMALL if name in buckets}
        meta = self._pairs.get(b"meta", {})
        compacted = max(int.from_bytes(meta.get(name, b"")[:8], "big") for name in _COMPACTIONS)
        super().__init__(name, revisions, compacted, notes)
        self._log: Log | None = None
        self.recovered: Recovered | None = None
        self.log_fault = ""  # why the log of its directory cannot be used to its end; what a crash leaves is none

    def add_log(self, log: Log, recovered: Recovered) -> None:
        """Take the changes of the log on top, before anything else is read; the store closes `log`."""
        self._log, self.recovered = log, recovered
        self._revisions.resume()
        for number, change in enumerate(recovered.changes):
            size = 0 if change.deleted else 1 + len(change.meta.key) + (change.value.size if change.value else 0)
            self._revisions.add(change.meta.key, change.meta.mod_revision, _IN_LOG + number, size)
        self._revisions.finish()
        self.revision, self.compacted = recovered.revision, recovered.compacted

    def leased(self, leases: frozenset[int]) -> Iterator[tuple[bytes, int]]:
        """The keys that have one of these leases, each with its lease, without reading all of their values."""
        found = self._revisions.find(b"", b"\0")
        for name, record in zip(found.names, found.records, strict=True):
            where = self._revisions.where(record)
            size = min(where.size, _LONGEST_LEASE)
            if lease_at_end(self._file.read(where.position + where.size - size, size)) in leases:
                kv = self._read(name, record)
                if kv.lease in leases:
                    yield name, kv.lease

    def rows(self, start: bytes, end: bytes, revision: int = 0) -> Iterator[tuple[bytes, bytes | KeyValue]]:
        """The keys of [start, end) at a revision with their records, in order.

        Equal records are equal keys and values; `parsed` reads one. What the log changed is there as a whole.
        Raises CompactedError, FutureRevisionError, FileFormatError.
        """
        found = self._find(start, end, revision, 0)
        read, where = self._file.read, self._revisions.where
        for name, record in zip(found.names, found.records, strict=True):
            _, position, size = where(record)
            yield name, read(position, size) if position < _IN_LOG else self._read(name, record)

    def all_values(self) -> Iterator[KeyValue]:
        """Every key with its value, in the order in which they lie in the file: it is read from front to back."""
        found = self._find(b"\0", b"\0", 0, 0)
        order = sorted(range(len(found.names)), key=found.records.__getitem__)
        for at in order:
            yield self._read(found.names[at], found.records[at])

    def parsed(self, line: bytes) -> KeyValue:
        """A record that `rows` gave. Raises FileFormatError."""
        try:
            return parse_record(line)
        except ValueError as error:
            raise self._file.broken(f"has a damaged record ({error})") from error

    def facts(self) -> FileFacts:
        """What the file says of its cluster, its log included. Raises FileFormatError."""
        try:
            facts = file_facts(self._pairs)
            log = self.recovered
            if log is None:
                return facts
            if log.applied <= facts.consistent_index:
                return replace(facts, term=facts.term or log.term)  # 3.4 keeps none in its database
            return replace(facts, consistent_index=log.applied, term=log.term, members=log.members)
        except ValueError as error:
            raise self._file.broken(f"is damaged: its cluster cannot be read ({error})") from error

    def space(self) -> FileSpace:
        """What its bytes are, which reads all of the file. Raises FileFormatError."""
        return measure(self._file, self._revisions)

    def page_check(self) -> PageCheck:
        """Every page accounted for, which reads all of the file. Raises FileFormatError."""
        return check_pages(self._file)

    @property
    def size_bytes(self) -> int:
        """The file's size."""
        return self._file.size_bytes

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        if self._log is not None:
            self._log.close()

    def _read(self, name: bytes, record: int) -> KeyValue:
        where = self._revisions.where(record)
        if where.position >= _IN_LOG:
            return self._logged(name, where)
        try:
            kv = parse_record(self._file.read(where.position, where.size))
        except ValueError as error:
            raise self._file.broken(f"has a damaged record at byte {where.position:,} ({error})") from error
        if kv.key != name or kv.mod_revision != where.revision:
            raise self._file.broken(f"has another record at byte {where.position:,} than should be there")
        return kv

    def _logged(self, name: bytes, where: Where) -> KeyValue:
        """A key as a change of the log left it."""
        if self._log is None or self.recovered is None:
            raise self._file.broken("has no log")
        change = self.recovered.changes[where.position - _IN_LOG]
        meta, place = change.meta, change.value
        if place is not None:
            value = self._log.segments[place.segment].read(place.position, place.size)
        else:  # the put kept the value that the database has
            records = self._revisions.records_of(name, meta.mod_revision)
            value = next(
                (self._read(name, n).value for n in records if self._revisions.where(n).position < _IN_LOG), b""
            )
        return KeyValue(meta.key, meta.create_revision, meta.mod_revision, meta.version, meta.lease, value)


def _pairs(file: BoltFile, bucket: Bucket) -> dict[bytes, bytes]:
    return {item.key: bytes(item.value) for item in file.items(bucket)}


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
