"""Snapshots: one saved from a live cluster, and what a file of one holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etcdview.cluster.sources import open_etcd, open_file
from etcdview.config import Settings
from etcdview.errors import FileFormatError
from etcdview.kube.quantities import size_text
from etcdview.maintenance import operations, snapshot_stream
from etcdview.maintenance.snapshot_stream import Saved
from etcdview.models import Progress, ProgressFn, Range
from etcdview.stores.files.database import SnapshotStore

_ALL = b"\0"


@dataclass(frozen=True, slots=True)
class SnapshotStatus:
    """What a snapshot holds, as names and texts; `notes` say what could not be checked."""

    notes: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]


def save_snapshot(settings: Settings, path: Path, progress: ProgressFn) -> Saved:
    """Save a snapshot of the cluster. Raises UsageError, FileFormatError, UnsafeError, UnreachableError."""
    store = open_etcd(settings)
    try:
        return snapshot_stream.save(operations.snapshot(store), path, progress)
    finally:
        store.close()


def snapshot_status(path: Path) -> SnapshotStatus:
    """Check a snapshot, a database or a data directory, and say what it holds. Raises FileFormatError."""
    store = open_file(path)
    try:
        if not isinstance(store, SnapshotStore):
            raise FileFormatError(f"{path} is a registry dump, not a snapshot.", "It has no facts about its cluster.")
        return SnapshotStatus(tuple(store.notes), tuple(_rows(store)))
    finally:
        store.close()


def progress_text(progress: Progress) -> str:
    """How far a snapshot is, on one line."""
    part = 100 * progress.done // max(1, progress.total)
    return f"{part:3} %  {size_text(progress.done)} of {size_text(progress.total)}"


def _rows(store: SnapshotStore) -> Iterator[tuple[str, str]]:
    facts = store.facts()
    yield "size", f"{store.size_bytes:,} bytes"
    yield "hash", "fits" if store.checked else "none: not checked"
    yield "revision", f"{store.revision}"
    yield "oldest revision", f"{max(store.compacted, 1)}"
    yield "keys", f"{store.range(Range(b'', _ALL, count_only=True)).count:,}"
    yield "raft", f"term {facts.term}, index {facts.consistent_index}"
    yield "cluster version", facts.cluster_version or "-"
    for member in facts.members:
        urls = ", ".join(member.client_urls) or "no client URL"
        yield "member", f"{member.id:x}  {member.name}{'  (learner)' * member.learner}  {urls}"
    for alarm in facts.alarms:
        yield "alarm", f"{alarm.kind} of {alarm.member_id:x}"
