"""What changed lately: the logs of the index's watches, which every open page reads from.

A page asks with the revision that it shows, so that it may ask any worker or replica: a revision means the same to all.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Protocol

from etcdview.index.lister import KeyRange, keys_under
from etcdview.models import Event, KeyValue

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

    def restart(self, revision: int, *, rewound: bool = False) -> None:
        """Forget all: what is known begins at `revision`. `rewound`: of another history, as after a restore."""
        with self._lock:
            self._log.clear()
            self._dropped = _Dropped()
            self._values.clear()
            self._value_bytes = 0
            self._floor = self._revision = revision
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
        self._last = 0  # of all
        self._last_elsewhere = 0  # of the directories that are not remembered

    def note(self, change: Change) -> None:
        """The change is not in the log any more; they come in the order of their revisions."""
        self._last = change.revision
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
        return self._directories.get(directory, self._last_elsewhere) if directory else self._last


@dataclass(frozen=True, slots=True)
class RangeLog:
    """The log of a range; `source` is the number of the etcd that holds it."""

    key_range: KeyRange
    log: ChangeLog
    source: int = 0


class SeveralLogs:
    """The logs of several ranges read as one: where a prefix lies in one range, as far as that one's log is.

    Changes of two etcds have no common order: of a prefix that lies in several, those of the first etcd are given.
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
        return min((log.revision for log in self._of(prefix)), default=0)

    def since(self, revision: int, prefix: bytes = b"") -> Changes:
        """See ChangeLog.since; of several, as far as all of them are."""
        found = [log.since(revision, prefix) for log in self._of(prefix)]
        if len(found) == 1:
            return found[0]
        until = min((part.revision for part in found), default=max(revision, self.revision))
        changes = (change for part in found for change in part.changes if change.revision <= until)
        in_order = sorted(changes, key=lambda change: change.revision)
        return Changes(until, tuple(in_order), any(part.lost for part in found))

    def recent(self, prefix: bytes = b"", limit: int = 100) -> tuple[Change, ...]:
        """See ChangeLog.recent."""
        found = [change for log in self._of(prefix) for change in log.recent(prefix, limit)]
        return tuple(sorted(found, key=lambda change: change.revision, reverse=True)[:limit])

    def value(self, key: bytes, revision: int) -> KeyValue | None:
        """See ChangeLog.value."""
        return next((kv for log in self._of(key) if (kv := log.value(key, revision)) is not None), None)

    def _of(self, prefix: bytes) -> list[ChangeLog]:
        requested = keys_under(prefix)
        found = [part for part in self._logs() if part.key_range.overlaps(requested)]
        first = min((part.source for part in found), default=0)
        return [part.log for part in found if part.source == first]
