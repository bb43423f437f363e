"""The registry page: resource types by API group, their namespaces, and one type's objects as kubectl's table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from etcdview.browse import commands
from etcdview.browse.commands import Command
from etcdview.browse.pages import Crumb, cursor_text, href, object_href
from etcdview.browse.types import find_type, named_tree
from etcdview.browse.window import Entry, Window
from etcdview.errors import QueryError
from etcdview.index.base import Freshness, NamePage, Tree, TypeCount
from etcdview.keys import show
from etcdview.resources import ResourceType
from etcdview.stores.base import prefix_end
from etcdview.tables import Column, Table, table_for

PAGE_SIZE = 200
MAX_PAGE_SIZE = 500
UNPLACED = "unplaced"


@dataclass(frozen=True, slots=True)
class RegistryQuery:
    """What the address asks for; `resource` as kubectl spells it, "" for the tree alone."""

    resource: str = ""
    namespace: str = ""
    wide: bool = False
    after: bytes | None = None
    limit: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class NamespaceLink:
    """One namespace of the chosen type."""

    name: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class TypeLink:
    """One resource type in the tree, with its namespaces when it is the chosen one."""

    text: str
    count: int
    href: str
    current: bool
    namespaces: tuple[NamespaceLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The resource types of one API group; `name` is "core" for the group without a name."""

    name: str
    types: tuple[TypeLink, ...]

    @property
    def count(self) -> int:
        """Keys of all its types."""
        return sum(t.count for t in self.types)


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the table, or a key whose value could not be decoded (`error` says why)."""

    key: str
    href: str
    namespace: str
    name: str
    cells: tuple[Any, ...]
    mod_revision: int
    error: str = ""
    namespace_href: str = ""


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """Objects of one type, all read at one `revision`; `count` is of all of them, not of this page."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    show_namespace: bool
    count: int
    revision: int
    next_href: str = ""
    first_href: str = ""


@dataclass(frozen=True, slots=True)
class RegistryPage:
    """The tree at the side, and what was chosen in it."""

    crumbs: tuple[Crumb, ...]
    freshness: Freshness
    groups: tuple[Group, ...]
    count: int
    query: RegistryQuery
    table: ObjectTable | None
    denied: tuple[str, ...]
    commands: tuple[Command, ...]
    wide_href: str = ""
    has_wide: bool = False
    resource: ResourceType | None = None


def registry_page(window: Window, query: RegistryQuery, now: datetime) -> RegistryPage:
    """The page for `query`. Raises NotFoundError for a type or namespace that has no keys, QueryError for nonsense."""
    tree = named_tree(window)
    chosen = _chosen(window, tree, query)
    page = RegistryPage(
        crumbs=(Crumb("Registry"),),
        freshness=window.names.freshness(),
        groups=tuple(_groups(tree, query, chosen)),
        count=tree.count,
        query=query,
        table=None,
        denied=tree.denied,
        commands=commands.for_tree(show(window.keyspace.root)),
    )
    if query.resource == UNPLACED:
        return _with_unplaced(page, window)
    return page if chosen is None else _with_objects(page, window, chosen, now)


def _chosen(window: Window, tree: Tree, query: RegistryQuery) -> TypeCount | None:
    if query.namespace and not query.resource:
        raise QueryError("A namespace was given without a resource type.", "Add resource=, for example resource=pods.")
    if query.resource in ("", UNPLACED):
        return None
    return find_type(tree, query.resource, window.definitions)


def _with_objects(page: RegistryPage, window: Window, chosen: TypeCount, now: datetime) -> RegistryPage:
    resource, query = chosen.resource, page.query
    prefix = window.keyspace.range_prefix(resource, query.namespace)
    table = table_for(resource, window.definitions.crd(resource))
    names = window.names.page(prefix, prefix_end(prefix), after=query.after, limit=query.limit)
    columns, indexes = _visible(table, query.wide)
    rows = _rows(window, names, table, indexes, now)
    wide = "" if query.wide else "1"
    return replace(
        page,
        crumbs=_crumbs(resource, query),
        table=_object_table(columns, rows, names, query, resource),
        commands=commands.for_list(prefix, resource, query.namespace),
        wide_href=href("/registry", resource=query.resource, namespace=query.namespace, wide=wide),
        has_wide=any(c.priority > 0 for c in table.columns),
        resource=resource,
    )


def _with_unplaced(page: RegistryPage, window: Window) -> RegistryPage:
    names = window.names.unplaced(after=page.query.after, limit=page.query.limit)
    facts = window.facts(names.keys)
    rows = tuple(
        Row(show(key), object_href(key), "", show(key), (show(key), facts[key].mod_revision), facts[key].mod_revision)
        for key in names.keys
        if key in facts
    )
    columns = (Column("Key", "string"), Column("Mod revision", "integer"))
    return replace(
        page,
        crumbs=(Crumb("Registry", "/registry"), Crumb("Keys that fit no pattern")),
        table=ObjectTable(columns, rows, False, names.count, names.revision, _next_href(page.query, names)),
    )


def _visible(table: Table, wide: bool) -> tuple[tuple[Column, ...], tuple[int, ...]]:
    kept = [(i, c) for i, c in enumerate(table.columns) if wide or c.priority == 0]
    return tuple(c for _, c in kept), tuple(i for i, _ in kept)


def _rows(
    window: Window, names: NamePage, table: Table, indexes: tuple[int, ...], now: datetime
) -> tuple[int, tuple[Row, ...]]:
    if not names.keys:
        return names.revision, ()
    read = window.range(names.keys[0], names.keys[-1] + b"\0")
    return read.revision, tuple(_row(entry, table, indexes, now) for entry in read.entries)


def _row(entry: Entry, table: Table, indexes: tuple[int, ...], now: datetime) -> Row:
    place = entry.place
    namespace, name = (place.namespace, place.name) if place else ("", show(entry.key))
    cells: tuple[Any, ...] = ()
    error = ""
    if entry.object is None:
        error = entry.decoded.error.what if entry.decoded.error else "This value cannot be decoded."
    else:
        all_cells = table.cells(entry.object, now)
        cells = tuple(all_cells[i] for i in indexes)
    return Row(
        key=show(entry.key),
        href=object_href(entry.key),
        namespace=namespace,
        name=name,
        cells=cells,
        mod_revision=entry.meta.mod_revision,
        error=error,
        namespace_href=href("/registry", resource=place.resource.id, namespace=namespace) if place else "",
    )


def _object_table(
    columns: tuple[Column, ...],
    read: tuple[int, tuple[Row, ...]],
    names: NamePage,
    query: RegistryQuery,
    resource: ResourceType,
) -> ObjectTable:
    revision, rows = read
    return ObjectTable(
        columns=columns,
        rows=rows,
        show_namespace=resource.namespaced and not query.namespace,
        count=names.count,
        revision=revision,
        next_href=_next_href(query, names),
        first_href=_list_href(query) if query.after else "",
    )


def _next_href(query: RegistryQuery, names: NamePage) -> str:
    return "" if names.next_after is None else _list_href(query, names.next_after)


def _list_href(query: RegistryQuery, after: bytes | None = None) -> str:
    return href(
        "/registry",
        resource=query.resource,
        namespace=query.namespace,
        wide="1" if query.wide else "",
        cursor=cursor_text(after),
        limit=query.limit if query.limit != PAGE_SIZE else "",
    )


def _crumbs(resource: ResourceType, query: RegistryQuery) -> tuple[Crumb, ...]:
    crumbs = [Crumb("Registry", "/registry"), Crumb(resource.group or "core")]
    address = href("/registry", resource=resource.id)
    crumbs.append(Crumb(resource.plural, address if query.namespace else ""))
    if query.namespace:
        crumbs.append(Crumb(query.namespace))
    return tuple(crumbs)


def _groups(tree: Tree, query: RegistryQuery, chosen: TypeCount | None) -> Iterable[Group]:
    ordered = sorted(tree.types, key=lambda t: (not t.resource.builtin, t.resource.group, t.resource.plural))
    for group, types in groupby(ordered, key=lambda t: t.resource.group):
        yield Group(group or "core", tuple(_type_link(t, query, chosen) for t in types))
    if tree.unplaced:
        link = TypeLink(
            "keys that fit no pattern",
            tree.unplaced,
            href("/registry", resource=UNPLACED),
            query.resource == UNPLACED,
        )
        yield Group("other", (link,))


def _type_link(counted: TypeCount, query: RegistryQuery, chosen: TypeCount | None) -> TypeLink:
    resource = counted.resource
    current = chosen is not None and chosen.resource.prefix == resource.prefix
    namespaces = _namespace_links(resource, counted.namespaces, query.namespace) if current else ()
    return TypeLink(resource.plural, counted.count, href("/registry", resource=resource.id), current, namespaces)


def _namespace_links(resource: ResourceType, counts: Mapping[str, int], current: str) -> tuple[NamespaceLink, ...]:
    return tuple(
        NamespaceLink(name, count, href("/registry", resource=resource.id, namespace=name), name == current)
        for name, count in sorted(counts.items())
        if name
    )
