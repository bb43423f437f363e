"""What each write changed, for all open watch pages together: read once, kept, and never faster than etcd likes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from etcdview.diff import Difference, differences
from etcdview.errors import CompactedError, UnreachableError
from etcdview.index.base import Changing
from etcdview.index.changes import Change

if TYPE_CHECKING:
    from etcdview.browse.window import Entry, Window

KEPT = 2000
READS_PER_SECOND = 20.0
READS_AT_ONCE = 60.0


class Differ:
    """The differences that writes made, of one cluster. Safe to use from any thread.

    Secrets are masked in them, for every viewer alike; who may not see a key is not told of its changes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards the three below
        self._known: OrderedDict[tuple[bytes, int], tuple[Difference, ...]] = OrderedDict()
        self._reads = READS_AT_ONCE
        self._at = clock()

    def of(self, window: Window, change: Change) -> tuple[Difference, ...]:
        """What a write changed; nothing where that is not known: too much is written, or a value is gone."""
        at = change.key, change.revision
        with self._lock:
            if at in self._known:
                return self._known[at]
            if not self._may_read():
                return ()
        try:
            found = _differences(window, change)
        except UnreachableError:
            return ()
        with self._lock:
            self._known[at] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def _may_read(self) -> bool:
        """Whether one more write may be looked up now; the caller holds the lock."""
        now = self._clock()
        self._reads = min(self._reads + (now - self._at) * READS_PER_SECOND, READS_AT_ONCE)
        self._at = now
        if self._reads < 1:
            return False
        self._reads -= 1
        return True


def _differences(window: Window, change: Change) -> tuple[Difference, ...]:
    """Nothing where either value is compacted or cannot be decoded."""
    try:
        new, old = _written(window, change), window.get(change.key, change.revision - 1).entry
    except CompactedError:
        return ()
    if new is None or old is None or new.object is None or old.object is None:
        return ()
    return tuple(differences(old.object, new.object))


def _written(window: Window, change: Change) -> Entry | None:
    """The value that was written: as the watch brought it, else read."""
    kv = window.names.changes.value(change.key, change.revision) if isinstance(window.names, Changing) else None
    return window.get(change.key, change.revision).entry if kv is None else window.entry(kv)
