"""The index of a live store: every key name in memory, loaded in the background and kept true by one watch a range.

While it loads, what has been loaded and bounded reads of etcd answer; no call waits for the load.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from etcdview import background
from etcdview.errors import DeniedError, NotPermittedError
from etcdview.index.base import FollowedRange, Freshness, KeyPage, Listener, Mode, State, Tree
from etcdview.index.bounded import BoundedNames
from etcdview.index.changes import RangeLog, SeveralLogs
from etcdview.index.churn import Churn, ChurnCounter
from etcdview.index.feed import Feed, FeedStatus
from etcdview.index.lister import EVERYTHING, KeyRange, disjoint, keys_under
from etcdview.index.match import compile_search
from etcdview.index.memory import SearchResult, page_of, search_in
from etcdview.index.packed import View
from etcdview.index.reached import least_of
from etcdview.index.stopping import Stop
from etcdview.index.trees import loaded_tree, loading_tree
from etcdview.kube.keys import KeySpace, show
from etcdview.kube.quantities import size_text
from etcdview.models import Event, Range
from etcdview.stores.permitted import GRANT, permitted_text
from etcdview.stores.protocols import WatchableStore
from etcdview.stores.routed import RoutedStore

_log = logging.getLogger(__name__)

PULSE_SECONDS = 1.0
UNRECOGNISED = "Other keys"  # the churn of keys that fit no pattern

# the worst part of the index speaks for all of it
_BY_WORST: tuple[State, ...] = ("down", "loading", "bounded", "behind", "live")


class Index:
    """The KeyIndex protocol over a live store, with what changes lately. `start` it once, `close` it in the end."""

    def __init__(
        self,
        store: WatchableStore,
        keyspace: KeySpace,
        *,
        prefixes: Sequence[bytes] = (),
        memory_limit_bytes: int = 0,
    ) -> None:
        """Without `prefixes` all that etcd permits: the keyspace, what its user may read, or the registry's root."""
        self._store = store
        self._keyspace = keyspace
        self._churn = ChurnCounter()
        self._reads: BoundedNames | None = None
        self._listeners: list[Listener] = []
        wanted = disjoint(list(prefixes))
        self._limit = memory_limit_bytes
        if isinstance(store, RoutedStore):
            self._feeds = self._routed(store, wanted or [EVERYTHING], narrows=not wanted)
        elif wanted:
            self._feeds = [self._feed([key_range]) for key_range in wanted]
        else:
            self._feeds = [Feed(store, keyspace, [EVERYTHING, keys_under(keyspace.root)], self, narrows=True)]
        self._roots = list(self._feeds)  # those that there are from the start
        self._below: dict[Feed, dict[KeyRange, Feed]] = {}  # what etcd permits of a root beside its first part
        self._permitted: dict[Feed, tuple[Range, ...] | None] = {}  # of a root; see feed.Sink
        self.changes = SeveralLogs(self._logs)
        self._limited = ""  # what etcd permits, in words, where that is not all
        self._feeds_lock = threading.Lock()  # guards the replacing of the feeds: etcd may permit other ranges later
        self._stop = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="etcdview-index-pulse", daemon=True)

    def start(self) -> None:
        """Begin to load; returns at once. Not before a server forks its workers."""
        for feed in self._feeds:
            feed.start()
        background.start(self._pulse)

    def close(self) -> None:
        """End the threads and the watches; within a second, unless the store keeps one waiting."""
        with self._feeds_lock:
            self._stop.set()
        for feed in self._feeds:
            feed.stop()
        for feed in self._feeds:
            feed.join(1.0)
        if self._pulse.ident is not None:
            self._pulse.join(1.0)

    def freshness(self) -> Freshness:
        """See KeyIndex.freshness: the worst of the parts."""
        parts = self._parts()
        readable = [part for part in parts if not part.denied] or parts
        worst = min(readable, key=lambda part: _BY_WORST.index(part.state))
        known = [part.confirmed_at for part in readable if part.confirmed_at]
        return Freshness(
            state=worst.state,
            revision=least_of(part.followed for part in readable),
            complete=all(part.names is not None for part in readable),
            age_seconds=max(time.monotonic() - min(known), 0.0) if known else 0.0,
            done=sum(part.done for part in readable),
            total=sum(part.total for part in readable) if all(part.counted for part in readable) else 0,
            problem=worst.problem or next((part.problem for part in parts if part.problem), ""),
            limited=self._limited,
        )

    def tree(self) -> Tree:
        """See KeyIndex.tree. While loading: the types' full counts, and of namespaces what is loaded so far."""
        parts = self._parts()
        names = [part.names for part in parts if part.names is not None]
        denied = tuple(part.key_range.start.decode("utf-8", "backslashreplace") for part in parts if part.denied)
        revision = self.freshness().revision
        if names and len(names) == sum(not part.denied for part in parts):
            return loaded_tree(names, revision, denied)
        if any(part.too_large for part in parts):
            return replace(self._bounded(parts).tree(), denied=denied)
        return loading_tree(parts, self._keyspace, revision, denied)

    def page(self, start: bytes, end: bytes, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.page. What is not loaded yet is read from etcd. Raises DeniedError where nothing may be read."""
        requested = KeyRange(start, start + b"\0" if end == b"" else end)
        touched = [part for part in self._parts() if part.key_range.overlaps(requested)]
        parts = [part for part in touched if not part.denied]
        if not parts:
            raise _unreadable(touched, requested, self._limited)
        views = _views_over(parts, requested)
        if views is None:
            found = self._bounded(parts).page(start, end, after=after, limit=limit)
        else:
            revision = least_of(part.followed for part in parts)
            found = replace(self._answer(page_of(views, start, end, after, limit)), revision=revision)
        return found if parts == touched else replace(found, complete=False)

    def count(self, start: bytes, end: bytes) -> int:
        """See KeyIndex.count. Raises DeniedError where nothing may be read."""
        requested = KeyRange(start, end)
        parts = [part for part in self._parts() if part.key_range.overlaps(requested) and not part.denied]
        if parts and _views_over(parts, requested) is None:
            return self._bounded(parts).count(start, end)
        return self.page(start, end, limit=1).count

    def unrecognised(self, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.unrecognised; while loading, those that are loaded."""
        held = [part.names or part.loading for part in self._parts()]
        views = [names.unrecognised_view() for names in held if names is not None]
        return self._answer(page_of(views, b"", b"\0", after, limit))

    def search(
        self, text: str, mode: Mode, *, after: bytes | None = None, limit: int = 100, stop: Stop | None = None
    ) -> KeyPage:
        """See KeyIndex.search. While loading: among the names that are loaded, save that a prefix is read from etcd."""
        parts = [part for part in self._parts() if not part.denied]
        if mode == "prefix" and text:
            key_range = keys_under(text.encode())
            return self.page(key_range.start, key_range.end, after=after, limit=limit)
        if any(part.too_large for part in parts):
            return self._bounded(parts).search(text, mode, after=after, limit=limit, stop=stop)
        held = [part.names or part.loading for part in parts]
        views = [names.view() for names in held if names is not None]
        return self._answer(search_in(views, compile_search(text, mode), after, limit, stop))

    def churn(self) -> tuple[Churn, ...]:
        """Writes by storage prefix over the last hour, the busiest first; since the start of the index, if later."""
        return self._churn.rates(time.monotonic())

    def listen(self, listener: Listener) -> None:
        """Tell someone more of what is applied, from now on."""
        self._listeners.append(listener)

    def followed(self) -> tuple[FollowedRange, ...]:
        """See Announcing."""
        return tuple(part.followed for part in self._parts() if not part.denied)

    def loaded(self) -> None:
        """See feed.Sink."""
        for listener in self._listeners:
            listener.reloaded()

    def forgotten(self) -> None:
        """See feed.Sink."""
        self.loaded()

    def moved(self, events: Sequence[Event], followed: FollowedRange) -> None:
        """See feed.Sink."""
        for listener in self._listeners:
            listener.changed(events, followed)
        now = time.monotonic()
        for event in events:
            object_key = self._keyspace.object_key(event.kv.key)
            self._churn.note(object_key.resource.prefix if object_key else UNRECOGNISED, now)

    def permitted(self, feed: Feed, parts: Sequence[Range] | None) -> None:
        """See feed.Sink: the ranges after the first have feeds of their own."""
        with self._feeds_lock:
            if self._stop.is_set():
                return
            self._permitted[feed] = None if parts is None else tuple(parts)
            self._limited = self._limits()
            running = self._below.get(feed, {})
            wanted = [KeyRange(part.start, part.end) for part in (parts or ())[1:]]
            new = {key_range: feed.beside(key_range) for key_range in wanted if key_range not in running}
            self._below[feed] = {key_range: (running | new)[key_range] for key_range in wanted}
            self._feeds = [one for root in self._roots for one in (root, *self._below.get(root, {}).values())]
            for key_range, gone in running.items():
                if key_range not in wanted:
                    gone.stop()
            for one in new.values():
                one.start()

    def _limits(self) -> str:
        """What etcd permits of all roots together, in words; "" where that is not limited."""
        found = set(self._permitted.values())
        if found <= {()} or found == {None}:
            return ""
        whole = [feed for feed in self._roots if self._permitted.get(feed) == ()]
        rest = [Range(feed.status.key_range.start, feed.status.key_range.end) for feed in whole]
        permitted = [part for parts in self._permitted.values() for part in parts or ()]
        return permitted_text(sorted([*permitted, *rest], key=lambda part: part.start))

    def over_limit(self) -> str:
        """See feed.Sink."""
        held = (part.names or part.loading for part in self._parts())
        if not self._limit or sum(names.size_bytes for names in held if names is not None) <= self._limit:
            return ""
        return (
            f"The key names take more memory than the limit of {size_text(self._limit)}; "
            "each page reads from etcd instead. Raise the limit to have counts and search back."
        )

    def _feed(self, ranges: Sequence[KeyRange]) -> Feed:
        return Feed(self._store, self._keyspace, ranges, self)

    def _routed(self, store: RoutedStore, wanted: Sequence[KeyRange], *, narrows: bool) -> list[Feed]:
        """A feed for each part of the keys that one etcd holds, at revisions of its own."""
        parts = (part for key_range in wanted for part in store.parts(key_range.start, key_range.end))
        ranges = ((store.store(part.source), KeyRange(part.start, part.end), part.source) for part in parts)
        return [
            Feed(etcd, self._keyspace, [key_range], self, source, narrows=narrows) for etcd, key_range, source in ranges
        ]

    def _logs(self) -> list[RangeLog]:
        readable = [(feed.status, feed.changes) for feed in self._feeds if not feed.status.denied]
        return [RangeLog(status.key_range, changes, status.source) for status, changes in readable]

    def _beat(self) -> None:
        while not self._stop.wait(PULSE_SECONDS):
            for feed in self._feeds:
                self._pulse_of(feed)

    def _pulse_of(self, feed: Feed) -> None:
        try:
            feed.pulse(time.monotonic())
        except Exception:  # noqa: BLE001 - were this thread to die, a watch that hangs would pass for a quiet one
            _log.exception("the index could not ask whether its watch is up to date")

    def _parts(self) -> list[FeedStatus]:
        """Without what etcd permits nothing of, unless that is all."""
        readable = [feed for feed in self._feeds if self._permitted.get(feed, ()) is not None]
        return [feed.status for feed in readable or self._feeds]

    def _bounded(self, parts: Sequence[FeedStatus]) -> BoundedNames:
        """Bounded reads over the parts; kept while the parts are the same, for the counts it remembers."""
        ranges = tuple(part.key_range for part in parts if not part.denied)
        if self._reads is None or self._reads.ranges != ranges:
            self._reads = BoundedNames(self._store, self._keyspace, ranges)
        return self._reads

    def _answer(self, found: SearchResult) -> KeyPage:
        fresh = self.freshness()
        return KeyPage(fresh.revision, fresh.complete, found.keys, found.count, found.next_after, found.exact)


def _views_over(parts: Sequence[FeedStatus], requested: KeyRange) -> list[View] | None:
    """Views that hold all names of `requested` that the parts have; None where a part of it is not loaded."""
    views: list[View] = []
    for part in parts:
        if part.names is not None:
            views.append(part.names.view())
        elif part.loading is not None and any(key_range.covers(requested) for key_range in part.covered):
            views.append(part.loading.view())
        else:
            return None
    return views


def _unreadable(denied: Sequence[FeedStatus], requested: KeyRange, limited: str) -> DeniedError:
    """Why nothing of `requested` may be read: etcd forbids it, or it lies outside of what etcdview is set to read."""
    if denied:
        return DeniedError(denied[0].problem, "Names and values below it cannot be shown with this etcd user.")
    if limited:
        return NotPermittedError(f"etcd permits this user {limited}, not {show(requested.start)}.", GRANT)
    return DeniedError(
        f"{show(requested.start)} is outside the prefixes that etcdview may read.",
        "Add its prefix to the setting `prefixes`.",
    )
