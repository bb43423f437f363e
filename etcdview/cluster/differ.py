"""What each write changed, for all open watch pages together: read once, kept, and never faster than etcd likes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from etcdview.errors import BudgetError, FutureRevisionError, UnreachableError
from etcdview.index.changes import Change
from etcdview.kube.diff import Difference

KEPT = 2000
SHOWN = 12  # of one write: what is kept stays small, whatever was written
READS_PER_SECOND = 20.0
READS_AT_ONCE = 60.0


@dataclass(frozen=True, slots=True)
class Differences:
    """What one write changed: the first SHOWN fields, and how many more there are."""

    shown: tuple[Difference, ...] = ()
    more: int = 0


class Differ:
    """The differences that writes made, of one cluster. Safe to use from any thread.

    Secrets are masked in them, for every viewer alike; who may not see a key is not told of its changes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards the three below
        self._known: OrderedDict[tuple[bytes, int], Differences] = OrderedDict()
        self._reads = READS_AT_ONCE
        self._at = clock()

    def of(self, change: Change, read: Callable[[Change], Iterable[Difference]]) -> Differences:
        """What a write changed, which `read` finds out; nothing where too much is written, or there is no time left."""
        at = change.key, change.revision
        with self._lock:
            if at in self._known:
                return self._known[at]
            if not self._may_read():
                return Differences()
        try:
            found = _first_of(read(change))
        except (UnreachableError, FutureRevisionError, BudgetError):  # down, behind or slow: the next asker tries
            return Differences()
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


def _first_of(found: Iterable[Difference]) -> Differences:
    rest = iter(found)
    return Differences(tuple(islice(rest, SHOWN)), sum(1 for _ in rest))
