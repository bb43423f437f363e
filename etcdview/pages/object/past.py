"""What was: older revisions of one key, and when a key was deleted, by single-key reads that cost next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from etcdview.cluster.deletions import Deletion
from etcdview.cluster.window import Entry, Window
from etcdview.errors import CompactedError, TooLargeError
from etcdview.index.base import Changing
from etcdview.index.changes import KEPT_CHANGES, Change

MAX_REVISIONS = 50


@dataclass(frozen=True, slots=True)
class Past:
    """The values that a key had, newest first. `compacted`: etcd has dropped what came before.

    `deleted_at` is the revision of a deletion that came after the newest of them, 0 where the key exists.
    `problem` says why the value before the last of them could not be read; "" where nothing was in the way.
    """

    entries: tuple[Entry, ...]
    compacted: bool = False
    more: bool = False
    deleted_at: int = 0
    problem: str = ""


def history(window: Window, key: bytes, limit: int = MAX_REVISIONS) -> Past:
    """The values of `key` back to its creation, or to the oldest revision that etcd still has."""
    newest = window.get(key)
    deleted_at = 0 if newest.entry else deletion_before(window, key, newest.revision)
    entries: list[Entry] = []
    try:
        entry = newest.entry or (window.get(key, deleted_at - 1).entry if deleted_at else None)
        while entry is not None and len(entries) < limit:
            entries.append(entry)
            if entry.meta.version == 1:
                return Past(tuple(entries), deleted_at=deleted_at)
            entry = window.get(key, entry.meta.mod_revision - 1).entry
    except CompactedError:
        return Past(tuple(entries), compacted=True, deleted_at=deleted_at)
    except TooLargeError as error:
        if not entries:
            raise
        return Past(tuple(entries), deleted_at=deleted_at, problem=error.what)
    return Past(tuple(entries), more=entry is not None, deleted_at=deleted_at)


def deletion_before(window: Window, key: bytes, revision: int) -> int:
    """The revision at which `key`, absent at `revision`, was deleted; 0 where that cannot be found.

    The index's log of changes knows it, or an answer that was found before; only else is etcd searched.
    """
    change = _logged(window, key, revision)
    if change is not None:
        return change.revision
    known = window.cluster.deletions.get(key)
    if known is not None and _holds(window, key, known, revision):
        return known.revision
    found = _search(window, key, revision)
    window.cluster.deletions.keep(key, Deletion(found, revision))
    return found


def seen_deleted(window: Window, key: bytes, revision: int) -> datetime | None:
    """When the index saw the deletion at `revision`; None where it did not: etcd itself keeps no times."""
    change = _logged(window, key, revision)
    return None if change is None or change.revision != revision else datetime.fromtimestamp(change.seen_at, UTC)


def _logged(window: Window, key: bytes, revision: int) -> Change | None:
    """The deletion as the log of changes has it; None where the log does not reach the revision."""
    names = window.index
    if not isinstance(names, Changing) or names.changes.revision < revision:
        return None
    own = (change for change in names.changes.recent(key, KEPT_CHANGES) if change.key == key)
    last = next((change for change in own if change.revision <= revision), None)
    return last if last is not None and last.deleted else None


def _holds(window: Window, key: bytes, known: Deletion, revision: int) -> bool:
    """Whether an answer is true of a key that is absent at `revision`: it was not written and deleted since."""
    if known.revision <= revision <= known.absent_at:
        return True
    names = window.index
    if revision < known.absent_at or not isinstance(names, Changing) or names.changes.revision < revision:
        return False
    since = names.changes.since(known.absent_at, key)
    return not since.lost and all(change.key != key for change in since.changes)


def _search(window: Window, key: bytes, revision: int) -> int:
    """Steps back in growing strides to a revision that has the key, then halves the way: about 2 log2 n key reads.

    A key that came and went between two strides is missed; one that etcd compacted is not found.
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


def _exists(window: Window, key: bytes, revision: int) -> bool | None:
    """Whether the key was there at the revision; None where that revision is compacted."""
    try:
        return bool(window.facts([key], revision))
    except CompactedError:
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
