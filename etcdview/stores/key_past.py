"""All that a store still has of one key, its deletions and earlier lives included.

etcd has no reverse watch, and reads at older revisions miss what came and went between two of them. A watch from the
oldest revision that is left gives every change of the key in order. etcd reads all its revisions for that, so it is
done only where there are few of them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from etcdview import background
from etcdview.errors import (
    CompactedError,
    DeniedError,
    FutureRevisionError,
    TooLargeError,
    UnreachableError,
    UnsupportedError,
)
from etcdview.models import Event, Range
from etcdview.stores.protocols import Store, Watch, Watchable, WatchableStore

MAX_SCAN = 100_000  # revisions that etcd has to read: about 0.1 s of it
MAX_STREAM_BYTES = 64 << 20
DEADLINE_SECONDS = 3.0
# etcd before 3.4.25 and 3.5.8 may name a revision whose events are still on their way (etcd issue 15220).
DOUBT_SECONDS = 0.5
ASK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class KeyPast:
    """Changes of one key, newest first. `oldest`: nothing is left from before this revision; 0: all is left.

    `more`: there are older ones than these.
    """

    events: tuple[Event, ...] = ()
    oldest: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class PastRequest:
    """Changes of `key` before revision `before`, the newest `limit` of them, with at most `max_bytes` of values.

    `certain`: the key was written at `before`, so its event will arrive and ends the answer. With an `end` it is of
    all keys from `key` up to that.
    """

    key: bytes
    before: int
    limit: int
    max_bytes: int
    certain: bool = False
    end: bytes = b""


@dataclass(frozen=True, slots=True)
class NoPast:
    """Why the store did not tell all changes of a key, in words: then they are looked for by reads."""

    why: str


_TOO_MANY = NoPast("etcd has too many revisions to read them all")
_COMPACTED = NoPast("etcd compacted its revisions while they were read")
_TOO_SLOW = NoPast(f"etcd did not give all revisions of this key within {DEADLINE_SECONDS:g} seconds")
_TOO_LARGE = NoPast("the revisions of this key are too large to read them all")


@runtime_checkable
class KeepsPast(Protocol):
    """A store that knows all revisions of a key by itself: a file."""

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """The changes that are wanted. Raises FileFormatError."""


def key_past(store: Store, wanted: PastRequest) -> KeyPast | NoPast:
    """The changes that are wanted, or why the store cannot tell them, or not cheaply."""
    if isinstance(store, KeepsPast):
        return store.key_past(wanted)
    if not isinstance(store, WatchableStore):
        return NoPast(f"{store.name} has no changes that can be followed")
    try:
        return _by_watch(store, wanted)
    except TooLargeError:
        return _TOO_LARGE
    except (UnreachableError, DeniedError, UnsupportedError, FutureRevisionError) as error:
        return NoPast(f"The revisions of this key could not be read ({error.what.rstrip('.')})")


def range_past(store: Store, wanted: PastRequest, back: int) -> KeyPast | NoPast:
    """The newest changes of a range within `back` revisions before `before`, or why the store does not tell them."""
    if not isinstance(store, WatchableStore):
        return NoPast(f"{store.name} has no changes that can be followed")
    if wanted.before <= 1:
        return KeyPast()
    oldest = max(1, wanted.before - back)
    try:
        try:
            found = _followed(store, wanted, oldest)
        except CompactedError as error:  # in a moment: nothing is read for it
            oldest = error.oldest
            if not oldest or oldest >= wanted.before:
                return KeyPast(oldest=oldest)
            found = _followed(store, wanted, oldest)
    except CompactedError:
        return _COMPACTED
    except TooLargeError:
        return _TOO_LARGE
    except (UnreachableError, DeniedError, UnsupportedError, FutureRevisionError) as error:
        return NoPast(error.what.rstrip("."))
    if isinstance(found, NoPast):
        return found
    return KeyPast(tuple(reversed(found.events)), oldest, found.more)


def _by_watch(store: WatchableStore, wanted: PastRequest) -> KeyPast | NoPast:
    last = wanted.before - 1
    if last < 1:
        return KeyPast()
    if last > MAX_SCAN and _is_kept(store, wanted.key, last - MAX_SCAN):
        return _TOO_MANY
    oldest = 0
    try:
        found = _followed(store, wanted, 1)
    except CompactedError as error:  # in a moment: nothing is read for it
        oldest = error.oldest
        if not oldest:
            return _TOO_LARGE  # a single answer of the watch was
        if oldest > last:
            return KeyPast(oldest=oldest)
        try:
            found = _followed(store, wanted, oldest)
        except CompactedError:  # once more, meanwhile
            return _COMPACTED
    if isinstance(found, NoPast):
        return found
    if oldest and not found.more:
        found.add_oldest(store, oldest)
    return KeyPast(tuple(reversed(found.events)), oldest, found.more)


def _is_kept(store: Store, key: bytes, revision: int) -> bool:
    try:
        store.range(Range(key, revision=revision, keys_only=True))
    except CompactedError:
        return False
    return True


@dataclass(slots=True)
class _Collected:
    """The newest events, oldest first, within the bounds."""

    wanted: PastRequest
    events: deque[Event] = field(default_factory=deque)
    kept_bytes: int = 0
    read_bytes: int = 0
    more: bool = False

    def add(self, event: Event) -> None:
        self.events.append(event)
        self.kept_bytes += event.kv.size_bytes
        self.read_bytes += event.kv.size_bytes
        while len(self.events) > self.wanted.limit or self.kept_bytes > self.wanted.max_bytes:
            self.kept_bytes -= self.events.popleft().kv.size_bytes
            self.more = True

    def add_oldest(self, store: Store, revision: int) -> None:
        """What the key was when everything before `revision` was dropped: it was written before, so no event has it."""
        try:
            kvs = store.range(Range(self.wanted.key, revision=revision)).kvs
        except CompactedError:
            return
        if kvs and (not self.events or self.events[0].kv.mod_revision > kvs[0].mod_revision):
            if len(self.events) < self.wanted.limit and self.kept_bytes + kvs[0].size_bytes <= self.wanted.max_bytes:
                self.events.appendleft(Event(kvs[0]))
            else:
                self.more = True


def _followed(store: Watchable, wanted: PastRequest, revision: int) -> _Collected | NoPast:
    """The events from `revision` on, or why they do not end. Raises CompactedError."""
    found = _Collected(wanted)
    watch = store.watch(wanted.key, wanted.end, revision)
    with _clocked(watch, ask=not wanted.certain):
        believed_at = 0.0
        for batch in watch:
            for event in batch.events:
                if event.kv.mod_revision >= wanted.before:
                    return found
                found.add(event)
            if found.read_bytes > MAX_STREAM_BYTES:
                return _TOO_LARGE
            if batch.events and batch.events[-1].kv.mod_revision == wanted.before - 1:
                return found
            if batch.events or wanted.certain or batch.revision < wanted.before - 1:
                believed_at = 0.0
            elif not believed_at:
                believed_at = time.monotonic() + DOUBT_SECONDS
            elif time.monotonic() >= believed_at:
                return found
    return _TOO_SLOW


@contextmanager
def _clocked(watch: Watch, *, ask: bool) -> Iterator[None]:
    """End the watch when it is left, or after DEADLINE_SECONDS, which ends its iteration.

    Until then `ask` how far it is, again and again: etcd leaves the question unanswered while events are on their way.
    """
    over = threading.Event()

    def run() -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline and not over.wait(ASK_SECONDS):
            if ask:
                watch.request_progress()
        watch.cancel()

    clock = threading.Thread(target=run, name="etcdview-key-past", daemon=True)
    background.start(clock)
    try:
        yield
    finally:
        over.set()
        clock.join()
