"""What the index tells on its way to the database of facts: changes that wait to be written, up to a bound."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from etcdview.index.base import FollowedRange
from etcdview.models import Event, KeyValue

WAITING_BYTES = 128 * 1024 * 1024  # with more, the pass begins again; at five million keys an index takes 16 s
EVENT_BYTES = 512  # of memory, beside the value: a deletion has none
BATCH_EVENTS = 2_000


@dataclass(frozen=True, slots=True)
class TakenChanges:
    """Some events in their order, and how far the index was with each part then. `last`: no more waited behind them."""

    events: Sequence[Event]
    reached: Sequence[FollowedRange]
    last: bool


class ChangeQueue:
    """Changes that wait. Any thread puts them, one takes them."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Sequence[Event], FollowedRange] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards _bytes
        self._bytes = 0
        self._ended = False

    def put(self, events: Sequence[Event], followed: FollowedRange) -> bool:
        """Let them wait; false where there are too many. What comes while nothing waits is never too much."""
        weight = _weight(events)
        with self._lock:
            if self._bytes and self._bytes + weight > WAITING_BYTES:
                return False
            self._bytes += weight
        self._queue.put((events, followed))
        return True

    def end(self) -> None:
        """Nothing more comes, and what waits is not wanted."""
        self._ended = True
        self._queue.put(None)

    def take(self, seconds: float) -> TakenChanges | None:
        """What waits, up to about BATCH_EVENTS, or what comes within some seconds; None at the end."""
        events: list[Event] = []
        reached: list[FollowedRange] = []
        last = False
        try:
            while len(events) < BATCH_EVENTS:
                found = self._queue.get(timeout=0 if reached else seconds)
                if found is None or self._ended:
                    return None
                with self._lock:
                    self._bytes -= _weight(found[0])
                events += found[0]
                reached.append(found[1])
        except queue.Empty:
            last = True
        return TakenChanges(events, reached, last)


def _weight(events: Sequence[Event]) -> int:
    return EVENT_BYTES + sum(EVENT_BYTES + event.kv.size_bytes for event in events)


def newest(events: Sequence[Event]) -> tuple[list[KeyValue], list[tuple[bytes, int]]]:
    """The last value of each key that was written, and each key that was deleted in the end, with its revision."""
    last = {event.kv.key: event for event in events}
    written = [event.kv for event in last.values() if not event.deleted]
    return written, [(event.kv.key, event.kv.mod_revision) for event in last.values() if event.deleted]
