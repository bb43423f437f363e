"""The problems in each namespace, and the problems of the stored state itself.

Both check many objects: at once while these are few, otherwise one namespace at a time, or when told to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from etcdview.checks.integrity import StoredState, stored_findings
from etcdview.checks.namespaces import KINDS, ONLY_IN, namespace_views
from etcdview.cluster.window import Window
from etcdview.codec import Detail
from etcdview.errors import BudgetError, NotFoundError
from etcdview.index.base import Tree, TypeCount
from etcdview.kube.identity import misnamed
from etcdview.kube.keys import show
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.kube.suggestions import did_you_mean
from etcdview.objects import ObjectRow
from etcdview.pages.parts import addresses
from etcdview.pages.parts.costly import MANY, check_costly, may_ask_costly
from etcdview.pages.parts.facts_state import facts_state
from etcdview.pages.parts.links import Link, is_outside
from etcdview.pages.parts.shared import shared
from etcdview.pages.parts.types import named_tree
from etcdview.pages.problems import NamespaceRow, NamespacesPage, StoragePage, finding_view
from etcdview.pages.problems_by_facts import namespaces_by_facts, storage_by_facts
from etcdview.relations import Graph, Ref

MOST_NAMED = 100  # of the keys whose values could not be decoded
AT_ONCE = MANY  # objects that a page checks automatically
AT_MOST = 100_000  # objects that it checks at all: about twenty seconds
MOST_NAMESPACES = 1000  # that are listed where the index does not count by namespace
Item = TypeVar("Item")


def namespaces_page(window: Window, namespace: str, now: datetime, after: str = "") -> NamespacesPage:
    """Every namespace with its problems; or the one that is named, however large. Those after a name are shown.

    Raises NotFoundError for one that does not exist, as far as this viewer can know.
    """
    page = shared(window, ("namespaces", namespace, after), lambda: _namespaces_page(window, namespace, now, after))
    page = replace(page, after=after)
    known = page.freshness.complete and not page.freshness.limited and window.viewer.scope.whole and not page.stopped
    if namespace and not page.rows and known and not any(namespace in t.namespaces for t in window.index.tree().types):
        remedy = did_you_mean(namespace, _names(window), "Namespaces lists those that exist.")
        raise NotFoundError(f"There is no namespace {namespace!r}.", remedy)
    return page


def _namespaces_page(window: Window, namespace: str, now: datetime, after: str) -> NamespacesPage:
    tree = named_tree(window)
    kinds = list(_kinds(window, tree))
    total = _count(window, tree, kinds, namespace)
    if total > (AT_MOST if namespace else AT_ONCE):
        facts = window.value_facts
        if facts is not None:
            return replace(namespaces_by_facts(window, facts, tree, namespace, after), outside=_outside(window))
        return _uninspected(window, tree, namespace, total)
    objects, stopped = _read_whole(
        (row.object for row in _rows(window, kind, namespace) if row.object is not None) for kind in kinds
    )
    keys = _keys_by_namespace(window, tree, namespace)
    views = namespace_views(
        objects,
        now,
        keys if window.viewer.scope.by_type.whole else None,  # what is not counted may be left in one
        live=window.cluster.store.live,
        outside=partial(is_outside, window),
    )
    rows = tuple(
        NamespaceRow(
            name=view.name,
            href=addresses.href("/namespaces", namespace=view.name),
            phase=view.phase,
            counts=view.counts,
            count=None if keys is None else keys.get(view.name, 0),
            findings=tuple(finding_view(window, f) for f in view.findings),
            healthy=view.healthy if view.counts or view.phase else None,
        )
        for view in views
        if not namespace or view.name == namespace
    )
    if stopped:
        rows = tuple(replace(row, healthy=None) if row.healthy else row for row in rows)
    return NamespacesPage(
        window.index.freshness(), namespace, rows, total, len(objects), False, _outside(window), stopped=stopped
    )


def reads_many(window: Window, namespace: str) -> bool:
    """Whether the page of a namespace reads more objects than a page checks automatically."""
    tree = named_tree(window)
    return bool(namespace) and AT_ONCE < _count(window, tree, _kinds(window, tree), namespace) <= AT_MOST


def is_costly(window: Window) -> bool:
    """Whether checking the stored state reads more objects than a page checks automatically."""
    return sum(t.count for t in _stored_types(window.index.tree())) > AT_ONCE


def storage_page(window: Window, run: bool, now: datetime) -> StoragePage:
    """What the rules on the stored state find; checked at once while there are few objects, else when `run`.

    Raises DeniedError for `run` where there are many and the viewer may not ask expensive questions.
    """
    if run and is_costly(window):
        check_costly(window, "check all objects")
    return shared(window, ("storage", run), lambda: _storage_page(window, run, now), lambda page: not page.comparing)


def _storage_page(window: Window, run: bool, now: datetime) -> StoragePage:
    tree = named_tree(window)
    looked_at = _stored_types(tree)
    types, total = [t.resource for t in looked_at], sum(t.count for t in looked_at)
    run_href = addresses.href("/storage", run="1") if may_ask_costly(window) else ""
    if total > AT_MOST or (total > AT_ONCE and not run):
        facts = window.value_facts
        if facts is not None:
            return storage_by_facts(window, facts, tree, now, run_href if total <= AT_MOST else "")
        return StoragePage(
            window.index.freshness(),
            (),
            total,
            0,
            0,
            tree.revision,
            run_href,
            total > AT_MOST,
            facts=facts_state(window),
        )
    rows, stopped = _read_whole(
        map(_checked, window.objects.read(resource, detail=Detail.UNMANAGED)) for resource in types
    )
    objects = [row.object for row in rows if row.object is not None]
    undecodable = [row.link for row in rows if row.link is not None]
    wrong: dict[Ref, str] = {}
    for row in rows:
        wrong |= row.wrong
    counts = tuple((t.resource, t.count) for t in tree.types)
    live = window.cluster.store.live
    graph = Graph(objects, outside=partial(is_outside, window))
    found = stored_findings(
        StoredState(graph, now, window.definitions, counts, live, wrong, window.cluster.codec.release)
    )
    views = tuple(finding_view(window, f) for f in found)
    seen = len(objects) + len(undecodable)
    total = max(total, seen)  # some may have come since they were counted
    unread = tuple(undecodable[:MOST_NAMED])
    return StoragePage(
        window.index.freshness(),
        views,
        total,
        seen,
        len(undecodable),
        tree.revision,
        run_href,
        False,
        unread,
        narrowed=not window.viewer.scope.whole,
        stopped=stopped,
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    """What the rules need of a row: it is held until all are read."""

    object: dict[str, Any] | None
    link: Link | None
    wrong: dict[Ref, str]


def _checked(row: ObjectRow) -> _Checked:
    if row.object is None:
        return _Checked(None, Link(show(row.key), addresses.object_href(row.key)), {})
    return _Checked(row.object, None, _misnamed(row))


def _misnamed(row: ObjectRow) -> dict[Ref, str]:
    """By the identity that the key gives, what the object calls itself; empty where they agree."""
    words, place = misnamed(row.object_key, row.object), row.object_key
    if not words or place is None:
        return {}
    kind = place.resource.kind or place.resource.plural
    return {Ref(place.resource.group, kind, place.namespace, place.name): f"holds {words}"}


def _stored_types(tree: Tree) -> list[TypeCount]:
    return [t for t in tree.types if t.resource.plural != "events"]


def _kinds(window: Window, tree: Tree) -> Iterator[ResourceType]:
    there = {t.resource.prefix for t in tree.types}
    for group, kind in KINDS:
        resource = window.definitions.by_kind(f"{group}/", kind)
        if resource is not None and resource.prefix in there:
            yield resource


def _outside(window: Window) -> tuple[str, ...]:
    """Kinds that the rules look at, and that the viewer's role leaves out."""
    found = ((kind, window.definitions.by_kind(f"{group}/", kind)) for group, kind in KINDS)
    return tuple(kind for kind, resource in found if resource is not None and not _has_some(window, resource))


def _has_some(window: Window, resource: ResourceType) -> bool:
    inside = ONLY_IN.get(resource.kind, "") if resource.namespaced else ""
    return window.touches(*window.objects.bounds(resource, inside))


def _count(window: Window, tree: Tree, kinds: Iterable[ResourceType], namespace: str) -> int:
    """How many objects would be checked."""
    wanted = {resource.prefix: _inside(resource, namespace) for resource in kinds}
    counted = [(t, wanted[t.resource.prefix]) for t in tree.types if t.resource.prefix in wanted]
    return sum(
        0 if inside is None else _within(window, t, inside) if inside and t.resource.namespaced else t.count
        for t, inside in counted
    )


def _within(window: Window, counted: TypeCount, namespace: str) -> int:
    """How many keys of the type the namespace has; by a read where the index does not know."""
    if counted.namespaces or not counted.count:
        return counted.namespaces.get(namespace, 0)
    return window.index.count(*window.objects.bounds(counted.resource, namespace))


def _inside(resource: ResourceType, namespace: str) -> str | None:
    """The namespace in which to look for objects of the type, "" for all; None: none of them is wanted."""
    only = ONLY_IN.get(resource.kind, namespace)
    return only if namespace in ("", only) else None


def _read_whole(kinds: Iterable[Iterable[Item]]) -> tuple[list[Item], str]:
    """What of each kind was read, and why not all of them were, "" where they were.

    Of a kind that was read in part nothing is given: the rules would take what they do not see for missing.
    """
    found: list[Item] = []
    for kind in kinds:
        try:
            found += list(kind)
        except BudgetError as error:
            if not found:
                raise
            return found, error.what
    return found, ""


def _rows(window: Window, resource: ResourceType, namespace: str) -> Iterable[ObjectRow]:
    if namespace and resource.kind == "Namespace":
        row = window.objects.get(resource, "", namespace)
        return () if row is None else (row,)
    inside = _inside(resource, namespace) if resource.namespaced else ""
    if inside is not None and not window.touches(*window.objects.bounds(resource, inside)):
        return ()
    return () if inside is None else window.objects.read(resource, inside, detail=Detail.UNMANAGED)


def _keys_by_namespace(window: Window, tree: Tree, namespace: str) -> dict[str, int] | None:
    """How many keys of any type each namespace has, or this one; None where the index does not know."""
    unknown = [t for t in tree.types if t.resource.namespaced and t.count and not t.namespaces]
    if unknown and not namespace:
        return None
    counts: Counter[str] = Counter()
    for found in tree.types:
        counts.update({name: count for name, count in found.namespaces.items() if name})
    for found in unknown:
        counts[namespace] += _within(window, found, namespace)
    return counts


def _uninspected(window: Window, tree: Tree, namespace: str, total: int) -> NamespacesPage:
    counts = _keys_by_namespace(window, tree, namespace)
    names = _names(window) if counts is None else counts
    rows = tuple(
        NamespaceRow(
            name,
            addresses.href("/namespaces", namespace=name),
            "",
            (),
            None if counts is None else counts[name],
            (),
            None,
        )
        for name in sorted(names)
        if not namespace or name == namespace
    )
    outside = _outside(window)
    return NamespacesPage(window.index.freshness(), namespace, rows, total, 0, True, outside, facts=facts_state(window))


def _names(window: Window) -> list[str]:
    """The first namespaces by their own keys."""
    start, end = window.objects.bounds(BY_PREFIX["namespaces"])
    keys = window.index.page(start, end, limit=MOST_NAMESPACES).keys if window.touches(start, end) else ()
    return [found.name for key in keys if (found := window.keyspace.object_key(key)) is not None]
