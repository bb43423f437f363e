"""The newest events of the index's one watch, with their values: what every client's watch reads from.

A client keeps a position, not a queue: one that does not read costs nothing, and is told once it is too far behind.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from etcdview.index.base import Announcing, FollowedRange
from etcdview.models import Event, KeyValue, Range
from etcdview.stores.protocols import Store

KEPT_EVENTS = 20_000
KEPT_BYTES = 32 << 20
Made = TypeVar("Made")


@dataclass(eq=False, slots=True)
class LoggedEvent:
    """An event, and what was made of it for the first client that needed it, for all others."""

    event: Event
    made: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """When it happened."""
        return self.event.kv.mod_revision

    def once(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, kept under `name`. Two threads may make it at the same time; that does no harm."""
        if name not in self.made:
            self.made[name] = make()
        found: Made = self.made[name]
        return found


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events from one position to the next. `revision`: every event up to it has been given by then.

    `lost`: events between the position and what is still kept are missing.
    """

    events: tuple[LoggedEvent, ...]
    position: int
    revision: int
    lost: bool = False


class EventLog:
    """One thread writes it, the index's; any thread reads it. See index.base.Listener."""

    def __init__(self, index: Announcing, store: Store, holds: Callable[[bytes], bool] | None = None) -> None:
        """`holds` says of a key whether this log is of the etcd that has it; without, it is of all."""
        self._index = index
        self._store = store
        self._holds = holds or (lambda _: True)
        self._news = threading.Condition()  # guards all below
        self._events: deque[LoggedEvent] = deque()
        self._first = 0  # the position of the first event that is kept
        self._bytes = 0
        self._floor = 0  # nothing is known of what happened up to it
        self._revision = 0
        index.listen(self)
        followed = self._followed()  # what came before is not known
        with self._news:
            self._floor = max(self._floor, followed)
            self._revision = max(self._revision, followed)

    def changed(self, events: Sequence[Event], followed: FollowedRange) -> None:
        """See Listener."""
        with self._news:
            for event in filter(lambda event: self._holds(event.kv.key), events):
                self._events.append(LoggedEvent(event))
                self._bytes += event.kv.size_bytes
                self._revision = max(self._revision, event.kv.mod_revision)
            while len(self._events) > KEPT_EVENTS or self._bytes > KEPT_BYTES:
                old = self._events.popleft()
                self._first += 1
                self._bytes -= old.event.kv.size_bytes
                self._floor = max(self._floor, old.revision)
            self._news.notify_all()

    def reloaded(self) -> None:
        """See Listener: what is known begins again."""
        followed = self._followed()
        with self._news:
            self._first += len(self._events) + 1  # a gap: every position before is lost
            self._events.clear()
            self._bytes = 0
            self._floor = self._revision = followed
            self._news.notify_all()

    def _followed(self) -> int:
        held = (part.revision for part in self._index.followed() if self._holds(part.key_range.start))
        return max(held, default=0)

    def newest(self) -> int:
        """The revision up to which every event is known."""
        with self._news:
            return self._revision

    def after(self, revision: int) -> EventBatch:
        """Where a client that has seen `revision` begins. `lost` where events behind it are no longer kept."""
        with self._news:
            if not self._floor or revision < self._floor:
                return EventBatch((), self._first, self._revision, lost=True)
            older = sum(1 for logged in self._events if logged.revision <= revision)
            return EventBatch((), self._first + older, max(revision, self._revision))

    def read(self, position: int, seconds: float) -> EventBatch:
        """The events from `position` on; waits up to `seconds` for one."""
        with self._news:
            if position == self._first + len(self._events):
                self._news.wait(seconds)
            if position < self._first:
                return EventBatch((), position, self._revision, lost=True)
            found = tuple(islice(self._events, position - self._first, None))
            return EventBatch(found, position + len(found), self._revision)

    def previous(self, logged: LoggedEvent) -> KeyValue | None:
        """What the key held before the event; None where it did not exist.

        It is read once, however many clients need it. Raises what the store raises: CompactedError where etcd no longer
        has it, and TooLargeError.
        """
        return logged.once("previous", lambda: self._previous(logged.event))

    def _previous(self, event: Event) -> KeyValue | None:
        if event.previous is not None or (not event.deleted and event.kv.is_new):
            return event.previous
        found = self._store.range(Range(event.kv.key, revision=event.kv.mod_revision - 1)).kvs
        return found[0] if found else None
