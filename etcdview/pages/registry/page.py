"""The registry page: resource types by API group, their namespaces, and one type's objects as kubectl's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from etcdview.cluster.window import Window
from etcdview.errors import QueryError
from etcdview.index.base import Freshness, Tree, TypeCount
from etcdview.kube.keys import show
from etcdview.kube.resources import ResourceType
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, cursor_text, href, object_href, with_key
from etcdview.pages.parts.churn import ChurnRow, churn_rows
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.elsewhere import Elsewhere, places_of, read_elsewhere
from etcdview.pages.parts.types import find_type, named_tree
from etcdview.pages.registry.facets import NO_FACETS, Facets, facets_of
from etcdview.pages.registry.keytree import KeyBranch, other_keys
from etcdview.pages.registry.listing import column_key
from etcdview.pages.registry.query import STATES, RegistryQuery
from etcdview.pages.registry.reading import SCAN_LIMIT, range_of, table_of
from etcdview.pages.registry.sidebar import (
    NamespaceChoice,
    ResourceGroup,
    TypeLink,
    namespace_choice,
    resource_groups,
    shown_types,
)
from etcdview.pages.registry.table import Cell, Head, ObjectTable, PageRow, object_table
from etcdview.tables import Column

if TYPE_CHECKING:
    from etcdview.pages.registry.drawer import Drawer

READ_FOR_ORDER = 1000  # events that every page reads for their order; of more, facts know when each was created


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that a list may show: its key in addresses, and whether it does. The first is `fixed`."""

    name: str
    key: str
    shown: bool
    fixed: bool


@dataclass(frozen=True, slots=True)
class RegistryPage:
    """The tree at the side, and what was chosen in it. `table` is None on the page of the tree alone.

    `problem` says why the filters cannot be read; the table is empty then. `elsewhere`: other prefixes have such keys.
    `usual_order`: that of the keys, or the newest first for events. `follows_typing`: the type is short enough to be
    filtered at each key that is pressed.
    `drawer` has the details of one object of the table, where they are open.
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
    namespaces: NamespaceChoice
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
    facets: Facets = NO_FACETS
    drawer: Drawer | None = None
    columns: tuple[ColumnChoice, ...] = ()
    usual_order: bool = True
    follows_typing: bool = False

    @property
    def shows_scan(self) -> bool:
        """Whether it is said how much was checked: not where all was, only for the order that such lists have."""
        scan = self.table.scan if self.table is not None else None
        if scan is None:
            return False
        narrowed = bool(self.query.text) or self.query.selects
        return narrowed or not self.usual_order or not scan.complete or scan.unread > 0

    @property
    def content_href(self) -> str:
        """The search in the content of all values of the list, for a word that was not looked for in all rows."""
        query = self.query
        words = query.text.split()
        if self.resource is None or len(words) != 1 or query.selects:
            return ""
        chosen = {"resource": query.resource, "namespace": self.inside}
        return href("/search/content", kind="text", q=words[0], **chosen)

    @property
    def newest_first(self) -> bool:
        """Whether that is the usual order of such a list."""
        return self.resource is not None and (self.resource.group, self.resource.kind) == ("", "Event")

    @property
    def inside(self) -> str:
        """The namespace that the list is of, "" for all and for a type of the whole cluster."""
        return _inside(self.query, self.resource) if self.resource is not None else ""

    @property
    def chosen(self) -> TypeLink | None:
        """The type that was chosen in the sidebar."""
        return next((link for group in self.groups for link in group.types if link.current), None)


def registry_page(window: Window, query: RegistryQuery, now: datetime) -> RegistryPage | None:
    """The page for `query`; None when nothing has changed since the revision that a live page has.

    Raises NotFoundError for an unknown type, QueryError for a column or cursor that cannot be used.
    """
    tree = named_tree(window)
    chosen = _chosen(window, tree, query)
    usual = _usual_order(window, query, chosen) if chosen is not None else ""
    query = replace(query, sort=query.sort or usual)
    problem = query.labels.problem if chosen is not None else None
    if problem is not None:
        table: ObjectTable | None = ObjectTable((), (), False, False, 0, tree.revision)
    else:
        table = object_table(window, query, chosen.resource, now) if chosen is not None else None
    if chosen is not None and table is None:
        return None
    shown = shown_types(tree, chosen)
    page = RegistryPage(
        crumbs=(Crumb("Registry"),),
        freshness=window.index.freshness(),
        groups=tuple(resource_groups(window, tree, shown, query, chosen)),
        unshown_types=len(tree.types) - len(shown),
        count=tree.count,
        query=query,
        follows_typing=chosen is not None and chosen.count <= SCAN_LIMIT,
        table=None,
        denied=tree.denied,
        commands=commands.for_tree(show(window.keyspace.root)),
        namespaces=namespace_choice(window, query, chosen),
    )
    if query.mode == "unrecognised":
        return _with_unrecognised(page, window)
    if chosen is None or table is None:
        return replace(page, churn=churn_rows(window, tree), branches=other_keys(window))
    page = replace(page, usual_order=query.sort == usual, problem=problem)
    return _with_objects(page, window, chosen.resource, table)


def _chosen(window: Window, tree: Tree, query: RegistryQuery) -> TypeCount | None:
    if query.mode != "table":
        return None
    return find_type(window, tree, query.resource)


def _usual_order(window: Window, query: RegistryQuery, chosen: TypeCount) -> str:
    """What a page is sorted by unless its address says otherwise: events by when they happened last, or began."""
    if not query.roomy or (chosen.resource.group, chosen.resource.kind) != ("", "Event"):
        return ""
    if chosen.count <= READ_FOR_ORDER:
        return "last seen"
    return "age" if window.value_facts is not None else ""


def _with_objects(page: RegistryPage, window: Window, resource: ResourceType, table: ObjectTable) -> RegistryPage:
    query, every = page.query, table_of(window, resource).columns
    return replace(
        page,
        crumbs=_crumbs(resource, query),
        title=resource.plural,
        table=table,
        commands=commands.for_list(range_of(window, query, resource), resource, _inside(query, resource)),
        wide_href=query.href(wide="" if query.wide else "1", columns=""),
        size_href=query.href(size="" if query.size else "1"),
        has_wide=any(column.priority > 0 for column in every),
        resource=resource,
        facets=NO_FACETS if query.since else facets_of(window, query, resource),
        has_nodes=any(column.name == "Node" for column in every),
        columns=_choices(every, table),
        elsewhere=None if table.rows else read_elsewhere(window, places_of([resource])),
    )


def _inside(query: RegistryQuery, resource: ResourceType) -> str:
    """The namespace that the list is of; a type of the whole cluster has none, and the address keeps the choice."""
    return query.namespace if resource.namespaced else ""


def _choices(every: Sequence[Column], table: ObjectTable) -> tuple[ColumnChoice, ...]:
    shown = {head.name for head in table.heads}
    return tuple(
        ColumnChoice(column.name, column_key(column.name), column.name in shown, number == 0)
        for number, column in enumerate(every)
    )


def _with_unrecognised(page: RegistryPage, window: Window) -> RegistryPage:
    query = page.query
    names = window.index.unrecognised(after=query.after, limit=query.limit)
    facts = window.facts(names.keys)
    rows = tuple(
        PageRow(
            key=show(key),
            href=object_href(key),
            namespace="",
            namespace_href="",
            name=show(key),
            cells=(Cell(show(key)), Cell(str(facts[key].mod_revision))),
            details_href=with_key(query.href(), key),
        )
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
    inside = _inside(query, resource)
    crumbs.append(Crumb(resource.plural, href("/registry", resource=resource.id) if inside else ""))
    if inside:
        crumbs.append(Crumb(inside))
    return tuple(crumbs)
