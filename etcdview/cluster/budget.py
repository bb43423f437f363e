"""What one request may cost: seconds and bytes of values. What was read until one of them runs out is shown as a part.

Values are counted as etcd sends them; decoded they take some six times as much.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from etcdview.cluster.places import Places
from etcdview.errors import BudgetError, BusyError
from etcdview.index.base import Changing, Freshness, KeyIndex, KeyPage, Mode, Tree
from etcdview.index.stopping import Stop
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.deadline import waiting
from etcdview.stores.protocols import Store

SECONDS, BYTES = 10.0, 48 << 20  # of a request
PATIENT_SECONDS, PATIENT_BYTES = 60.0, 56 << 20  # of an expensive question, of which there is one at a time
ALL_BYTES = 64 << 20  # of all requests of a process
LIGHT_BYTES = 2 << 20  # of a request that holds nobody up: more of them are read by a few requests at a time
HEAVY_AT_ONCE = 3
RANGES_AT_ONCE = 4  # reads of many keys' values: how large an answer is, one knows when it is there
SOON = "Ask for less: choose a namespace or a longer prefix."


class Held:
    """Bytes that the requests of one process hold at this moment. Safe to use from any thread."""

    def __init__(self, most: int = ALL_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()  # guards the sum
        self._sum = 0
        self.heavy = Places(HEAVY_AT_ONCE, waiting=HEAVY_AT_ONCE)  # for requests that read many values
        self.ranges = threading.BoundedSemaphore(RANGES_AT_ONCE)

    @property
    def size_bytes(self) -> int:
        """All together."""
        with self._lock:
            return self._sum

    def add(self, size_bytes: int) -> bool:
        """Whether there is room for so many more."""
        with self._lock:
            if self._sum + size_bytes > self._most:
                return False
            self._sum += size_bytes
            return True

    def give_back(self, size_bytes: int) -> None:
        """So many are no longer held."""
        with self._lock:
            self._sum -= size_bytes


class RequestBudget:
    """What one request has left, counted from when this is created. `gone` says whether the client has disconnected."""

    def __init__(
        self,
        held: Held,
        *,
        seconds: float = SECONDS,
        size_bytes: int = BYTES,
        gone: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._held = held
        self._seconds = seconds
        self._over_at = clock() + seconds
        self._most = size_bytes
        self._lock = threading.Lock()  # guards the three below: a thread that reads ahead may outlive its request
        self._taken = 0
        self._heavy = False
        self._ended = False
        self._gone = gone
        self._clock = clock
        self._for_others = False
        self._holds = True

    def of_time_alone(self) -> RequestBudget:
        """As long as this one, for the same client, of values that are passed over and not held: none is counted."""
        other = RequestBudget(self._held, seconds=self._seconds, gone=self._gone, clock=self._clock)
        other._over_at, other._holds = self._over_at, False
        return other

    def check(self) -> None:
        """Raises BudgetError when the time is over or the client has disconnected."""
        if self._clock() >= self._over_at:
            raise BudgetError(f"Reading was stopped after {self._seconds:.0f} seconds.", SOON)
        if not self._for_others and self._gone():
            raise BudgetError("Reading was stopped: the client has closed its connection.")

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around what may call etcd: each call ends when the time is over, with a BudgetError."""
        with waiting(self._over_at - self._clock()):
            yield

    @contextmanager
    def reading(self, request: Range) -> Iterator[None]:
        """Around a read of etcd: `waiting`, and a few of those at a time that may bring very much.

        Too many of them together are too much for etcd, so that none is answered in time. Raises BusyError.
        """
        if request.end == b"" or request.keys_only or request.count_only:
            with self.waiting():
                yield
            return
        if not self._held.ranges.acquire(timeout=max(0.0, self._over_at - self._clock())):
            raise _busy()
        try:
            with self.waiting():
                yield
        finally:
            self._held.ranges.release()

    @contextmanager
    def for_others(self) -> Iterator[None]:
        """Around what is read for others too: it goes on when this client has gone."""
        before, self._for_others = self._for_others, True
        try:
            yield
        finally:
            self._for_others = before

    def take(self, size_bytes: int) -> None:
        """Count values that were read. Raises BudgetError beyond the request's limit, BusyError beyond that of all."""
        if not self._holds:
            return
        with self._lock:
            if self._ended:
                raise BudgetError("Reading was stopped: the request has ended.")
            self._take(size_bytes)

    def _take(self, size_bytes: int) -> None:
        if self._taken + size_bytes > self._most and self._taken:
            raise BudgetError(f"Reading was stopped after {self._taken >> 20:,} MiB of values.", SOON)
        if self._taken + size_bytes > LIGHT_BYTES and not self._heavy:
            self._heavy = self._held.heavy.take()
            if not self._heavy:
                raise _busy()
        if not self._held.add(size_bytes):
            raise _busy()
        self._taken += size_bytes

    def give_back(self) -> None:
        """End the request: its bytes are no longer counted, and none that come later. It may be called twice."""
        with self._lock:
            self._ended = True
            taken, self._taken = self._taken, 0
            self._held.give_back(taken)
            heavy, self._heavy = self._heavy, False
            if heavy:
                self._held.heavy.give_back()


def _busy() -> BusyError:
    return BusyError("Other requests are reading many values at this moment.", "Try again in a few seconds.")


class BudgetedStore:
    """The Store protocol over another store, within a budget: checked before each read, charged after it."""

    def __init__(self, store: Store, budget: RequestBudget) -> None:
        self._store = store
        self._budget = budget
        self.name = store.name
        self.live = store.live

    def range(self, request: Range) -> RangeResult:
        """See Store.range. Raises BudgetError."""
        self._budget.check()
        with self._budget.reading(request):
            found = self._store.range(request)
        self._budget.take(sum(len(kv.value) for kv in found.kvs))
        return found

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many. Raises BudgetError."""
        self._budget.check()
        with self._budget.waiting():
            found = self._store.get_many(keys, revision=revision, keys_only=keys_only)
        self._budget.take(sum(len(kv.value) for kv in found.values()))
        return found

    def close(self) -> None:
        """The store belongs to the cluster, not to a request."""


def budgeted_names(names: KeyIndex, budget: RequestBudget) -> KeyIndex:
    """The same names, with their changes where they have any; what they read of etcd ends with the budget's time."""
    return _Live(names, names, budget) if isinstance(names, Changing) else BudgetedNames(names, budget)


class BudgetedNames:
    """The KeyIndex protocol over another index, which may read what it is asked for; closing it closes nothing.

    What is in memory is given also when the time is over.
    """

    def __init__(self, names: KeyIndex, budget: RequestBudget) -> None:
        self._names = names
        self._budget = budget

    def freshness(self) -> Freshness:
        """See KeyIndex.freshness, which reads nothing."""
        return self._names.freshness()

    def tree(self) -> Tree:
        """See KeyIndex.tree."""
        with self._budget.waiting():
            return self._names.tree()

    def page(self, start: bytes, end: bytes, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.page."""
        with self._budget.waiting():
            return self._names.page(start, end, after=after, limit=limit)

    def count(self, start: bytes, end: bytes) -> int:
        """See KeyIndex.count."""
        with self._budget.waiting():
            return self._names.count(start, end)

    def unrecognised(self, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.unrecognised."""
        with self._budget.waiting():
            return self._names.unrecognised(after=after, limit=limit)

    def search(
        self, text: str, mode: Mode, *, after: bytes | None = None, limit: int = 100, stop: Stop | None = None
    ) -> KeyPage:
        """See KeyIndex.search."""
        with self._budget.waiting():
            return self._names.search(text, mode, after=after, limit=limit, stop=stop)

    def close(self) -> None:
        """The index belongs to the cluster, not to a request."""


class _Live(BudgetedNames):
    """The same, of names that change; changes are kept in memory."""

    def __init__(self, names: KeyIndex, changing: Changing, budget: RequestBudget) -> None:
        super().__init__(names, budget)
        self.changes = changing.changes
        self.churn = changing.churn
