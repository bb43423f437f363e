"""Key names without those that may not be seen: neither listed nor counted nor found."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from etcdview.cluster.scope.changes import ScopedChanges
from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.errors import DeniedError
from etcdview.index.base import Changing, Freshness, KeyIndex, KeyPage, Mode, Tree, TypeCount
from etcdview.index.churn import Churn
from etcdview.index.lister import KeyRange, keys_under
from etcdview.index.match import Prefix, compile_search
from etcdview.index.stopping import Stop, in_time

# A search looks at so many permitted names at the most; then its count is a lower bound and the next page goes on.
LOOK_AT = 200_000
_PIECE = 10_000


def scoped_names(names: KeyIndex, permitted: PermittedRanges) -> KeyIndex:
    """The permitted part of `names`, with their changes where they have any."""
    return _Live(names, names, permitted) if isinstance(names, Changing) else ScopedNames(names, permitted)


class ScopedNames:
    """The KeyIndex protocol over another index; closing it closes nothing."""

    def __init__(self, names: KeyIndex, permitted: PermittedRanges) -> None:
        self._names = names
        self._permitted = permitted

    def freshness(self) -> Freshness:
        """See KeyIndex.freshness; progress in percent, since the number of all keys is not for this viewer."""
        fresh = self._names.freshness()
        percent = 100 * fresh.done // fresh.total if fresh.total else 0
        return replace(fresh, done=percent, total=100 if fresh.total else 0)

    def tree(self) -> Tree:
        """See KeyIndex.tree."""
        tree = self._names.tree()
        kept = (self._narrowed(counted) for counted in tree.types)
        return replace(tree, types=tuple(counted for counted in kept if counted.count), unrecognised=0, denied=())

    def page(self, start: bytes, end: bytes, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.page. Raises DeniedError where nothing of the range is permitted."""
        return self._page(self._permitted.checked(start, end), after, limit)

    def count(self, start: bytes, end: bytes) -> int:
        """See KeyIndex.count; of what is permitted."""
        return sum(map(self._count, self._permitted.within(start, end)))

    def unrecognised(self, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """See KeyIndex.unrecognised: a key without a place is of no namespace and no type that a scope could name."""
        return self._page((), after, limit)

    def search(
        self, text: str, mode: Mode, *, after: bytes | None = None, limit: int = 100, stop: Stop | None = None
    ) -> KeyPage:
        """See KeyIndex.search."""
        matcher = compile_search(text, mode)
        low = keys_under(matcher.literal_prefix)
        ranges = self._permitted.within(low.start, low.end)
        if isinstance(matcher, Prefix):
            return self._page(ranges, after, limit)
        few = self._names.search(text, mode, limit=_PIECE, stop=stop)
        if few.next_after is None and few.count_is_exact:
            return _cut(few, tuple(filter(self._permitted.has, few.keys)), after, limit)
        return self._look(ranges, matcher.matches, after, limit, in_time(stop))

    def close(self) -> None:
        """The names belong to the cluster, not to a viewer."""

    def _narrowed(self, counted: TypeCount) -> TypeCount:
        """What is left of one type, perhaps nothing."""
        scope, resource = self._permitted.scope, counted.resource
        if not scope.has_type(resource):
            return replace(counted, count=0, namespaces={})
        if scope.by_namespace.whole:
            return counted
        if resource.prefix == "namespaces":
            prefix = keys_under(self._permitted.keyspace.range_prefix(resource))
            count = self._page(self._permitted.within(prefix.start, prefix.end), None, 1).count
            return replace(counted, count=count, namespaces={"": count})
        if counted.count and not counted.namespaces:  # by bounded reads
            return self._counted(counted)
        namespaces = {name: count for name, count in counted.namespaces.items() if scope.has_namespace(name)}
        return replace(counted, count=sum(namespaces.values()), namespaces=namespaces)

    def _counted(self, counted: TypeCount) -> TypeCount:
        """The type by counts of the scope's own ranges; of namespaces where all are named."""
        prefix, patterns = counted.prefix, self._permitted.scope.by_namespace
        count = self.count(*_bounds(prefix))
        if any(pattern.kind in ("all", "beginning") for pattern in patterns.taken):
            return replace(counted, count=count)
        names = [pattern.text for pattern in patterns.taken if pattern.kind == "name"]
        within = {name: self.count(*_bounds(prefix + name.encode() + b"/")) for name in names}
        return replace(counted, count=count, namespaces={name: n for name, n in within.items() if n})

    def _count(self, part: KeyRange) -> int:
        with contextlib.suppress(DeniedError):  # by etcd, which may permit the others
            return self._names.count(part.start, part.end)
        return 0

    def _page(self, ranges: Sequence[KeyRange], after: bytes | None, limit: int) -> KeyPage:
        fresh = self._names.freshness()
        pages: list[KeyPage] = []
        keys: list[bytes] = []
        more, last, refused = False, after, None
        for key_range in ranges:
            left = limit - len(keys)
            try:
                page = self._names.page(key_range.start, key_range.end, after=after, limit=max(left, 1))
            except DeniedError as error:  # by etcd, which may permit the others
                refused = error
                continue
            more = more or page.next_after is not None or (left == 0 and bool(page.keys))
            if left:
                last = page.keys[-1] if page.keys else last
                keys += page.keys
            pages.append(page)
        if refused is not None and not pages:
            raise refused
        permitted = tuple(filter(self._permitted.has, keys))
        odd = len(keys) - len(permitted)  # keys that fit no pattern, of which only those on this page are known
        return KeyPage(
            revision=pages[0].revision if pages else fresh.revision,
            complete=refused is None and (all(page.complete for page in pages) if pages else fresh.complete),
            keys=permitted,
            count=sum(page.count for page in pages) - odd,
            next_after=last if more else None,
            count_is_exact=not odd and all(page.count_is_exact for page in pages),
        )

    def _look(
        self, ranges: Sequence[KeyRange], matches: Callable[[bytes], bool], after: bytes | None, limit: int, over: Stop
    ) -> KeyPage:
        fresh = self._names.freshness()
        found: list[bytes] = []
        last: bytes | None = after
        for seen, name in enumerate(self._walk(ranges, after)):
            if seen == LOOK_AT or len(found) == limit or (seen % _PIECE == 0 and over()):
                return KeyPage(fresh.revision, fresh.complete, tuple(found), len(found), last, False)
            last = name
            if matches(name) and self._permitted.has(name):
                found.append(name)
        return KeyPage(fresh.revision, fresh.complete, tuple(found), len(found), None, after is None)

    def _walk(self, ranges: Sequence[KeyRange], after: bytes | None) -> Iterator[bytes]:
        for key_range in ranges:
            with contextlib.suppress(DeniedError):  # by etcd, which may permit the others
                yield from self._walk_one(key_range, after)

    def _walk_one(self, key_range: KeyRange, after: bytes | None) -> Iterator[bytes]:
        behind: bytes | None = after
        while True:
            page = self._names.page(key_range.start, key_range.end, after=behind, limit=_PIECE)
            yield from page.keys
            if page.next_after is None:
                return
            behind = page.next_after


class _Live(ScopedNames):
    """The same, of names that change."""

    def __init__(self, names: KeyIndex, changing: Changing, permitted: PermittedRanges) -> None:
        super().__init__(names, permitted)
        self._changing = changing
        self.changes = ScopedChanges(changing.changes, permitted)

    def churn(self) -> tuple[Churn, ...]:
        """See Changing.churn. It is counted by type alone: nothing for a viewer who may not see all namespaces."""
        scope = self._permitted.scope
        if not scope.by_namespace.whole:
            return ()
        permitted = {counted.resource.prefix for counted in self.tree().types}
        return tuple(churn for churn in self._changing.churn() if churn.prefix in permitted)


def _bounds(prefix: bytes) -> tuple[bytes, bytes]:
    part = keys_under(prefix)
    return part.start, part.end


def _cut(found: KeyPage, keys: tuple[bytes, ...], after: bytes | None, limit: int) -> KeyPage:
    rest = tuple(key for key in keys if after is None or key > after)
    page = rest[:limit]
    return replace(found, keys=page, count=len(keys), next_after=page[-1] if len(rest) > limit else None)
