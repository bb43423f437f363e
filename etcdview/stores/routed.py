"""Keys of some ranges in other etcds than the rest: kube-apiserver's --etcd-servers-overrides, read as one picture.

Revisions of two etcds have nothing to do with each other. A revision means that of the etcd which holds the range it is
asked with; what is to be read at one moment from several is read with a `PinnedRevision`, which has one for each.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from etcdview.errors import UsageError
from etcdview.models import Alarm, KeyValue, Member, Membership, Range, RangeResult
from etcdview.stores.merged_watch import Keeps, MergedWatch
from etcdview.stores.permitted import overlapping
from etcdview.stores.protocols import LiveEtcd, MaintainedMember, Store, Watch, least_end

_END = b"\0"


class PinnedRevision(int):
    """The revision of an answer, as a number that of the etcd which gave it.

    It remembers the revisions of the other etcds from the first read of each that is pinned to it.
    """

    def __new__(cls, revision: int, source: int) -> PinnedRevision:
        """`source` is the number of the etcd that the revision is of."""
        made = super().__new__(cls, revision)
        made._lock = threading.Lock()
        made._revisions = {source: revision}
        return made

    _lock: threading.Lock  # guards _revisions
    _revisions: dict[int, int]

    def of(self, source: int) -> int:
        """The revision to read an etcd at; 0 where none of it is pinned yet."""
        with self._lock:
            return self._revisions.get(source, 0)

    def pin(self, source: int, revision: int) -> None:
        """What the first read of an etcd was answered at."""
        with self._lock:
            self._revisions.setdefault(source, revision)

    def all(self) -> dict[int, int]:
        """The revisions that are known, by the number of the etcd."""
        with self._lock:
            return dict(self._revisions)


def pinned(revisions: Mapping[int, int]) -> int:
    """Revisions of several etcds as one; of a single etcd it is a plain number, and 0 of none."""
    if len(revisions) < 2:
        return next(iter(revisions.values()), 0)
    return all_pinned(revisions, min(revisions))


def all_pinned(revisions: Mapping[int, int], first: int) -> PinnedRevision:
    """The same as a number that of the etcd `first`, also where they are of that one alone."""
    found = PinnedRevision(revisions[first], first)
    for source, revision in revisions.items():
        found.pin(source, revision)
    return found


def revision_of(revision: int, source: int) -> int:
    """The revision of one etcd; a plain number is its own."""
    return revision.of(source) if isinstance(revision, PinnedRevision) else revision


@dataclass(frozen=True, slots=True)
class Route:
    """The keys of [start, end) are in `store`; `resource` is what they are, as the API server names it."""

    start: bytes
    end: bytes
    resource: str
    store: LiveEtcd


@dataclass(frozen=True, slots=True)
class RoutedPart:
    """A part of a range that one etcd holds: the number `source` of it is 0 for the first, which holds the rest."""

    start: bytes
    end: bytes
    source: int


class RoutedStore:
    """The live etcd as one store: each range goes to the etcd that holds it. Members are those of the first etcd."""

    live = True

    def __init__(self, store: LiveEtcd, routes: Sequence[Route]) -> None:
        """`routes` do not overlap."""
        self.main = store
        self.routes = tuple(sorted(routes, key=lambda route: route.start))
        self._others = tuple({id(route.store): route.store for route in self.routes}.values())
        self._stores = (store, *self._others)
        self.name = store.name
        self.endpoints = store.endpoints
        self.tls = store.tls
        self.timeout_seconds = store.timeout_seconds

    @property
    def others(self) -> tuple[tuple[LiveEtcd, str], ...]:
        """The other etcds, each with what it holds, in words."""
        return tuple(
            (store, ", ".join(route.resource for route in self.routes if route.store is store))
            for store in self._others
        )

    def store(self, source: int) -> LiveEtcd:
        """The etcd with that number."""
        return self._stores[source]

    def parts(self, start: bytes, end: bytes) -> Iterator[RoutedPart]:
        """[start, end), `end` as in Store.range, cut where another etcd begins; in order, at least one."""
        if not end:
            yield RoutedPart(start, end, self.source_of(start))
            return
        cursor = start
        for route in self.routes:
            low, high = max(route.start, cursor), least_end(route.end, end)
            if not _before(low, high):
                continue
            if cursor < low:
                yield RoutedPart(cursor, low, 0)
            yield RoutedPart(low, high, self._stores.index(route.store))
            cursor = high
            if cursor == end:
                return
        yield RoutedPart(cursor, end, 0)

    def source_of(self, key: bytes) -> int:
        """The number of the etcd that holds a key."""
        for route in self.routes:
            if key >= route.start and (route.end == _END or key < route.end):
                return self._stores.index(route.store)
        return 0

    def range(self, request: Range) -> RangeResult:
        """See Store.range. Of a range in several etcds, the revision of the answer is that of the first part's."""
        return self.read_parts(list(self.parts(request.start, request.end)), request)

    def read_parts(self, parts: Sequence[RoutedPart], request: Range) -> RangeResult:
        """The same of some parts of a range."""
        return _range(self._stores, parts, request)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many; each etcd is read at one revision of its own."""
        found: dict[bytes, KeyValue] = {}
        for source, store in enumerate(self._stores):
            own = [key for key in keys if self.source_of(key) == source]
            if own:
                at = revision_of(revision, source)
                found |= store.get_many(own, revision=at, keys_only=keys_only)
        return found

    def watch(self, start: bytes, end: bytes, revision: int) -> Watch:
        """See Watchable.watch. Raises UsageError for a range in several etcds without a revision of each."""
        hulls: dict[int, tuple[bytes, bytes]] = {}
        for part in self.parts(start, end):
            hulls[part.source] = hulls.get(part.source, (part.start, b""))[0], part.end
        if len(hulls) == 1:
            [source] = hulls
            return self._stores[source].watch(start, end, revision_of(revision, source))
        if not isinstance(revision, PinnedRevision) or not all(map(revision.of, hulls)):
            raise UsageError(
                "These keys are in several etcds, whose changes have no common order.",
                f"Name a prefix: {', '.join(route.resource for route in self.routes)} alone, or a type beside them.",
            )
        return self._merged(hulls, revision)

    def _merged(self, hulls: Mapping[int, tuple[bytes, bytes]], revision: PinnedRevision) -> Watch:
        """Each etcd from its own revision on, by the number of it."""
        opened: list[tuple[Watch, Keeps]] = []
        try:
            for source, (start, end) in hulls.items():
                watch = self._stores[source].watch(start, end, revision.of(source))
                opened.append((watch, partial(self._holds, source)))
            return MergedWatch(opened)
        except BaseException:
            for watch, _ in opened:
                watch.cancel()
            raise

    def _holds(self, source: int, key: bytes) -> bool:
        return self.source_of(key) == source

    def revisions(self, start: bytes, end: bytes) -> dict[int, int]:
        """The newest revision of each etcd that holds a part of [start, end), by its number."""
        found: dict[int, int] = {}
        for part in self.parts(start, end):
            if part.source not in found:
                found[part.source] = self._stores[part.source].range(Range(part.start, keys_only=True)).revision
        return found

    def permitted(self) -> tuple[Range, ...] | None:
        """See Restricted.permitted: of each etcd, what it permits of its own part."""
        found = [store.permitted() for store in self._stores]
        if all(ranges is None for ranges in found):
            return None
        kept: list[Range] = []
        for part in self.parts(_END, _END):
            ranges = found[part.source]
            whole = (Range(part.start, part.end),)
            kept += whole if ranges is None else overlapping(ranges, part.start, part.end)
        return tuple(kept)

    def close(self) -> None:
        """Let go of the connections to all of them."""
        for store in self._stores:
            store.close()

    def put(self, key: bytes, value: bytes, *, mod_revision: int, lease: int = 0) -> int:
        """See Writable.put."""
        return self._of(key).put(key, value, mod_revision=mod_revision, lease=lease)

    def delete(self, key: bytes, *, mod_revision: int) -> int:
        """See Writable.delete."""
        return self._of(key).delete(key, mod_revision=mod_revision)

    def delete_many(self, mod_revisions: Mapping[bytes, int]) -> int:
        """See Writable.delete_many. Raises UsageError for keys in several etcds, which have no common transaction."""
        return self._one(mod_revisions).delete_many(mod_revisions)

    @property
    def user(self) -> str:
        """See Maintainable."""
        return self.main.user

    def members(self) -> Membership:
        """See Maintainable."""
        return self.main.members()

    def probe(self, endpoint: str) -> MaintainedMember:
        """See Maintainable."""
        return self.main.probe(endpoint)

    def compact(self, revision: int) -> None:
        """See Maintainable."""
        self.main.compact(revision)

    def disarm(self, alarm: Alarm) -> None:
        """See Maintainable."""
        self.main.disarm(alarm)

    def add_learner(self, peer_urls: Sequence[str]) -> Member:
        """See Maintainable."""
        return self.main.add_learner(peer_urls)

    def promote(self, member_id: int) -> None:
        """See Maintainable."""
        self.main.promote(member_id)

    def remove(self, member_id: int) -> None:
        """See Maintainable."""
        self.main.remove(member_id)

    def _of(self, key: bytes) -> LiveEtcd:
        return self._stores[self.source_of(key)]

    def _one(self, keys: Iterable[bytes]) -> LiveEtcd:
        sources = {self.source_of(key) for key in keys} or {0}
        if len(sources) > 1:
            raise UsageError("These keys are in several etcds: no transaction covers both.", "Delete one type alone.")
        return self._stores[sources.pop()]


def _range(stores: Sequence[Store], parts: Sequence[RoutedPart], request: Range) -> RangeResult:
    """The parts read one after the other, each at its etcd's own revision, put together."""
    pinned = request.revision if isinstance(request.revision, PinnedRevision) else None
    if pinned is None and request.revision and len(parts) > 1:
        pinned = PinnedRevision(request.revision, 0)  # a plain number for several is the first etcd's
    kvs: list[KeyValue] = []
    count, more, serializable = 0, False, False
    for part in parts:
        left = request.limit - len(kvs)
        full = bool(request.limit) and left <= 0  # the rest is counted only
        asked = replace(
            request,
            start=part.start,
            end=part.end,
            revision=revision_of(pinned if pinned is not None else request.revision, part.source),
            limit=max(left, 0) if request.limit else 0,
            count_only=request.count_only or full,
        )
        found = stores[part.source].range(asked)
        if pinned is None:
            pinned = PinnedRevision(found.revision, part.source)
        pinned.pin(part.source, found.revision)
        kvs += found.kvs
        count += found.count
        more = more or found.more or (full and found.count > 0)
        serializable = serializable or found.serializable
    return RangeResult(pinned or request.revision, tuple(kvs), count, more, serializable)


def _before(start: bytes, end: bytes) -> bool:
    return end == _END or start < end
