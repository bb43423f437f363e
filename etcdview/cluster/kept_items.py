"""Finished items of lists, each by the very value that it was made of: a list that comes again decodes what is new.

Nothing here becomes wrong when objects change: an item is found by the key and the revisions of its value, and by what
else it depends on (its form). Only what every viewer sees alike may be kept.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from etcdview.index.base import FollowedRange
from etcdview.models import Event, KeyMeta

BESIDE_BYTES = 450  # of memory for each item, beside its key and its text
SAFE_SECONDS = 300.0  # an item used since then is not removed: a list longer than all room keeps its beginning


@dataclass(frozen=True, slots=True)
class FinishedItem:
    """A finished item. From `since` until `until` its ages stay as they are; without, it has none."""

    text: bytes
    since: datetime | None = None
    until: datetime | None = None

    def is_true(self, now: datetime) -> bool:
        """Whether it would be made alike at that moment."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


@dataclass(slots=True)
class _Held:
    item: FinishedItem
    size: int
    used: float


_Name = tuple[Hashable, bytes, int, int, int]


class KeptItems:
    """At most `most_bytes` of items; 0 keeps none. Safe from any thread."""

    def __init__(self, most_bytes: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()  # guards all below
        self._items: OrderedDict[_Name, _Held] = OrderedDict()  # what was used last comes last
        self._counts: Counter[Hashable] = Counter()  # of each form
        self.size_bytes = 0
        self.era = 0  # how often all has been forgotten

    def has(self, form: Hashable) -> bool:
        """Whether anything is kept of a form."""
        with self._lock:
            return self._counts[form] > 0

    def known(self, form: Hashable, kvs: Sequence[KeyMeta], now: datetime) -> dict[bytes, bytes]:
        """The texts that are kept for these values, by key."""
        found, moment = {}, self._clock()
        with self._lock:
            for kv in kvs:
                name = _name(form, kv)
                held = self._items.get(name)
                if held is not None and held.item.is_true(now):
                    held.used = moment
                    self._items.move_to_end(name)
                    found[kv.key] = held.item.text
        return found

    def keep(self, form: Hashable, made: Iterable[tuple[KeyMeta, FinishedItem]], era: int) -> None:
        """Keep what was made of values that were read in an era, as far as there is room."""
        moment = self._clock()
        with self._lock:
            if era != self.era:
                return
            for kv, item in made:
                size = BESIDE_BYTES + len(kv.key) + len(item.text)
                name = _name(form, kv)
                self._drop(name)
                if self._make_room(size, moment):
                    self._items[name] = _Held(item, size, moment)
                    self._counts[form] += 1
                    self.size_bytes += size

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self.era += 1
            self._items.clear()
            self._counts.clear()
            self.size_bytes = 0

    def changed(self, events: Sequence[Event], followed: FollowedRange) -> None:
        """See index.base.Listener: a new value has other revisions."""

    def reloaded(self) -> None:
        """See index.base.Listener: it may be another etcd by now, whose revisions say something else."""
        self.clear()

    def _make_room(self, size: int, moment: float) -> bool:
        while self.size_bytes + size > self._most_bytes:
            oldest = next(iter(self._items.items()), None)
            if oldest is None or moment - oldest[1].used < SAFE_SECONDS:
                return False
            self._drop(oldest[0])
        return True

    def _drop(self, name: _Name) -> None:
        held = self._items.pop(name, None)
        if held is not None:
            self.size_bytes -= held.size
            self._counts[name[0]] -= 1
            if not self._counts[name[0]]:
                del self._counts[name[0]]


def _name(form: Hashable, kv: KeyMeta) -> _Name:
    return form, kv.key, kv.mod_revision, kv.create_revision, kv.version
