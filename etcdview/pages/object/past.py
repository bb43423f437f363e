"""What was: older revisions of one key, and when a key was deleted, by single-key reads that cost next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.window import Entry, Window
from etcdview.errors import CompactedError, DeniedError, QueryError

MAX_REVISIONS = 50


@dataclass(frozen=True, slots=True)
class Past:
    """The values that a key had, newest first. `compacted`: etcd has dropped what came before.

    `deleted_at` is the revision of a deletion that came after the newest of them, 0 where the key exists.
    """

    entries: tuple[Entry, ...]
    compacted: bool = False
    more: bool = False
    deleted_at: int = 0


def history(window: Window, key: bytes, limit: int = MAX_REVISIONS) -> Past:
    """The values of `key` back to its creation, or to the oldest revision that etcd still has."""
    newest = window.get(key)
    entry, revision = newest.entry, newest.revision
    deleted_at = 0
    if entry is None:
        deleted_at = deletion_before(window, key, revision)
        entry = window.get(key, deleted_at - 1).entry if deleted_at else None
    entries: list[Entry] = []
    while entry is not None and len(entries) < limit:
        entries.append(entry)
        if entry.meta.version == 1:
            return Past(tuple(entries), deleted_at=deleted_at)
        try:
            entry = window.get(key, entry.meta.mod_revision - 1).entry
        except (CompactedError, QueryError):
            return Past(tuple(entries), compacted=True, deleted_at=deleted_at)
    return Past(tuple(entries), more=entry is not None, deleted_at=deleted_at)


def deletion_before(window: Window, key: bytes, revision: int) -> int:
    """The revision at which `key`, absent at `revision`, was deleted; 0 where that cannot be found.

    Steps back in growing strides to a revision that has the key, then halves the way: about 2 log2 n single-key
    reads. A key that came and went between two strides is missed; one that etcd compacted is not found.
    """
    absent, stride = revision, 1
    while absent > 1:
        probe = max(1, absent - stride)
        exists = _exists(window, key, probe)
        if exists is None:
            return _nearest_compacted(window, key, probe, absent)
        if exists:
            return _boundary(window, key, probe, absent)
        absent, stride = probe, stride * 2
    return 0


def when(window: Window, revision: int) -> str:
    """About when a revision was, as ", about 12:04:31 UTC on 2026-11-23"; "" where nothing tells.

    etcd keeps no times. The leases that the control plane renews every few seconds do: the newest renewTime then.
    """
    lease = next((t for t in window.index.tree().types if t.resource.prefix == "leases"), None)
    if lease is None:
        return ""
    start = window.keyspace.range_prefix(lease.resource, "kube-system")
    try:
        entries = window.range(start, start[:-1] + b"0", revision=revision, limit=50).entries
    except (CompactedError, QueryError, DeniedError):
        return ""
    times = [str((e.object or {}).get("spec", {}).get("renewTime") or "") for e in entries]
    newest = max((t for t in times if t), default="")
    return f", about {_readable(newest)}" if newest else ""


def _exists(window: Window, key: bytes, revision: int) -> bool | None:
    """Whether the key was there at the revision; None where that revision is gone."""
    try:
        return window.get(key, revision).entry is not None
    except (CompactedError, QueryError):
        return None


def _nearest_compacted(window: Window, key: bytes, gone: int, absent: int) -> int:
    """The same search between a revision that is gone and one that is not."""
    while absent - gone > 1:
        middle = (gone + absent) // 2
        exists = _exists(window, key, middle)
        if exists:
            return _boundary(window, key, middle, absent)
        gone, absent = (middle, absent) if exists is None else (gone, middle)
    return 0


def _boundary(window: Window, key: bytes, present: int, absent: int) -> int:
    """The first revision after `present` at which the key is absent, by halving; `absent` is known to be."""
    while absent - present > 1:
        middle = (present + absent) // 2
        present, absent = (middle, absent) if _exists(window, key, middle) else (present, middle)
    return absent


def _readable(stamp: str) -> str:
    moment = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    return f"{moment:%H:%M:%S} UTC on {moment:%Y-%m-%d}"
