"""One range of the keyspace kept in memory: loaded at one revision, then kept true by one watch.

It notices when what it holds may be false (compaction, another cluster, a history that went back) and loads anew; while
it cannot know (a dropped connection) it serves what was true at its revision and says how old that is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from etcdview import background
from etcdview.errors import CompactedError, DeniedError, EtcdviewError, UnreachableError
from etcdview.index.base import FollowedRange, State
from etcdview.index.changes import ChangeLog
from etcdview.index.history import EventHistory, ForeignError, UnprovenError
from etcdview.index.lister import KeyRange, list_names
from etcdview.index.load import Load, Loaded
from etcdview.index.memory import NameSet
from etcdview.kube.keys import KeySpace, show
from etcdview.models import Event, NamesPiece, Range, WatchBatch
from etcdview.stores.permitted import is_limited, permitted_parts
from etcdview.stores.protocols import Store, Watch, WatchableStore

BEHIND_SECONDS = 4.0  # without a sign that the watch is up to date
HANGING_SECONDS = 15.0  # until such a watch is given up for a new one
_DOWN_PAUSE_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 0.25  # before a load that follows a good one; before each further one twice as long
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 30.0  # a watch that went on for so long followed a good load
_DENIED_PAUSE_SECONDS = 60.0
RIGHTS_SECONDS = 15.0  # etcd checks what its user may read when a watch begins, and never again: we ask


class _RightsError(Exception):
    """etcd permits its user another part of the keys than the one that is held. Never leaves the index."""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a feed stands; replaced whole, so that a reader sees one moment.

    `names` is None while they must not be shown: not yet loaded, known to be false, or too many for the memory.
    `confirmed_at` (monotonic seconds): when etcd last said that nothing is missing up to `revision`.
    `too_large` says why the names are not kept. While loading, `counts` holds how many names each built-in storage
    prefix has, `covered` the finished ranges, and `counted` is false while `total` leaves out what etcd cannot count in
    time. `source` is the number of the etcd that holds the range.
    """

    key_range: KeyRange
    state: State = "loading"
    names: NameSet | None = None
    loading: NameSet | None = None
    revision: int = 0
    confirmed_at: float = 0.0
    done: int = 0
    total: int = 0
    counted: bool = True
    problem: str = ""
    denied: bool = False
    source: int = 0
    too_large: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    covered: tuple[KeyRange, ...] = ()

    @property
    def followed(self) -> FollowedRange:
        """How far it is."""
        return FollowedRange(self.key_range, self.revision, self.source)


class Sink(Protocol):
    """What a feed is a part of."""

    def moved(self, events: Sequence[Event], followed: FollowedRange) -> None:
        """Events that were applied, in order, each once; and how far the feed is now."""

    def loaded(self) -> None:
        """All names of a feed were loaded: changes before that may have been missed."""

    def forgotten(self) -> None:
        """What a feed held may be false, or may no longer be read."""

    def permitted(self, feed: Feed, parts: Sequence[Range] | None) -> None:
        """What etcd permits its user to read of a feed's range, in order, of which it takes the first.

        () is all of it, None nothing.
        """

    def over_limit(self) -> str:
        """Why the names of all feeds take too much memory; "" while they do not."""


class Feed:
    """A range's names, in a thread of its own between `start` and `stop`; `changes` is the log of its watch."""

    def __init__(
        self,
        store: WatchableStore,
        keyspace: KeySpace,
        ranges: Sequence[KeyRange],
        sink: Sink,
        source: int = 0,
        *,
        narrows: bool = False,
    ) -> None:
        """`ranges` are tried in turn until etcd permits one; `narrows`: of the first, what etcd permits its user."""
        self._store = store
        self._keyspace = keyspace
        self._all_permitted = narrows
        self._ranges = list(ranges)
        self._whole = self._ranges[0]
        self._sink = sink
        self.changes = ChangeLog()
        self._status_lock = threading.Lock()  # guards the replacing of the status: two threads do it
        self._status = FeedStatus(self._ranges[0], source=source)
        self._history = EventHistory()
        self._rewound = False
        self._pause = _FIRST_PAUSE_SECONDS
        self._watch: Watch | None = None
        self._heard_at = 0.0  # when the watch last said anything
        self._progress_seen = False
        self._permitted: tuple[Range, ...] = ()  # when the names were loaded
        self._rights_at = 0.0  # when it was last asked for
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="etcdview-index", daemon=True)

    @property
    def status(self) -> FeedStatus:
        """How the feed stands right now."""
        return self._status

    def beside(self, key_range: KeyRange) -> Feed:
        """A feed of another range of the same etcd."""
        return Feed(self._store, self._keyspace, [key_range], self._sink, self._status.source)

    def start(self) -> None:
        """Begin to load."""
        background.start(self._thread)

    def stop(self) -> None:
        """Ask the thread to end. It is gone within a second, unless it waits for an answer of the store."""
        self._stop.set()
        watch = self._watch
        if watch is not None:
            watch.cancel()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the thread's end."""
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def pulse(self, now: float) -> None:
        """Once a second, from the index's own thread: ask whether the watch is up to date, and judge its silence."""
        watch, status = self._watch, self._status
        if watch is None:
            return
        watch.request_progress()
        if now - self._heard_at > HANGING_SECONDS:
            watch.cancel()
            return
        silent = now - status.confirmed_at
        if silent > BEHIND_SECONDS / 2 and not self._progress_seen:
            self._ask_instead(status)
        elif silent > BEHIND_SECONDS and status.state == "live":
            self._set(state="behind", problem=_BEHIND)

    def _ask_instead(self, status: FeedStatus) -> None:
        """For a server that answers no progress requests: a read at the same revision proves as much."""
        try:
            head = _head(self._store, status.key_range)
        except EtcdviewError:
            return
        if self._history.proven and head.revision == self._history.reached:
            self._heard_at = time.monotonic()
            self._confirm(self._heard_at)

    def _set(self, **changes: Any) -> None:
        with self._status_lock:
            self._status = replace(self._status, **changes)

    def _run(self) -> None:
        """The thread: load, follow, and again after whatever went wrong."""
        while not self._stop.is_set():
            began = time.monotonic()
            error = self._attempt()
            if time.monotonic() - began > _STEADY_SECONDS:
                self._pause = _FIRST_PAUSE_SECONDS
            if error is not None and not self._stop.is_set():
                self._stop.wait(self._recover(error))

    def _attempt(self) -> Exception | None:
        try:
            if self._status.names is None and not self._status.too_large:
                self._load()
            if not self._stop.is_set():
                self._follow()
        except Exception as error:  # noqa: BLE001 - the thread's outermost loop: were it to die, names would go stale
            return error
        return None

    def _recover(self, error: Exception) -> float:
        """Say what is wrong, drop what may be false; gives the seconds to wait before the next attempt."""
        if isinstance(error, DeniedError):
            return self._deny(error)
        if isinstance(error, EtcdviewError) and not isinstance(error, CompactedError):
            self._set(state="down", loading=None, counts={}, covered=(), problem=str(error))
            return _DOWN_PAUSE_SECONDS
        if isinstance(error, CompactedError):
            why = "etcd has compacted revisions that the index had not read; it reloads."
        elif isinstance(error, ForeignError | UnprovenError | _RightsError):
            why = f"{error} The index reloads."
            self._rewound = True
        else:
            why = f"The index failed ({type(error).__name__}: {error}); it reloads."
        self._forget(why)
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        return pause

    def _forget(self, why: str) -> None:
        """Nothing of what is held may be shown any more."""
        self._history = EventHistory()
        self._set(state="loading", names=None, loading=None, too_large="", done=0, counts={}, covered=(), problem=why)
        self._sink.forgotten()

    def _deny(self, error: DeniedError) -> float:
        if len(self._ranges) > 1:
            del self._ranges[0]
            self._forget("")
            self._set(key_range=self._ranges[0])
            return 0.0
        self._history = EventHistory()
        again = self._status.denied
        problem = f"etcd does not permit reading {show(self._status.key_range.start)}. {error.remedy}"
        self._set(state="down", names=None, loading=None, counts={}, covered=(), denied=True, problem=problem)
        if not again:
            self._sink.forgotten()
        return _DENIED_PAUSE_SECONDS

    def _load(self) -> None:
        """Every name as of the newest revision. Raises what the store raises."""
        if self._all_permitted:
            self._narrow()
        key_range = self._status.key_range
        started = time.monotonic()
        head = _head(self._store, key_range)
        names = NameSet(self._keyspace)
        self._set(
            state="loading",
            loading=names,
            revision=head.revision,
            confirmed_at=started,
            done=0,
            total=0,
            counted=True,
            denied=False,
        )
        load = Load(self._store, key_range, self._keyspace, head.revision, self._stop)
        for piece in load:
            names.extend(piece.names)
            self._count(piece, load.counted)
            if self._sink.over_limit():
                break
        self._history = EventHistory.loaded(head, key_range)
        if not self._stop.is_set():
            self._hold(names)

    def _narrow(self) -> None:
        """Take what etcd permits its user, where it says so. Raises NotPermittedError where that is nothing."""
        whole = self._whole
        try:
            parts = permitted_parts(self._store, whole.start, whole.end)
        except DeniedError:
            self._sink.permitted(self, None)
            raise
        self._permitted, self._rights_at = parts, time.monotonic()
        limited = is_limited(parts, whole.start, whole.end)
        self._set(key_range=KeyRange(parts[0].start, parts[0].end) if limited else self._ranges[0])
        self._sink.permitted(self, parts if limited else ())

    def _hold(self, names: NameSet) -> None:
        """Show what was loaded, unless it takes too much memory; it is called live once the watch is there."""
        problem = self._sink.over_limit()
        self._set(
            state="bounded" if problem else "behind",
            names=None if problem else names,
            loading=None,
            counts={},
            covered=(),
            too_large=problem,
            problem=problem,
        )
        self.changes.restart(self._history.reached, rewound=self._rewound, now=time.time())
        self._sink.loaded()
        self._rewound = False

    def _count(self, piece: Loaded, counted: bool) -> None:
        status = self._status
        counts, total = status.counts, status.total + (piece.count or 0)
        if piece.section.prefix and piece.count:
            counts = {**counts, piece.section.prefix: piece.count}
        covered = (*status.covered, piece.section.key_range) if piece.last else status.covered
        self._set(done=status.done + len(piece.names), total=total, counted=counted, counts=counts, covered=covered)

    def _follow(self) -> None:
        """Apply what changes until the watch ends. Raises what the store raises, and ForeignError."""
        key_range = self._status.key_range
        watch = self._store.watch(key_range.start, key_range.end, self._history.resume())
        self._heard_at = time.monotonic()
        self._progress_seen = False
        self._watch = watch
        try:
            if self._stop.is_set():  # stop() came before there was a watch for it to cancel
                return
            head = _head(self._store, key_range)
            self._history.check(head)
            self._set(
                state="bounded" if self._status.too_large else "behind", problem=self._status.too_large or _CATCHING_UP
            )
            if self._history.proven and head.revision == self._history.reached:
                self._confirm(self._heard_at)
            for batch in watch:
                if self._stop.is_set():
                    return
                self._apply(batch)
                self._check_rights()
        finally:
            self._watch = None
            watch.cancel()

    def _check_rights(self) -> None:
        """Now and then, whether what is held may still be read. Raises DeniedError, _RightsError."""
        now = time.monotonic()
        if now < self._rights_at + RIGHTS_SECONDS:
            return
        self._rights_at = now
        with suppress(UnreachableError):  # the watch itself says so, if it is more than a moment
            if not self._all_permitted:
                _head(self._store, self._status.key_range)
            elif permitted_parts(self._store, self._whole.start, self._whole.end) != self._permitted:
                raise _RightsError("etcd permits this user other keys than before.")

    def _apply(self, batch: WatchBatch) -> None:
        now = self._heard_at = time.monotonic()
        self._progress_seen = self._progress_seen or not batch.events
        before = self._history.reached
        events = self._history.take(batch)
        names = self._status.names
        if names is not None:
            for event in batch.events:
                if event.deleted:
                    names.discard(event.kv.key)
                else:
                    names.add(event.kv.key)
        if names is not None and (problem := self._sink.over_limit()):
            self._set(names=None, too_large=problem, state="bounded", problem=problem)
        certain_at = self._history.confirmed(batch, now)
        self._set(revision=self._history.reached)
        if certain_at is not None:
            self._confirm(certain_at)
        if events or self._history.reached != before:
            self.changes.note(events, self._history.reached, time.time())
            self._sink.moved(events, self._status.followed)

    def _confirm(self, at: float) -> None:
        """Nothing was missing at that moment (monotonic seconds)."""
        problem = self._status.too_large
        self._set(state="bounded" if problem else "live", confirmed_at=at, problem=problem)


_CATCHING_UP = "The watch is catching up."
_BEHIND = "etcd has not confirmed for some seconds that the watch is up to date."


def _head(store: Store, key_range: KeyRange) -> NamesPiece:
    """The newest revision and who says so, by a linearizable read of one key, which may be missing."""
    return list_names(store, Range(key_range.start))
