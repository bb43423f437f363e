"""What changed lately: the logs of the index's watches, which every open page reads from.

A page asks with the revision that it shows, so that it may ask any worker or replica: a revision means the same to all.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice, takewhile
from math import inf
from typing import Protocol

from etcdview.index.lister import KeyRange, keys_under
from etcdview.models import Event, KeyValue
from etcdview.stores.routed import PinnedRevision, pinned, revision_of

KEPT_CHANGES = 10_000
KEPT_VALUES = 500
KEPT_VALUE_BYTES = 4 << 20
KEPT_DIRECTORIES = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """One key written or deleted at `revision`; `created`: it did not exist before.

    `seen_at`: Unix time at which the index saw it; etcd itself keeps no times.
    """

    revision: int
    key: bytes
    deleted: bool
    created: bool
    seen_at: float


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes behind the revision that was asked for, up to `revision`, oldest first.

    `lost`: more happened than the log still holds (or the index was loaded anew): read the page again.
    """

    revision: int
    changes: tuple[Change, ...] = ()
    lost: bool = False


class ChangeReader(Protocol):
    """What pages read of a log of changes; see ChangeLog."""

    @property
    def revision(self) -> int: ...

    def revision_below(self, prefix: bytes) -> int:
        """How far the log is below a prefix, by the revisions of the etcd that holds it."""

    def since(self, revision: int, prefix: bytes = b"") -> Changes: ...

    def recent(self, prefix: bytes = b"", limit: int = 100) -> tuple[Change, ...]: ...

    def value(self, key: bytes, revision: int) -> KeyValue | None: ...


class ChangeLog:
    """The log of one watch. One thread writes it, any thread reads it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log: deque[Change] = deque()
        self._dropped = _Dropped()
        self._values: OrderedDict[tuple[bytes, int], KeyValue] = OrderedDict()
        self._value_bytes = 0
        self._floor = 0  # nothing is known of what happened before it
        self._began_at = inf  # Unix time at which it was the newest revision
        self._revision = 0
        self._rewound = False

    @property
    def revision(self) -> int:
        """How far the log is: every change up to this revision has been seen."""
        return self._revision

    def revision_below(self, prefix: bytes) -> int:
        """See ChangeReader."""
        return self._revision

    def note(self, events: Sequence[Event], revision: int, now: float) -> None:
        """Take events in; they are all events up to `revision`. `now` is Unix time."""
        with self._lock:
            for event in events:
                self._append(event, now)
            self._revision = max(self._revision, revision)

    def restart(self, revision: int, *, rewound: bool = False, now: float = inf) -> None:
        """Forget all: what is known begins at `revision`, the newest at `now` (Unix time).

        `rewound`: of another history, as after a restore.
        """
        with self._lock:
            self._log.clear()
            self._dropped = _Dropped()
            self._values.clear()
            self._value_bytes = 0
            self._floor = self._revision = revision
            self._began_at = now
            self._rewound = self._rewound or rewound

    def since(self, revision: int, prefix: bytes = b"") -> Changes:
        """What changed below `prefix` behind `revision`."""
        with self._lock:
            if revision < self._floor or revision < self._dropped.last_below(prefix):
                return Changes(self._revision, lost=True)
            if revision >= self._revision:
                # ahead of this log: from a worker that is further, or of a history that no longer exists
                return Changes(revision, lost=self._rewound and revision > self._revision)
            newer = takewhile(lambda change: change.revision > revision, reversed(self._log))
            found = [change for change in newer if change.key.startswith(prefix)]
            return Changes(self._revision, tuple(reversed(found)))

    def recent(self, prefix: bytes = b"", limit: int = 100) -> tuple[Change, ...]:
        """The newest changes below `prefix`, newest first."""
        with self._lock:
            return tuple(islice((change for change in reversed(self._log) if change.key.startswith(prefix)), limit))

    def seen_behind(self, revision: int) -> float | None:
        """When the first change behind `revision` was seen: inf where there is none yet, None where it is not known."""
        with self._lock:
            if revision < self._floor or revision < self._dropped.last or revision > self._revision:
                return None
            newer = takewhile(lambda change: change.revision > revision, reversed(self._log))
            return min((change.seen_at for change in newer), default=inf)

    def reached_at(self, moment: float) -> int:
        """The newest revision that had been seen before a moment (Unix time); 0 where that is not known."""
        with self._lock:
            if moment == inf:
                return self._revision
            found = next((change for change in reversed(self._log) if change.seen_at < moment), None)
            if found is not None:
                return found.revision
            return self._floor if self._began_at < moment and not self._dropped.last else 0

    def value(self, key: bytes, revision: int) -> KeyValue | None:
        """What was written to the key at `revision`, if it is one of the last few hundred; else ask the store."""
        with self._lock:
            return self._values.get((key, revision))

    def _append(self, event: Event, now: float) -> None:
        kv = event.kv
        if len(self._log) >= KEPT_CHANGES:
            self._dropped.note(self._log.popleft())
        self._log.append(Change(kv.mod_revision, kv.key, event.deleted, not event.deleted and kv.is_new, now))
        if event.deleted:
            return
        self._values[kv.key, kv.mod_revision] = kv
        self._value_bytes += kv.size_bytes
        while len(self._values) > KEPT_VALUES or self._value_bytes > KEPT_VALUE_BYTES:
            _, old = self._values.popitem(last=False)
            self._value_bytes -= old.size_bytes


class _Dropped:
    """When each directory last lost a change from the log: a page of a quiet one is not read again."""

    def __init__(self) -> None:
        self._directories: OrderedDict[bytes, int] = OrderedDict()
        self.last = 0  # of all
        self._last_elsewhere = 0  # of the directories that are not remembered

    def note(self, change: Change) -> None:
        """The change is not in the log any more; they come in the order of their revisions."""
        self.last = change.revision
        at = change.key.find(b"/")
        while at >= 0:
            directory = change.key[: at + 1]
            self._directories[directory] = change.revision
            self._directories.move_to_end(directory)
            at = change.key.find(b"/", at + 1)
        while len(self._directories) > KEPT_DIRECTORIES:
            _, self._last_elsewhere = self._directories.popitem(last=False)

    def last_below(self, prefix: bytes) -> int:
        """The newest revision that may have changed a key below `prefix` and is not in the log; 0 for none."""
        directory = prefix[: prefix.rfind(b"/") + 1]
        return self._directories.get(directory, self._last_elsewhere) if directory else self.last


@dataclass(frozen=True, slots=True)
class RangeLog:
    """The log of a range; `source` is the number of the etcd that holds it."""

    key_range: KeyRange
    log: ChangeLog
    source: int = 0


class SeveralLogs:
    """The logs of several ranges read as one: where a prefix lies in one range, as far as that one's log is.

    Revisions of several etcds are a PinnedRevision. Their changes have no common order: they come as they were seen.
    """

    def __init__(self, logs: Callable[[], Sequence[RangeLog]]) -> None:
        """`logs` gives those that can be read at the moment."""
        self._logs = logs

    @property
    def revision(self) -> int:
        """How far all of them are."""
        return self.revision_below(b"")

    def revision_below(self, prefix: bytes) -> int:
        """See ChangeReader."""
        return pinned({source: min(log.revision for log in logs) for source, logs in self._of(prefix).items()})

    def since(self, revision: int, prefix: bytes = b"") -> Changes:
        """See ChangeLog.since; of several, as far as all of them are. A plain number is a revision of the first etcd
        that has such keys: its changes alone are told."""
        logs = self._of(prefix)
        if len(logs) > 1 and not isinstance(revision, PinnedRevision):
            logs = {source: logs[source] for source in (min(logs),)}
        found = {source: _since(of_one, revision_of(revision, source), prefix) for source, of_one in logs.items()}
        if not found:
            return Changes(max(revision, self.revision))
        return Changes(
            pinned({source: part.revision for source, part in found.items()}),
            tuple(merge(*(part.changes for part in found.values()), key=_seen_at)),
            any(part.lost for part in found.values()),
        )

    def recent(self, prefix: bytes = b"", limit: int = 100) -> tuple[Change, ...]:
        """See ChangeLog.recent."""
        found = (_recent(logs, prefix, limit) for logs in self._of(prefix).values())
        return tuple(islice(merge(*found, key=_seen_at, reverse=True), limit))

    def value(self, key: bytes, revision: int) -> KeyValue | None:
        """See ChangeLog.value."""
        logs = (log for of_one in self._of(key).values() for log in of_one)
        return next((kv for log in logs if (kv := log.value(key, revision)) is not None), None)

    def same_moment(self, revision: int, source: int, other: int) -> int:
        """The newest revision that the index had seen of `other` while `revision` was the newest of `source`.

        That is at the end of this time: before it saw the next change. 0 where that is not known.
        """
        logs = self._of(b"")
        until = [log.seen_behind(revision) for log in logs.get(source, ())]
        if not until or None in until:
            return 0
        moment = min(seen_at for seen_at in until if seen_at is not None)
        found = [log.reached_at(moment) for log in logs.get(other, ())]
        return max(found) if found and all(found) else 0

    def _of(self, prefix: bytes) -> dict[int, list[ChangeLog]]:
        """The logs that have keys below a prefix, by the number of the etcd."""
        requested = keys_under(prefix)
        found: dict[int, list[ChangeLog]] = {}
        for part in self._logs():
            if part.key_range.overlaps(requested):
                found.setdefault(part.source, []).append(part.log)
        return dict(sorted(found.items()))


def _since(logs: Sequence[ChangeLog], revision: int, prefix: bytes) -> Changes:
    """The changes that several logs of one etcd have, in order."""
    found = [log.since(revision, prefix) for log in logs]
    if len(found) == 1:
        return found[0]
    until = min(part.revision for part in found)
    changes = (change for part in found for change in part.changes if change.revision <= until)
    return Changes(until, tuple(sorted(changes, key=_revision)), any(part.lost for part in found))


def _recent(logs: Sequence[ChangeLog], prefix: bytes, limit: int) -> Sequence[Change]:
    """The newest changes that several logs of one etcd have, newest first."""
    found = (change for log in logs for change in log.recent(prefix, limit))
    return sorted(found, key=_revision, reverse=True)[:limit]


def _revision(change: Change) -> int:
    return change.revision


def _seen_at(change: Change) -> float:
    return change.seen_at
