"""Snapshots: one saved from a live cluster, and what a file of one holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etcdview.cluster.sources import open_etcd, open_file
from etcdview.config import Settings
from etcdview.errors import FileFormatError
from etcdview.kube.quantities import size_text
from etcdview.kube.words import counted
from etcdview.maintenance import operations, snapshot_stream
from etcdview.maintenance.snapshot_stream import Saved
from etcdview.models import Progress, ProgressFn, Range
from etcdview.stores.files.bbolt import DAMAGED
from etcdview.stores.files.data_directory import is_data_directory
from etcdview.stores.files.database import SnapshotStore
from etcdview.stores.files.page_check import PageCheck
from etcdview.stores.files.timeline import SnapshotFile, is_folder, passed_over, snapshots_in

_ALL = b"\0"


@dataclass(frozen=True, slots=True)
class SnapshotStatus:
    """What a snapshot holds, as names and texts; `notes` say what could not be checked, `faults` what is damaged."""

    notes: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    faults: tuple[str, ...] = ()


def save_snapshot(settings: Settings, path: Path, progress: ProgressFn) -> Saved:
    """Save a snapshot of the cluster. Raises UsageError, FileFormatError, UnsafeError, UnreachableError."""
    store = open_etcd(settings)
    try:
        return snapshot_stream.save(operations.snapshot(store), path, progress)
    finally:
        store.close()


def snapshot_status(path: Path) -> SnapshotStatus:
    """Check a snapshot, a database or a data directory, and say what it holds; of a folder, which snapshots.

    Raises FileFormatError.
    """
    if is_folder(path) and not is_data_directory(path) and (snapshots := snapshots_in(path)):
        return _listed(snapshots, passed_over(path))
    store = open_file(path)
    try:
        if not isinstance(store, SnapshotStore):
            raise FileFormatError(f"{path} is a registry dump, not a snapshot.", "It has no facts about its cluster.")
        rows, faults = page_rows(store, path)
        return SnapshotStatus(tuple(store.notes), tuple(rows), tuple(faults))
    finally:
        store.close()


def page_rows(store: SnapshotStore, path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """What a database file says of itself, and what is damaged in it or its log: every page is read."""
    check = store.page_check()
    faults = [f"{path} is damaged: {fault}. {DAMAGED}" for fault in check.faults]
    if store.log_fault:
        why = store.log_fault.rstrip(".")
        faults.append(f"The log in {path} cannot be used as a whole, so the last writes may be missing: {why}.")
    return [*_rows(store), ("pages", _pages_text(check))], faults


def _listed(snapshots: tuple[SnapshotFile, ...], notes: tuple[str, ...]) -> SnapshotStatus:
    """Each snapshot of a folder, the oldest first; what cannot be read is a fault."""
    rows, faults = [], []
    for snapshot in snapshots:
        said = f"{snapshot.written:%Y-%m-%d %H:%M:%SZ}  {size_text(snapshot.size_bytes):>8}"
        try:
            store = open_file(snapshot.path)
        except FileFormatError as error:
            faults.append(str(error))
            rows.append((snapshot.path.name, f"{said}  cannot be read"))
            continue
        count = store.range(Range(b"", _ALL, count_only=True)).count
        rows.append((snapshot.path.name, f"{said}  revision {store.revision:,}  {counted(count, 'key')}"))
        store.close()
    return SnapshotStatus(notes, tuple(rows), tuple(faults))


def progress_text(progress: Progress) -> str:
    """How far a snapshot is, on one line."""
    part = 100 * progress.done // max(1, progress.total)
    return f"{part:3} %  {size_text(progress.done)} of {size_text(progress.total)}"


def _pages_text(check: PageCheck) -> str:
    if not check.listed:
        return f"{check.pages:,}: {check.used:,} in use, and the others free (no list of them is kept)"
    sums = "" if check.used + check.free == check.pages else ", which does not add up"
    return f"{check.pages:,}: {check.used:,} in use, {check.free:,} free{sums}"


def _log_rows(store: SnapshotStore) -> Iterator[tuple[str, str]]:
    """What the log of a data directory adds to the database."""
    found = store.recovered
    if found is None:
        return
    lacking = counted(len(found.changes), "change")
    yield "log", f"committed up to index {found.commit}; {lacking} that the database lacks"
    if (rest := found.uncommitted) is not None:
        to = f" to {rest.last}" if rest.count > 1 else ""
        said = f"{counted(rest.count, 'entry', 'entries')}, index {rest.first}{to}: not known to be committed"
        yield "not committed", said
        for verb, key in rest.changes:
            yield "", f"{verb} {key.decode('utf-8', 'backslashreplace')}"


def _rows(store: SnapshotStore) -> Iterator[tuple[str, str]]:
    facts = store.facts()
    yield "size", f"{size_text(store.size_bytes)} ({store.size_bytes:,} bytes)"
    yield "hash", "fits" if store.checked else "none: not checked"
    yield "revision", f"{store.revision}"
    yield "oldest revision", f"{max(store.compacted, 1)}"
    yield "keys", f"{store.range(Range(b'', _ALL, count_only=True)).count:,}"
    yield "raft", f"term {facts.term}, index {facts.consistent_index}"
    yield from _log_rows(store)
    yield "cluster version", facts.cluster_version or "-"
    for member in facts.members:
        urls = ", ".join(member.client_urls) or "no client URL"
        yield "member", f"{member.id:x}  {member.name}{'  (learner)' * member.learner}  {urls}"
    for alarm in facts.alarms:
        yield "alarm", f"{alarm.kind} of {alarm.member_id:x}"
