"""Two states compared on a page: this cluster or file now or at a revision, and the files that the server was given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etcdview.cluster.window import Window
from etcdview.errors import CompactedError, QueryError, UsageError
from etcdview.kube.keys import show
from etcdview.objects import Objects
from etcdview.pages.parts.addresses import object_href
from etcdview.pages.parts.texts import unmistakable
from etcdview.pages.parts.writable import InputProblem
from etcdview.pages.tools.compare import (
    ChangeCount,
    ComparedKeys,
    Comparison,
    RightsChange,
    Side,
    change_json,
    compare_sides,
    field_texts,
    routed_store,
)
from etcdview.pages.tools.named_sources import LIVE
from etcdview.recovery.comparison import Comparer, KeyChange
from etcdview.stores.protocols import Store

LISTED = 300  # changes that a page lists; the API may ask for more
MOST_LISTED = 10_000
_LISTED_FIELDS = 40  # of one object


@dataclass(frozen=True, slots=True)
class CompareQuery:
    """What to compare: `old` and `new` as SOURCE or SOURCE@REVISION, "" while nobody has chosen."""

    old: str = ""
    new: str = ""
    resource: str = ""
    namespace: str = ""
    all_fields: bool = False
    limit: int = LISTED


@dataclass(frozen=True, slots=True)
class CompareRow:
    """How much differs of one type in one namespace."""

    resource: str
    namespace: str
    count: ChangeCount


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One field, before and after, as texts."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ComparedObject:
    """One key that differs. `href` leads to it in this cluster, "" where it does not exist."""

    name: str
    change: str
    href: str
    fields: tuple[ComparedField, ...]
    more_fields: int
    note: str


@dataclass(frozen=True, slots=True)
class ComparePage:
    """The sources to choose from, and what differs once two are chosen. `more` changes are not listed.

    `status` is the HTTP status that fits.
    """

    query: CompareQuery
    sources: tuple[str, ...]
    types: tuple[str, ...]
    comparison: Comparison | None = None
    rows: tuple[CompareRow, ...] = ()
    rights: tuple[RightsChange, ...] = ()
    objects: tuple[ComparedObject, ...] = ()
    more: int = 0
    problem: InputProblem | None = None
    status: int = 200


@dataclass(slots=True)
class FirstChanges:
    """The first changes that matter, as JSON; the others are counted alone."""

    limit: int
    all_fields: bool
    found: list[dict[str, Any]] = field(default_factory=list)
    keys: list[tuple[bytes, str]] = field(default_factory=list)
    more: int = 0

    def add(self, change: KeyChange) -> None:
        """One more."""
        if change.is_noise and not self.all_fields:
            return
        if len(self.found) < self.limit:
            self.found.append(change_json(change))
            self.keys.append((change.key, change.change))
        else:
            self.more += 1

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.found)


def sources_of(window: Window) -> tuple[str, ...]:
    """The names of what can be compared; this cluster or file is the first."""
    cluster = window.cluster
    own = LIVE if cluster.store.live else Path(cluster.source.name).name
    return tuple(dict.fromkeys((own, *cluster.others, *cluster.files)))


def _source(window: Window, name: str) -> Store | None:
    """The store of that name, as far as the viewer's scope goes; None where there is none. Raises FileFormatError."""
    cluster = window.cluster
    if name == sources_of(window)[0]:
        return window.limited(cluster.store)
    found = cluster.others.get(name) or cluster.files.get(name)
    return None if found is None else window.limited(found)


def compare(
    window: Window, query: CompareQuery, changes: FirstChanges | None = None
) -> tuple[Comparison, FirstChanges]:
    """Compare what the query names, as far as the viewer's scope and the request's budget go.

    `changes` takes what is found; by default all that matters, as far as the query's limit goes.
    Raises QueryError for a source or a type, CompactedError, FutureRevisionError, and what the stores raise.
    """
    cluster = window.cluster
    sides = [side_of(window, text) for text in (query.old, query.new)]
    changes = changes or FirstChanges(query.limit, query.all_fields)
    types = (query.resource,) if query.resource else ()
    keys = ComparedKeys(types, query.namespace, all_fields=query.all_fields)
    comparer = Comparer(cluster.codec, cluster.keyspace, cluster.redactor.mask)
    return compare_sides(sides, comparer, keys, changes), changes


def compare_page(window: Window, query: CompareQuery) -> ComparePage:
    """The page; a query that cannot be answered is a problem on it."""
    sources = sources_of(window)
    types = tuple(t.resource.qualified for t in window.index.tree().types)
    if not query.old and not query.new:
        chosen = CompareQuery(sources[1] if len(sources) > 1 else sources[0], sources[0])
        return ComparePage(chosen, sources, types)
    try:
        found, changes = compare(window, query)
    except (UsageError, CompactedError) as error:
        problem = InputProblem(error.what, error.remedy)
        return ComparePage(query, sources, types, problem=problem, status=error.status)
    return ComparePage(
        query,
        sources,
        types,
        found,
        tuple(CompareRow(*row) for row in found.counts.rows()),
        found.rights,
        tuple(_objects(window, query, changes)),
        changes.more,
    )


def compare_json(window: Window, query: CompareQuery) -> dict[str, Any]:
    """The same as the API gives it: as `etcdview diff -o json`, with what is not complete."""
    found, changes = compare(window, query)
    why = found.stopped or found.left_out
    head = found.head() | {"complete": not why, "why": why, "more": changes.more}
    return head | {"changes": list(changes)}


def side_of(window: Window, text: str) -> Side:
    """The source that a name (or NAME@REVISION) means, as this viewer may read it. Raises QueryError."""
    sources = sources_of(window)
    name, at, revision = text, "", ""
    if text not in sources:
        name, at, revision = text.rpartition("@")
    store = _source(window, name)
    if store is None or (at and not (revision.isascii() and revision.isdigit() and len(revision) < 20)):
        raise QueryError(
            f"Unknown source {text[:60]!r}.", f"Choose {' or '.join(sources)}, or one of these at a revision: NAME@12."
        )
    cluster = window.cluster
    objects = Objects(store, cluster.codec, cluster.keyspace, cluster.redactor.mask)
    own = routed_store(cluster.source) if name == sources[0] else None
    return Side(text, store, objects, int(revision or 0), own)


def _objects(window: Window, query: CompareQuery, changes: FirstChanges) -> Iterator[ComparedObject]:
    own = sources_of(window)[0]
    here = {"added": query.new == own, "removed": query.old == own, "changed": own in (query.old, query.new)}
    for change, (key, kind) in zip(changes, changes.keys, strict=True):
        named = "/".join(filter(None, (change["resource"], change["namespace"], change["name"])))
        fields = change["fields"][:_LISTED_FIELDS]
        yield ComparedObject(
            unmistakable(named) if change["resource"] else show(key),
            kind,
            object_href(key) if here[kind] else "",
            tuple(ComparedField(one["path"], *field_texts(one["from"], one["to"])) for one in fields),
            len(change["fields"]) - len(fields),
            change.get("note", ""),
        )
