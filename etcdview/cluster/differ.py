"""What each write changed, for all open watch pages together: read once, kept, and never faster than etcd likes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from etcdview.errors import BudgetError, FutureRevisionError, UnreachableError
from etcdview.index.changes import Change
from etcdview.kube.diff import Difference

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

    def of(self, change: Change, read: Callable[[Change], tuple[Difference, ...]]) -> tuple[Difference, ...]:
        """What a write changed, which `read` finds out; nothing where too much is written, or there is no time left."""
        at = change.key, change.revision
        with self._lock:
            if at in self._known:
                return self._known[at]
            if not self._may_read():
                return ()
        try:
            found = read(change)
        except (UnreachableError, FutureRevisionError, BudgetError):  # down, behind or slow: the next asker tries
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
