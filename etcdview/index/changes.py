"""What changed lately: one log of the index's watch, which every open page reads from.

A page asks with the revision that it shows, so that it may ask any worker or replica: a revision means the same to all.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from etcdview.models import Event, KeyValue

KEPT_CHANGES = 10_000
KEPT_VALUES = 500
KEPT_VALUE_BYTES = 4 << 20
_BREATH_SECONDS = 0.1  # a waiting page looks at most so often, however much is written


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

    def since(self, revision: int, prefix: bytes = b"") -> Changes: ...

    def wait(self, revision: int, prefix: bytes, timeout_seconds: float) -> Changes: ...

    def recent(self, prefix: bytes = b"", limit: int = 100) -> tuple[Change, ...]: ...

    def value(self, key: bytes, revision: int) -> KeyValue | None: ...


class ChangeLog:
    """The log. The index's threads write it, any thread reads it or waits for more."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._log: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self._values: OrderedDict[tuple[bytes, int], KeyValue] = OrderedDict()
        self._value_bytes = 0
        self._floor = 0  # changes at or before it are not in the log
        self._revision = 0
        self._in_order = True  # several watches may each be at another revision
        self._rewound = False
        self._closed = False

    @property
    def revision(self) -> int:
        """How far the log is: every change up to this revision has been seen."""
        return self._revision

    def note(self, events: Sequence[Event], revision: int, now: float) -> None:
        """Take events in, and that there are no others up to `revision`. `now` is Unix time."""
        with self._changed:
            for event in events:
                self._append(event, now)
            if revision > self._revision:
                self._revision = revision
                self._changed.notify_all()

    def restart(self, revision: int, *, rewound: bool = False) -> None:
        """Forget all: what is known begins at `revision`. `rewound`: of another history, as after a restore."""
        with self._changed:
            self._log.clear()
            self._values.clear()
            self._value_bytes = 0
            self._floor = self._revision = revision
            self._in_order = True
            self._rewound = self._rewound or rewound
            self._changed.notify_all()

    def close(self) -> None:
        """Let everybody go who waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def since(self, revision: int, prefix: bytes = b"") -> Changes:
        """What changed below `prefix` behind `revision`."""
        with self._changed:
            return self._since(revision, prefix)

    def wait(self, revision: int, prefix: bytes, timeout_seconds: float) -> Changes:
        """As `since`, but waits until there is something to tell, or the time is over."""
        deadline = time.monotonic() + timeout_seconds
        seen = revision
        while True:
            seen = self._await(seen, deadline)
            found = self.since(revision, prefix)
            if found.changes or found.lost or self._closed or time.monotonic() >= deadline:
                return found
            time.sleep(min(_BREATH_SECONDS, max(deadline - time.monotonic(), 0.0)))

    def recent(self, prefix: bytes = b"", limit: int = 100) -> tuple[Change, ...]:
        """The newest changes below `prefix`, newest first."""
        with self._changed:
            found = (change for change in reversed(self._log) if change.key.startswith(prefix))
            return tuple(change for change, _ in zip(found, range(limit), strict=False))

    def value(self, key: bytes, revision: int) -> KeyValue | None:
        """What was written to the key at `revision`, if it is one of the last few hundred; else ask the store."""
        with self._changed:
            return self._values.get((key, revision))

    def _await(self, seen: int, deadline: float) -> int:
        """Until the log is behind another revision than `seen`; gives that."""
        with self._changed:
            left = max(deadline - time.monotonic(), 0.0)
            self._changed.wait_for(lambda: self._closed or self._revision != seen, left)
            return self._revision

    def _append(self, event: Event, now: float) -> None:
        kv = event.kv
        if len(self._log) == KEPT_CHANGES:
            self._floor = max(self._floor, self._log[0].revision)
        self._in_order = self._in_order and (not self._log or self._log[-1].revision <= kv.mod_revision)
        self._log.append(Change(kv.mod_revision, kv.key, event.deleted, not event.deleted and kv.version == 1, now))
        if event.deleted:
            return
        self._values[kv.key, kv.mod_revision] = kv
        self._value_bytes += kv.size_bytes
        while len(self._values) > KEPT_VALUES or self._value_bytes > KEPT_VALUE_BYTES:
            _, old = self._values.popitem(last=False)
            self._value_bytes -= old.size_bytes

    def _since(self, revision: int, prefix: bytes) -> Changes:
        if revision < self._floor:
            return Changes(self._revision, lost=True)
        if revision >= self._revision:
            # ahead of this log: from a worker that is further, or of a history that is no more
            return Changes(revision, lost=self._rewound and revision > self._revision)
        newer = (c for c in self._newer(revision) if c.revision <= self._revision and c.key.startswith(prefix))
        return Changes(self._revision, tuple(newer))

    def _newer(self, revision: int) -> list[Change]:
        if not self._in_order:
            return sorted((c for c in self._log if c.revision > revision), key=lambda c: c.revision)
        return list(takewhile(lambda c: c.revision > revision, reversed(self._log)))[::-1]
