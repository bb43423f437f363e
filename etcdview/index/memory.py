"""All names of one moment in memory: the answer for files, and the core of the live index."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from etcdview.errors import QueryError
from etcdview.index.base import Freshness, KeyPage, Mode, Tree, TypeCount
from etcdview.index.match import Matcher, Prefix, compile_search
from etcdview.index.packed import Block, PackedNames, View
from etcdview.index.stopping import Stop, in_time
from etcdview.index.tally import Tally
from etcdview.kube.keys import KeySpace
from etcdview.models import Range
from etcdview.stores.protocols import NameLister, Store, prefix_end

MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search has found: a page of names, and how many match in all (`exact`) or at least."""

    keys: tuple[bytes, ...]
    count: int
    next_after: bytes | None
    exact: bool = True


class NameSet:
    """Names of one part of the keyspace, counted and searched. Changed by one thread, read by any."""

    def __init__(self, keyspace: KeySpace) -> None:
        self._keyspace = keyspace
        self._names = PackedNames()
        self._unrecognised = PackedNames()
        self._tally = Tally(keyspace)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._names)

    @property
    def size_bytes(self) -> int:
        """About how much memory the names take."""
        return self._names.size_bytes + self._unrecognised.size_bytes

    def extend(self, names: Sequence[bytes]) -> None:
        """Add sorted, distinct names that no name stands between which is here already."""
        with self._lock:
            unrecognised_keys: list[bytes] = []
            for block in self._names.extend(names):
                unrecognised_keys += self._tally.add_block(block)
            self._unrecognised.extend(unrecognised_keys)

    def add(self, name: bytes) -> bool:
        """Add one name; whether it is new."""
        with self._lock:
            if not self._names.add(name):
                return False
            if not self._tally.change(name, 1):
                self._unrecognised.add(name)
            return True

    def discard(self, name: bytes) -> bool:
        """Take one name out; whether it was there."""
        with self._lock:
            if not self._names.discard(name):
                return False
            if not self._tally.change(name, -1):
                self._unrecognised.discard(name)
            return True

    def view(self) -> View:
        """All names as of now."""
        with self._lock:
            return self._names.view()

    def unrecognised_view(self) -> View:
        """The names without a place as of now."""
        with self._lock:
            return self._unrecognised.view()

    def types(self) -> tuple[TypeCount, ...]:
        """The counts as of now."""
        with self._lock:
            return self._tally.types()


class MemoryNames:
    """The KeyIndex protocol over a store that does not change."""

    def __init__(self, names: NameSet, revision: int) -> None:
        self._names = names
        self._revision = revision

    @classmethod
    def of_store(cls, store: Store, keyspace: KeySpace) -> MemoryNames:
        """Read every name of a static store."""
        if isinstance(store, NameLister):
            piece = store.list_names(Range(b"\0", b"\0"))
            return cls._of_sorted(piece.names, keyspace, piece.revision)
        result = store.range(Range(b"\0", b"\0", keys_only=True))
        return cls.of_names((kv.key for kv in result.kvs), keyspace, result.revision)

    @classmethod
    def of_names(cls, names: Iterable[bytes], keyspace: KeySpace, revision: int) -> MemoryNames:
        """Names in any order, as of one revision."""
        return cls._of_sorted(sorted(names), keyspace, revision)

    @classmethod
    def _of_sorted(cls, names: Sequence[bytes], keyspace: KeySpace, revision: int) -> MemoryNames:
        held = NameSet(keyspace)
        held.extend(names)
        return cls(held, revision)

    def freshness(self) -> Freshness:
        """A file is as true as it will ever be."""
        return Freshness("static", self._revision, complete=True, done=len(self._names), total=len(self._names))

    def tree(self) -> Tree:
        """See KeyIndex.tree."""
        return Tree(self._revision, True, self._names.types(), self._names.unrecognised_view().count)

    def page(self, start: bytes, end: bytes, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.page."""
        return self._page(page_of((self._names.view(),), start, end, after, limit))

    def count(self, start: bytes, end: bytes) -> int:
        """See KeyIndex.count."""
        return self.page(start, end, limit=1).count

    def unrecognised(self, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.unrecognised."""
        return self._page(page_of((self._names.unrecognised_view(),), b"", b"\0", after, limit))

    def search(
        self, text: str, mode: Mode, *, after: bytes | None = None, limit: int = 100, stop: Stop | None = None
    ) -> KeyPage:
        """See KeyIndex.search."""
        return self._page(search_in((self._names.view(),), compile_search(text, mode), after, limit, stop))

    def close(self) -> None:
        """Nothing to let go of."""

    def _page(self, found: SearchResult) -> KeyPage:
        return KeyPage(self._revision, True, found.keys, found.count, found.next_after, found.exact)


def page_of(views: Sequence[View], start: bytes, end: bytes, after: bytes | None, limit: int) -> SearchResult:
    """The names of [start, end) behind `after`, from views that follow each other in byte order."""
    limit = checked_limit(limit)
    low = max(start, after + b"\0") if after is not None else start
    found: list[bytes] = []
    for view in views:
        found += view.iterate(low, limit + 1 - len(found)) if len(found) <= limit else []
    found = [name for name in found if _before(name, start, end)]
    more = len(found) > limit
    count = sum(view.count_between(start, end) for view in views)
    return SearchResult(tuple(found[:limit]), count, found[limit - 1] if more else None)


def search_in(
    views: Sequence[View], matcher: Matcher, after: bytes | None, limit: int, stop: Stop | None = None
) -> SearchResult:
    """The names that match, behind `after`, and how many match in all.

    It gives up as KeyIndex.search says; the count is then a lower bound and the next page
    goes on from where it stood. Only expressions made to hurt need so long.
    """
    if isinstance(matcher, Prefix):
        return page_of(views, matcher.literal_prefix, prefix_end(matcher.literal_prefix), after, limit)
    return _Search(matcher, after, checked_limit(limit)).run(views, stop)


def checked_limit(limit: int) -> int:
    """The limit, if a page may be so long. Raises QueryError."""
    if not 1 <= limit <= MAX_PAGE:
        raise QueryError(f"A page of {limit:,} names cannot be given.", f"Ask for 1 to {MAX_PAGE:,} at a time.")
    return limit


def _before(name: bytes, start: bytes, end: bytes) -> bool:
    return name == start if end == b"" else end == b"\0" or name < end


class _Search:
    """One run of a matcher over blocks: collects until the page is full, and counts to the end."""

    def __init__(self, matcher: Matcher, after: bytes | None, limit: int) -> None:
        self._matcher = matcher
        self._after = after
        self._limit = limit
        self._keys: list[bytes] = []
        self._count = 0
        self._behind = 0  # how many of the count stand at or before `after`
        self._seen: bytes | None = after

    def run(self, views: Sequence[View], stop: Stop | None) -> SearchResult:
        over = in_time(stop)
        low, high = self._matcher.literal_prefix, prefix_end(self._matcher.literal_prefix)
        for view in views:
            for block in view.blocks_from(low):
                if high != b"\0" and block.first >= high:
                    break
                if over():
                    return self._found(exact=False)
                self._look(block)
        return self._found(exact=True)

    def _look(self, block: Block) -> None:
        if len(self._keys) == self._limit:
            self._count += self._matcher.count(block)
        elif self._after is not None and block.last <= self._after:
            count = self._matcher.count(block)
            self._count += count
            self._behind += count
        else:
            self._collect(self._matcher.find(block))
            self._seen = block.last

    def _collect(self, names: list[bytes]) -> None:
        first = bisect_right(names, self._after) if self._after is not None else 0
        self._count += len(names)
        self._behind += first
        self._keys += names[first : first + self._limit - len(self._keys)]

    def _found(self, *, exact: bool) -> SearchResult:
        page = tuple(self._keys)
        more = self._count > self._behind + len(page)
        if page and more:
            return SearchResult(page, self._count, page[-1], exact)
        return SearchResult(page, self._count, None if exact else self._seen, exact)
