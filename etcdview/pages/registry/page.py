"""The registry page: resource types by API group, their namespaces, and one type's objects as kubectl's table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from etcdview.cluster.window import Window
from etcdview.errors import QueryError
from etcdview.index.base import Freshness, Tree, TypeCount
from etcdview.kube.keys import show
from etcdview.kube.resources import ResourceType
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, cursor_text, href, object_href
from etcdview.pages.parts.churn import ChurnRow, churn_rows
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.elsewhere import Elsewhere, places_of, read_elsewhere
from etcdview.pages.parts.types import find_type, named_tree
from etcdview.pages.registry.keytree import KeyBranch, other_keys
from etcdview.pages.registry.query import STATES, UNRECOGNISED, RegistryQuery
from etcdview.pages.registry.reading import range_of, table_of
from etcdview.pages.registry.table import Cell, Head, ObjectTable, PageRow, object_table

TYPES_SHOWN = 1000  # custom types, in the order of their groups: a cluster has some hundreds
NAMESPACES_SHOWN = 100  # of a type with thousands of them, those around the chosen one


@dataclass(frozen=True, slots=True)
class NamespaceLink:
    """One namespace of the chosen type."""

    name: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class TypeLink:
    """One resource type in the tree, with its namespaces when it is the chosen one.

    `resource` is what addresses call it; `unshown` is how many more namespaces there are than are listed.
    """

    text: str
    count: int
    href: str
    current: bool
    namespaces: tuple[NamespaceLink, ...] = ()
    resource: str = ""
    unshown: int = 0


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """The resource types of one API group; `name` is "core" for the group without a name."""

    name: str
    types: tuple[TypeLink, ...]

    @property
    def count(self) -> int:
        """Keys of all its types."""
        return sum(t.count for t in self.types)


@dataclass(frozen=True, slots=True)
class RegistryPage:
    """The tree at the side, and what was chosen in it. `table` is None on the page of the tree alone.

    `problem` says why the filters cannot be read; the table is empty then. `elsewhere`: other prefixes have such keys.
    """

    crumbs: tuple[Crumb, ...]
    freshness: Freshness
    groups: tuple[ResourceGroup, ...]
    unshown_types: int
    count: int
    query: RegistryQuery
    table: ObjectTable | None
    denied: tuple[str, ...]
    commands: tuple[Command, ...]
    churn: tuple[ChurnRow, ...] = ()
    branches: tuple[KeyBranch, ...] = ()
    title: str = "Registry"
    wide_href: str = ""
    has_wide: bool = False
    size_href: str = ""
    resource: ResourceType | None = None
    states: tuple[str, ...] = STATES
    has_nodes: bool = False
    problem: QueryError | None = None
    elsewhere: Elsewhere | None = None


def registry_page(window: Window, query: RegistryQuery, now: datetime) -> RegistryPage | None:
    """The page for `query`; None when nothing has changed since the revision that a live page has.

    Raises NotFoundError for an unknown type, QueryError for a column or cursor that cannot be used.
    """
    tree = named_tree(window)
    chosen = _chosen(window, tree, query)
    problem = query.labels.problem if chosen is not None else None
    if problem is not None:
        table: ObjectTable | None = ObjectTable((), (), False, False, 0, tree.revision)
    else:
        table = object_table(window, query, chosen.resource, now) if chosen is not None else None
    if chosen is not None and table is None:
        return None
    shown = _shown_types(tree, chosen)
    page = RegistryPage(
        crumbs=(Crumb("Registry"),),
        freshness=window.index.freshness(),
        groups=tuple(_groups(tree, shown, query, chosen)),
        unshown_types=len(tree.types) - len(shown),
        count=tree.count,
        query=query,
        table=None,
        denied=tree.denied,
        commands=commands.for_tree(show(window.keyspace.root)),
    )
    if query.mode == "unrecognised":
        return _with_unrecognised(page, window)
    if chosen is None or table is None:
        return replace(page, churn=churn_rows(window, tree), branches=other_keys(window))
    return replace(_with_objects(page, window, chosen.resource, table), problem=problem)


def _chosen(window: Window, tree: Tree, query: RegistryQuery) -> TypeCount | None:
    if query.namespace and not query.resource:
        raise QueryError("A namespace was given, but no resource type.", "Add resource=, for example resource=pods.")
    if query.mode != "table":
        return None
    return find_type(window, tree, query.resource)


def _with_objects(page: RegistryPage, window: Window, resource: ResourceType, table: ObjectTable) -> RegistryPage:
    query = page.query
    return replace(
        page,
        crumbs=_crumbs(resource, query),
        title=resource.plural,
        table=table,
        commands=commands.for_list(range_of(window, query, resource), resource, query.namespace),
        wide_href=query.href(wide="" if query.wide else "1"),
        size_href=query.href(size="" if query.size else "1"),
        has_wide=any(c.priority > 0 for c in table_of(window, resource).columns),
        resource=resource,
        has_nodes=any(c.name == "Node" for c in table_of(window, resource).columns),
        elsewhere=None if table.rows else read_elsewhere(window, places_of([resource])),
    )


def _with_unrecognised(page: RegistryPage, window: Window) -> RegistryPage:
    query = page.query
    names = window.index.unrecognised(after=query.after, limit=query.limit)
    facts = window.facts(names.keys)
    rows = tuple(
        PageRow(show(key), object_href(key), "", "", show(key), (Cell(show(key)), Cell(str(facts[key].mod_revision))))
        for key in names.keys
        if key in facts
    )
    heads = (Head("Key", "", "", "none"), Head("Mod revision", "number", "", "none"))
    following = query.href(cursor=cursor_text(names.next_after)) if names.next_after is not None else ""
    return replace(
        page,
        crumbs=(Crumb("Registry", "/registry"), Crumb("Unrecognised keys")),
        title="Unrecognised keys",
        table=ObjectTable(heads, rows, False, False, names.count, names.revision, next_href=following),
    )


def _crumbs(resource: ResourceType, query: RegistryQuery) -> tuple[Crumb, ...]:
    crumbs = [Crumb("Registry", "/registry"), Crumb(resource.group or "core")]
    address = href("/registry", resource=resource.id)
    crumbs.append(Crumb(resource.plural, address if query.namespace else ""))
    if query.namespace:
        crumbs.append(Crumb(query.namespace))
    return tuple(crumbs)


def _shown_types(tree: Tree, chosen: TypeCount | None) -> list[TypeCount]:
    """The types that the tree lists, in its order: the built-in ones, the first of the others, and the chosen one."""
    ordered = sorted(tree.types, key=_tree_order)
    first = ordered[: TYPES_SHOWN + sum(t.resource.builtin for t in ordered)]
    left_out = chosen is not None and chosen in ordered[len(first) :]
    return [*first, chosen] if left_out and chosen is not None else first


def _tree_order(counted: TypeCount) -> tuple[bool, str, str]:
    resource = counted.resource
    return (not resource.builtin, resource.group, resource.plural)


def _groups(
    tree: Tree, shown: Sequence[TypeCount], query: RegistryQuery, chosen: TypeCount | None
) -> Iterable[ResourceGroup]:
    for group, types in groupby(shown, key=lambda t: t.resource.group):
        yield ResourceGroup(group or "core", tuple(_type_link(t, query, chosen) for t in types))
    if tree.unrecognised:
        address = href("/registry", resource=UNRECOGNISED)
        link = TypeLink("unrecognised keys", tree.unrecognised, address, query.mode == "unrecognised")
        yield ResourceGroup("other", (link,))


def _type_link(counted: TypeCount, query: RegistryQuery, chosen: TypeCount | None) -> TypeLink:
    resource = counted.resource
    address = href("/registry", resource=resource.id)
    if chosen is None or chosen.resource.prefix != resource.prefix:
        return TypeLink(resource.plural, counted.count, address, False)
    names = [name for name in counted.namespaces if name]
    shown = _around(names, query.namespace)
    links = tuple(
        NamespaceLink(
            name,
            counted.namespaces[name],
            href("/registry", resource=resource.id, namespace=name),
            name == query.namespace,
        )
        for name in shown
    )
    return TypeLink(resource.plural, counted.count, address, True, links, resource.id, len(names) - len(shown))


def _around(names: Sequence[str], chosen: str) -> Sequence[str]:
    """The sorted names, or where these are too many those before and behind the chosen one."""
    middle = bisect_left(names, chosen)
    first = max(min(middle - NAMESPACES_SHOWN // 2, len(names) - NAMESPACES_SHOWN), 0)
    return names[first : first + NAMESPACES_SHOWN]
