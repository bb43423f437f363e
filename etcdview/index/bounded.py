"""Names by bounded reads: for while the index loads, and for when memory is too short for one.

Nothing here reads more than some thousand names for one answer; what it cannot count cheaply it does not count.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from etcdview.errors import BudgetError, DeniedError, UnreachableError
from etcdview.index.base import Freshness, KeyPage, Mode, Tree, TypeCount
from etcdview.index.lister import EVERYTHING, KeyRange, keys_under, list_names, name_behind, sections, step_between
from etcdview.index.match import compile_search
from etcdview.index.memory import checked_limit
from etcdview.index.stopping import Stop, in_time
from etcdview.kube import resources
from etcdview.kube.keys import KeySpace, show
from etcdview.kube.resources import BY_PREFIX
from etcdview.models import NamesPiece, Range
from etcdview.stores.kept import Kept
from etcdview.stores.paging import next_start
from etcdview.stores.protocols import Store, prefix_end

SURVEY_SECONDS = 30.0  # how old a tree may be: counting a million keys costs etcd 0.3 s
SCAN_NAMES = 20_000  # how many names one search that cannot use a prefix looks at
SCAN_PIECE = 10_000
MANY_NAMES = 20_000  # a page of a range with more is read up to a guessed end
GUESS = 3  # pages' lengths that a guess goes ahead
WIDER = 16  # times as far where it was too short: the next namespace stands some characters away
KEPT_COUNTS = 2000  # a narrow role has one for each type and namespace
SKIPS = 300  # at most so many custom types are told apart


@dataclass(frozen=True, slots=True)
class _Survey:
    at: float
    tree: Tree


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many names a range held, and how far apart the ends of a page of it stand (as step_between has it)."""

    at: float
    count: int
    step: int


class BoundedNames:
    """The KeyIndex protocol by asking the store each time. Counts per namespace are left out: they cost too much."""

    def __init__(
        self,
        store: Store,
        keyspace: KeySpace,
        ranges: Sequence[KeyRange] = (EVERYTHING,),
        *,
        revision: int = 0,
        problem: str = "",
    ) -> None:
        self._store = store
        self._keyspace = keyspace
        self.ranges = tuple(ranges)
        self._revision = revision
        self._problem = problem
        self._survey = Kept(SURVEY_SECONDS, self._count_all, old_for=(UnreachableError, BudgetError))
        self._counted: OrderedDict[KeyRange, _Counted] = OrderedDict()
        self._lock = threading.Lock()  # guards the counts

    def freshness(self) -> Freshness:
        """See KeyIndex.freshness. Each answer is as of the moment it is asked for, the tree at most 30 s older."""
        survey = self._survey.known
        revision, age = (survey.tree.revision, time.monotonic() - survey.at) if survey else (self._revision, 0.0)
        return Freshness("bounded", revision, complete=False, age_seconds=age, problem=self._problem)

    def tree(self) -> Tree:
        """Counts by type, from count-only reads at one revision; those of before while somebody counts anew.

        Raises UnreachableError where there is none of before.
        """
        return self._survey.get().tree

    def page(self, start: bytes, end: bytes, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.page; the names are read as they are now, their count is at most 30 s older."""
        limit = checked_limit(limit)
        key_range = KeyRange(start, start + b"\0" if end == b"" else end)
        low = key_range.start if after is None else max(key_range.start, after + b"\0")
        known = self._counted.get(key_range)
        piece = self._read_page(key_range, low, limit, known if after is not None else None)
        if low == key_range.start:
            at, count = time.monotonic(), piece.count
        elif known is not None and time.monotonic() - known.at <= SURVEY_SECONDS:
            at, count = known.at, known.count
        else:
            whole = self._store.range(Range(key_range.start, key_range.end, revision=piece.revision, count_only=True))
            at, count = time.monotonic(), whole.count
        self._remember(key_range, _Counted(at, count, step_between(key_range, piece.names)))
        keys = tuple(piece.names)
        if piece.more:  # the next page has to begin behind this one
            next_start(self._store.name, low, keys[-1] if keys else None)
        return KeyPage(piece.revision, False, keys, count, keys[-1] if piece.more else None)

    def count(self, start: bytes, end: bytes) -> int:
        """See KeyIndex.count: by a count-only read, kept for SURVEY_SECONDS."""
        key_range = KeyRange(start, end)
        known = self._counted.get(key_range)
        if known is None or time.monotonic() - known.at > SURVEY_SECONDS:
            found = self._store.range(Range(start, end, revision=self._revision, count_only=True))
            known = _Counted(time.monotonic(), found.count, known.step if known is not None else 0)
            self._remember(key_range, known)
        return known.count

    def unrecognised(self, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """Names without a place, as far as one scan of the gaps between the known types gets."""
        gaps = [gap for key_range in self.ranges for gap, prefix in sections(key_range, self._keyspace) if not prefix]
        found = _Scan(self._store, self._revision, checked_limit(limit), after)
        return found.run(gaps, lambda name: self._keyspace.object_key(name) is None, None)

    def search(
        self, text: str, mode: Mode, *, after: bytes | None = None, limit: int = 100, stop: Stop | None = None
    ) -> KeyPage:
        """See KeyIndex.search; other than by prefix, at most SCAN_NAMES names are read, then `next_after` is set."""
        matcher = compile_search(text, mode)
        low = matcher.literal_prefix
        if mode == "prefix":
            return self.page(low or b"\0", prefix_end(low), after=after, limit=limit)
        ranges = [_overlap(key_range, keys_under(low)) for key_range in self.ranges]
        return _Scan(self._store, self._revision, checked_limit(limit), after).run(ranges, matcher.matches, stop)

    def close(self) -> None:
        """Nothing to let go of."""

    def _count_all(self) -> _Survey:
        return _Survey(time.monotonic(), survey(self._store, self._keyspace, self.ranges, self._revision))

    def _read_page(self, key_range: KeyRange, low: bytes, limit: int, known: _Counted | None) -> NamesPiece:
        """At most `limit` names from `low` on. Where the range holds many, its end is guessed: see the lister."""
        step = known.step * GUESS if known is not None and known.count > MANY_NAMES else 0
        while step:
            end = name_behind(key_range, low, step)
            if end == key_range.end:
                break
            piece = list_names(self._store, Range(low, end, self._revision, limit))
            if len(piece.names) == limit:
                return replace(piece, more=True)
            step *= WIDER
        return list_names(self._store, Range(low, key_range.end, self._revision, limit))

    def _remember(self, key_range: KeyRange, known: _Counted) -> None:
        with self._lock:
            self._counted[key_range] = known
            self._counted.move_to_end(key_range)
            if len(self._counted) > KEPT_COUNTS:
                self._counted.popitem(last=False)


def survey(store: Store, keyspace: KeySpace, ranges: Sequence[KeyRange], revision: int = 0) -> Tree:
    """The tree by count-only reads, a bounded one for each known type, and skips over what is between them.

    Raises UnreachableError, CompactedError; what is denied is listed.
    """
    surveyor = _Surveyor(store, keyspace, revision)
    for key_range in ranges:
        try:
            surveyor.look(key_range)
        except DeniedError:
            surveyor.denied.append(show(key_range.start))
    return surveyor.tree()


class _Surveyor:
    """Counts, section by section, all at the revision of the first read."""

    def __init__(self, store: Store, keyspace: KeySpace, revision: int) -> None:
        self._store = store
        self._keyspace = keyspace
        self._revision = revision
        self._types: list[TypeCount] = []
        self._unrecognised = 0
        self._skips = 0
        self.denied: list[str] = []

    def look(self, key_range: KeyRange) -> None:
        for section, prefix in sections(key_range, self._keyspace):
            count = self._count(section)
            if count and prefix:
                self._types.append(_row(self._keyspace, BY_PREFIX[prefix], count))
            elif count:
                self._look_between(section)

    def tree(self) -> Tree:
        types = tuple(sorted(self._types, key=lambda t: t.resource.prefix))
        return Tree(self._revision, False, types, self._unrecognised, tuple(self.denied))

    def _count(self, key_range: KeyRange) -> int:
        result = self._store.range(Range(key_range.start, key_range.end, revision=self._revision, count_only=True))
        self._revision = result.revision
        return result.count

    def _look_between(self, gap: KeyRange) -> None:
        """From one custom type to the next: the first name tells which it is, its count how many to skip."""
        cursor = gap.start
        while True:
            piece = list_names(self._store, Range(cursor, gap.end, self._revision, limit=1))
            if not piece.names:
                return
            if self._skips >= SKIPS:
                self._unrecognised += piece.count
                return
            self._skips += 1
            # a name before the cursor would lead back to where the search has been, again and again
            next_start(self._store.name, cursor, piece.names[0])
            whole = _overlap(KeyRange(cursor, gap.end), self._extent(piece.names[0]))
            self._book(piece.names[0], self._count(whole))
            if whole.end in (b"\0", gap.end):
                return
            cursor = whole.end

    def _extent(self, name: bytes) -> KeyRange:
        """What is skipped with the name: all of its type, else of its directory, else itself alone."""
        prefix = self._keyspace.resource_prefix(name)
        if prefix is not None:
            return keys_under(prefix)
        root = max((root for root in self._keyspace.roots if name.startswith(root)), key=len, default=b"")
        segments = name[len(root) :].split(b"/", 2)
        if len(segments) == 3:
            return keys_under(root + b"/".join(segments[:2]) + b"/")
        if len(segments) == 2 and segments[0] and b"." not in segments[0]:
            return keys_under(root + segments[0] + b"/")
        return KeyRange(name, name + b"\0")

    def _book(self, name: bytes, count: int) -> None:
        object_key = self._keyspace.object_key(name)
        if object_key is None:
            self._unrecognised += count
        else:
            self._types.append(_row(self._keyspace, object_key.resource, count))


def _row(keyspace: KeySpace, resource: resources.ResourceType, count: int) -> TypeCount:
    namespaces = {} if resource.namespaced else {"": count}
    return TypeCount(resource, keyspace.range_prefix(resource), count, namespaces)


def _overlap(one: KeyRange, other: KeyRange) -> KeyRange:
    ends = [end for end in (one.end, other.end) if end != b"\0"]
    return KeyRange(max(one.start, other.start), min(ends) if ends else b"\0")


class _Scan:
    """Looks at names in pieces until a page is full or SCAN_NAMES were seen."""

    def __init__(self, store: Store, revision: int, limit: int, after: bytes | None) -> None:
        self._store = store
        self._revision = revision
        self._limit = limit
        self._after = after
        self._keys: list[bytes] = []
        self._seen = 0
        self._last = after

    def run(self, ranges: Sequence[KeyRange], wanted: Callable[[bytes], bool], stop: Stop | None) -> KeyPage:
        """The page. Its count is of what it found; exact only when it came to the end from the beginning."""
        over = in_time(stop)
        for key_range in ranges:
            if not self._look(key_range, wanted, over):
                return self._page(self._last, exact=False)
        return self._page(None, exact=self._after is None)

    def _look(self, key_range: KeyRange, wanted: Callable[[bytes], bool], over: Stop) -> bool:
        """Whether the scan came to the end of the range."""
        cursor = key_range.start if self._after is None else max(key_range.start, self._after + b"\0")
        while key_range.end == b"\0" or cursor < key_range.end:
            if self._seen >= SCAN_NAMES or over():
                return False
            piece = list_names(self._store, Range(cursor, key_range.end, self._revision, SCAN_PIECE))
            self._revision = piece.revision
            if not self._take(piece.names, wanted):
                return False
            if not piece.more:
                return True
            cursor = next_start(self._store.name, cursor, piece.names[-1] if piece.names else None)
        return True

    def _take(self, names: Sequence[bytes], wanted: Callable[[bytes], bool]) -> bool:
        for name in names:
            if len(self._keys) == self._limit:
                return False
            self._last = name
            self._seen += 1
            if wanted(name):
                self._keys.append(name)
        return True

    def _page(self, next_after: bytes | None, *, exact: bool) -> KeyPage:
        return KeyPage(self._revision, False, tuple(self._keys), len(self._keys), next_after, exact)
