"""What was: the revisions of one key through all its lives, and when it was deleted.

A life is read from its end back, a read of one key for each value. What was before it comes from the store's own
record of the key, or, where that would cost too much, from a search by reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from etcdview.cluster.deletions import Deletion
from etcdview.cluster.window import Entry, Window
from etcdview.errors import BudgetError, CompactedError, TooLargeError
from etcdview.index.base import Changing
from etcdview.index.changes import KEPT_CHANGES, Change
from etcdview.stores.key_past import KeyPast, NoPast, PastRequest, key_past

MAX_REVISIONS = 50
MAX_BYTES = 8 << 20  # of values; one page shows no more
SCAN_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class PastRevision:
    """One change of a key: the `entry` that was written, or None for a deletion."""

    revision: int
    entry: Entry | None

    @property
    def creates(self) -> bool:
        """Whether the key did not exist before."""
        return self.entry is not None and self.entry.meta.create_revision == self.revision


@dataclass(frozen=True, slots=True)
class Past:
    """The changes of a key, newest first. `compacted`: a value before them existed, and is dropped.

    `kept_from`: nothing is left from before this revision, so earlier lives are unknown; 0 where all is left.
    `searched`: deletions were found by a search, which misses a life between two reads, and why; "" where not.
    `problem` says why the value before the last of them could not be read; "" where nothing was in the way.
    """

    revisions: tuple[PastRevision, ...]
    compacted: bool = False
    more: bool = False
    problem: str = ""
    kept_from: int = 0
    searched: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The values alone."""
        return tuple(past.entry for past in self.revisions if past.entry is not None)

    @property
    def deleted_at(self) -> int:
        """The revision of the deletion that made the key absent; 0 where it exists."""
        newest = self.revisions[0] if self.revisions else None
        return newest.revision if newest is not None and newest.entry is None else 0


def history(window: Window, key: bytes, limit: int = MAX_REVISIONS, max_bytes: int = MAX_BYTES) -> Past:
    """The changes of `key` through all its lives, as far back as the store still has them."""
    newest = window.get(key)
    found = _Collected(limit, max_bytes)
    try:
        before = _read_life(window, newest.entry, found) if newest.entry else newest.revision + 1
        if before:
            _read_earlier(window, key, before, found)
    except CompactedError:
        found.compacted = True
    except (TooLargeError, BudgetError) as error:
        if not found.revisions:
            raise
        found.problem = error.what
    past = found.past()
    if past.deleted_at:
        window.cluster.deletions.keep(key, Deletion(past.deleted_at, newest.revision))
    return past


@dataclass(slots=True)
class _Collected:
    """A Past while it is read, and how much more of it there may be."""

    limit: int
    max_bytes: int
    revisions: list[PastRevision] = field(default_factory=list)
    compacted: bool = False
    more: bool = False
    problem: str = ""
    kept_from: int = 0
    searched: str = ""

    def add(self, revision: int, entry: Entry | None) -> bool:
        """Whether there was room for it."""
        size_bytes = entry.size_bytes if entry else 0
        if len(self.revisions) >= self.limit or (self.revisions and size_bytes > self.max_bytes):
            self.more = True
            return False
        self.max_bytes -= size_bytes
        self.revisions.append(PastRevision(revision, entry))
        return True

    def past(self) -> Past:
        return Past(tuple(self.revisions), self.compacted, self.more, self.problem, self.kept_from, self.searched)


def _read_life(window: Window, entry: Entry | None, found: _Collected) -> int:
    """A value and those before it, back to its creation; gives the revision of that, 0 where it did not come so far."""
    while entry is not None and found.add(entry.meta.mod_revision, entry):
        if entry.meta.create_revision == entry.meta.mod_revision:
            return entry.meta.create_revision
        entry = window.get(entry.key, entry.meta.mod_revision - 1).entry
    return 0


def _read_earlier(window: Window, key: bytes, before: int, found: _Collected) -> None:
    """The lives that ended before `before`, at which the key was created or is known to be absent."""
    room = found.limit - len(found.revisions) + 1  # one too many tells that there are more
    wanted = PastRequest(key, before, room, max(found.max_bytes, 1), certain=bool(found.revisions))
    recalled = _recall(window, wanted)
    if isinstance(recalled, NoPast):
        found.searched = recalled.why
        _search_lives(window, key, before, found)
        return
    found.kept_from = recalled.oldest
    for event in recalled.events:
        if not found.add(event.kv.mod_revision, None if event.deleted else window.entry(event.kv)):
            return
    found.more = found.more or recalled.more
    oldest = found.revisions[-1] if found.revisions else None
    found.compacted = not found.more and oldest is not None and not oldest.creates


def _search_lives(window: Window, key: bytes, before: int, found: _Collected) -> None:
    """The same by reads alone."""
    while before > 1:
        deleted_at = _search(window, key, before - 1)
        if not deleted_at or not found.add(deleted_at, None):
            return
        before = _read_life(window, window.get(key, deleted_at - 1).entry, found)


def _recall(window: Window, wanted: PastRequest) -> KeyPast | NoPast:
    """What the store itself knows; a few at a time, since a live etcd reads all its revisions for it."""
    places = window.cluster.recalling
    if not places.acquire(timeout=SCAN_WAIT_SECONDS):
        return NoPast("etcd is reading the revisions of other keys")
    try:
        return key_past(window.cluster.source, wanted)
    finally:
        places.release()


def deletion_before(window: Window, key: bytes, revision: int) -> int:
    """The revision at which `key`, absent at `revision`, was deleted; 0 where that cannot be found.

    The index's log of changes knows it, or an answer that was found before; only else is the store asked.
    """
    change = _logged(window, key, revision)
    if change is not None:
        return change.revision
    known = window.cluster.deletions.get(key)
    if known is not None and _holds(window, key, known, revision):
        return known.revision
    recalled = _recall(window, PastRequest(key, revision + 1, 1, MAX_BYTES))
    if isinstance(recalled, NoPast):
        found = _search(window, key, revision)
    else:
        found = next((event.kv.mod_revision for event in recalled.events if event.deleted), 0)
    window.cluster.deletions.keep(key, Deletion(found, revision))
    return found


def seen_deleted(window: Window, key: bytes, revision: int) -> str:
    """When the index saw the deletion at `revision`, in words; "" where it did not: etcd itself keeps no times."""
    change = _logged(window, key, revision)
    if change is None or change.revision != revision:
        return ""
    return f"seen at {datetime.fromtimestamp(change.seen_at, UTC):%H:%M:%S UTC on %Y-%m-%d}"


def _logged(window: Window, key: bytes, revision: int) -> Change | None:
    """The deletion as the log of changes has it; None where the log does not reach the revision."""
    names = window.index
    if not isinstance(names, Changing) or names.changes.revision_below(key) < revision:
        return None
    own = (change for change in names.changes.recent(key, KEPT_CHANGES) if change.key == key)
    last = next((change for change in own if change.revision <= revision), None)
    return last if last is not None and last.deleted else None


def _holds(window: Window, key: bytes, known: Deletion, revision: int) -> bool:
    """Whether an answer is true of a key that is absent at `revision`: it was not written and deleted since."""
    if known.revision <= revision <= known.absent_at:
        return True
    names = window.index
    if revision < known.absent_at or not isinstance(names, Changing) or names.changes.revision_below(key) < revision:
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
