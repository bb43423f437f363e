"""Trees put together from several parts of an index, loaded or loading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from etcdview.index.base import Tree, TypeCount
from etcdview.index.feed import FeedStatus
from etcdview.index.memory import NameSet
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BY_PREFIX


def loaded_tree(names: Sequence[NameSet], revision: int, denied: tuple[str, ...]) -> Tree:
    """The tree of parts that are all loaded."""
    unrecognised = sum(part.unrecognised_view().count for part in names)
    return Tree(revision, True, _together([part.types() for part in names]), unrecognised, denied)


def loading_tree(parts: Sequence[FeedStatus], keyspace: KeySpace, revision: int, denied: tuple[str, ...]) -> Tree:
    """The tree of what is known so far: a built-in type's count is known before its names are."""
    held = [names for part in parts if (names := part.names or part.loading) is not None]
    counted = [_counted(part, keyspace) for part in parts if part.names is None]
    unrecognised = sum(names.unrecognised_view().count for names in held)
    known = _together([names.types() for names in held])
    ahead = {row.resource.prefix: row for row in _together(counted)}
    rows = [_with_count(row, ahead.pop(row.resource.prefix, row)) for row in known]
    return Tree(revision, False, _sorted([*rows, *ahead.values()]), unrecognised, denied)


def _counted(part: FeedStatus, keyspace: KeySpace) -> list[TypeCount]:
    return [
        TypeCount(BY_PREFIX[prefix], keyspace.range_prefix(BY_PREFIX[prefix]), count)
        for prefix, count in part.counts.items()
    ]


def _with_count(row: TypeCount, counted: TypeCount) -> TypeCount:
    return replace(row, count=max(row.count, counted.count))


def _together(trees: Sequence[Iterable[TypeCount]]) -> tuple[TypeCount, ...]:
    if len(trees) == 1:
        return tuple(trees[0])
    rows: dict[str, TypeCount] = {}
    for row in (row for tree in trees for row in tree):
        prefix = row.resource.prefix
        rows[prefix] = _sum(rows[prefix], row) if prefix in rows else row
    return _sorted(rows.values())


def _sum(one: TypeCount, other: TypeCount) -> TypeCount:
    namespaces = Counter(one.namespaces)
    namespaces.update(other.namespaces)
    return replace(one, count=one.count + other.count, namespaces=dict(sorted(namespaces.items())))


def _sorted(rows: Iterable[TypeCount]) -> tuple[TypeCount, ...]:
    return tuple(sorted(rows, key=lambda row: row.resource.prefix))
