"""A dead member's data directory: its database, and on top of it what its log has and the database lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from etcdview.errors import FileFormatError
from etcdview.kube.words import counted
from etcdview.models import KeyValue, Range
from etcdview.stores.files.database import SnapshotStore, open_database
from etcdview.stores.files.members import ALARMS
from etcdview.stores.files.wal.log import Log, read_log
from etcdview.stores.files.wal.recovery import Recovered, recover
from etcdview.stores.files.wal.replay import ReplayStart

NO_LOG = (
    "This data directory has no log (member/wal, or what --wal-dir named), so the last writes before the member "
    "stopped may be missing."
)
_DATABASES = ("member/snap/db", "snap/db")


def open_data_directory(folder: Path) -> SnapshotStore:
    """The database of a data directory with its log applied, as etcd would do when it starts.

    Raises FileFormatError where there is no database, it is damaged, or an etcd is running on it. A log that cannot
    be used, or only in part, is said in `notes`.
    """
    database = database_of(folder)
    store = open_database(database, str(folder))
    try:
        _add_log(store, database.parent.parent / "wal")
    except BaseException:
        store.close()
        raise
    return store


def is_data_directory(folder: Path) -> bool:
    """Whether a member's database is where it is in a data directory; also where one may not look: opening says so."""
    try:
        return any((folder / name).is_file() for name in _DATABASES)
    except OSError:
        return True


def database_of(folder: Path) -> Path:
    """The database file in a member's data directory. Raises FileFormatError."""
    try:
        return next(path for name in _DATABASES if (path := folder / name).is_file())
    except (OSError, StopIteration) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no member/snap/db, and no snapshots"
        raise FileFormatError(
            f"{folder} is not a readable data directory of an etcd member: {why}.",
            "Give etcd's --data-dir, such as /var/lib/etcd, as a user with read permission.",
        ) from error


def _add_log(store: SnapshotStore, folder: Path) -> None:
    """Apply the log in a folder; what is wrong with it is noted."""
    facts = store.facts()
    if not folder.is_dir():
        store.add_notes(NO_LOG)
        return
    try:
        log = read_log(folder, facts.consistent_index)
    except FileFormatError as error:
        store.log_fault = error.what
        store.add_notes(f"Its log was not read, so the last writes may be missing: {error.what}")
        return
    if not log.segments:
        log.close()
        store.add_notes(NO_LOG)
        return
    numbers = {name: number for number, name in ALARMS.items()}
    alarms = {(alarm.member_id, numbers.get(alarm.kind, 0)) for alarm in facts.alarms}
    start = ReplayStart(store.revision, store.compacted, set(facts.leases), alarms)
    try:
        recovered = recover(_Keys(store), start, facts.members, log)
    except BaseException:
        log.close()
        raise
    store.add_log(log, recovered)
    store.log_fault = "" if recovered.torn else recovered.fault
    store.add_notes(*_notes(log, recovered, auth=facts.auth))


def _notes(log: Log, recovered: Recovered, *, auth: bool) -> Iterator[str]:
    if log.harmless:
        more = f", and is damaged in {counted(len(log.harmless) - 1, 'more place')}" if log.harmless[1:] else ""
        yield (
            f"The log is damaged where the database has all that was written, so nothing is missing here: "
            f"{log.harmless[0]}{more}. etcd itself may refuse to start on it."
        )
    if recovered.fault:
        yield f"The log is used up to entry {recovered.applied:,} only: {recovered.fault}."
    if recovered.fault and recovered.commit > recovered.applied:
        yield f"It was committed up to entry {recovered.commit:,}: what came in between is missing."
    if (rest := recovered.uncommitted) is not None:
        one = rest.count == 1
        last = "entry is" if one else f"{rest.count:,} entries are"
        they, them = ("it", "it") if one else ("they", "them")
        yield (
            f"The log's last {last} not known to be committed, and not shown: this member does not know whether a "
            f"majority had {them}. `etcdview snapshot status` lists what {they} would change."
        )
    if auth and recovered.applied > log.after:
        yield "etcd's authentication was on: writes of the log that it refused are shown as if it had not."


class _Keys:
    """The keys of a database as a Replay asks for them."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store

    def get(self, key: bytes) -> KeyValue | None:
        """See DatabaseKeys.get."""
        kvs = self._store.range(Range(key)).kvs
        return kvs[0] if kvs else None

    def names(self, start: bytes, end: bytes) -> Sequence[bytes]:
        """See DatabaseKeys.names."""
        return self._store.list_names(Range(start, end)).names

    def leased(self, leases: frozenset[int]) -> Iterator[tuple[bytes, int]]:
        """See DatabaseKeys.leased."""
        return self._store.leased(leases)
