"""The page on space: totals, a treemap, tables by type and namespace, the largest objects and the most written ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from etcdview.cluster.scope import FactSource
from etcdview.cluster.scope.ranges import denied
from etcdview.cluster.window import Window
from etcdview.errors import NotFoundError
from etcdview.index.base import Freshness, Tree
from etcdview.index.facts.reading import KeyFacts, Spread, Wanted
from etcdview.kube.keys import shell_word, show
from etcdview.kube.resources import ResourceType
from etcdview.kube.visible import unmistakable
from etcdview.pages.parts.addresses import Crumb, href, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.facts_state import FactsState, fact_revision, facts_state
from etcdview.pages.parts.types import find_type, named_tree
from etcdview.pages.registry.query import UNRECOGNISED
from etcdview.pages.space.database import MemberSpace, members_space
from etcdview.pages.space.picture import MOST_TILES, DrawnShare, Share, treemap
from etcdview.pages.space.report import SpaceQuery, is_of, part_of_tree
from etcdview.space.report import (
    Sizes,
    SpaceRow,
    rows_by_namespace,
    rows_by_resource,
    rows_of_names,
    sum_of,
)

LARGEST = 20
TYPES = 300  # rows of the table; the rest is in its CSV
NAMESPACES = 100  # rows of the table; the rest is in its CSV
VALUE_LIMIT = 1536 * 1024  # etcd's --max-request-bytes, which kubeadm leaves as it is
NEAR = VALUE_LIMIT // 2


@dataclass(frozen=True, slots=True)
class SpaceLine:
    """One row of a table, with its parts of all keys and of all bytes, 0 to 1; None while sizes are unknown."""

    text: str
    href: str
    keys: int
    sizes: Sizes | None
    key_part: float
    byte_part: float | None


@dataclass(frozen=True, slots=True)
class LargeObject:
    """An object by its size. `limit_part` is its part of what etcd takes in one request."""

    key: str
    href: str
    sizes: Sizes
    limit_part: float

    @property
    def near_limit(self) -> bool:
        """Whether it has used up half of what etcd takes."""
        return self.limit_part >= NEAR / VALUE_LIMIT


@dataclass(frozen=True, slots=True)
class RewrittenKey:
    """A key by how often it was written since it was created. `a_minute` None: its object does not say since when."""

    key: str
    href: str
    writes: int
    a_minute: float | None
    manager: str


@dataclass(frozen=True, slots=True)
class SpacePage:
    """`by_type` and `by_namespace` are empty where the page is within one; `tiles` are the treemap.

    `concentration` says in a sentence what most of it is. `keys` and `sizes` are the sums of what the page is about.
    """

    query: SpaceQuery
    freshness: Freshness
    facts: FactsState
    revision: int
    crumbs: tuple[Crumb, ...]
    keys: int
    sizes: Sizes | None
    tiles: tuple[DrawnShare, ...]
    by_type: tuple[SpaceLine, ...]
    more_types: int
    by_namespace: tuple[SpaceLine, ...]
    more_namespaces: int
    concentration: str
    spread: Spread | None
    largest: tuple[LargeObject, ...]
    rewritten: tuple[RewrittenKey, ...]
    members: tuple[MemberSpace, ...]
    commands: tuple[Command, ...]

    @property
    def whole(self) -> bool:
        """Whether the page is about all types and namespaces."""
        return len(self.crumbs) == 1


def space_page(window: Window, query: SpaceQuery, now: datetime) -> SpacePage:
    """The page. Before the facts are complete it counts names, and says how far they are.

    Raises NotFoundError for a type or namespace that holds nothing; DeniedError to a viewer of a part.
    """
    tree, facts = named_tree(window), window.value_facts
    resource = find_type(window, tree, query.resource).resource if query.resource else None
    page = _of_names(window, part_of_tree(tree, resource, query.namespace), resource, query)
    if facts is not None:
        page = _of_facts(page, window, facts, tree, resource, query.namespace, now)
    if not page.keys and not page.whole and not window.viewer.scope.whole:
        raise denied()
    if not page.keys and query.namespace:
        raise NotFoundError(f"No key is in the namespace {unmistakable(query.namespace)!r}.")
    return page


def _of_names(window: Window, tree: Tree, resource: ResourceType | None, query: SpaceQuery) -> SpacePage:
    """What is known without facts."""
    namespace = query.namespace
    by_type = () if resource else rows_of_names(tree, "resource")
    by_namespace = () if namespace else rows_of_names(tree, "namespace")
    lines = [_lines(rows, tree.count, None, resource, namespace) for rows in (by_type, by_namespace)]
    return SpacePage(
        query=query,
        freshness=window.index.freshness(),
        facts=facts_state(window),
        revision=tree.revision,
        crumbs=_crumbs(resource, namespace),
        keys=tree.count,
        sizes=None,
        tiles=(),
        by_type=lines[0][:TYPES],
        more_types=max(len(lines[0]) - TYPES, 0),
        by_namespace=lines[1][:NAMESPACES] if not (resource and not resource.namespaced) else (),
        more_namespaces=max(len(lines[1]) - NAMESPACES, 0),
        concentration="",
        spread=None,
        largest=(),
        rewritten=(),
        members=() if resource or namespace else members_space(window, None),
        commands=_commands(window, resource, namespace),
    )


def _of_facts(
    page: SpacePage,
    window: Window,
    facts: FactSource,
    tree: Tree,
    resource: ResourceType | None,
    namespace: str,
    now: datetime,
) -> SpacePage:
    """The page with all that facts tell."""
    known = {found.resource.prefix: found.resource for found in tree.types}.get
    totals = [total for total in facts.totals() if is_of(total, resource, namespace)]
    keys, sizes = sum_of(totals)
    wanted = Wanted(resource=resource.prefix if resource else "", namespace=namespace)
    large = facts.top(wanted, "size", MOST_TILES)
    by_type = () if resource else rows_by_resource(totals, known)
    by_namespace = () if namespace or (resource and not resource.namespaced) else rows_by_namespace(totals)
    lines = [_lines(rows, keys, sizes, resource, namespace) for rows in (by_type, by_namespace)]
    whole = not resource and not namespace
    return replace(
        page,
        revision=fact_revision(window),
        keys=keys,
        sizes=sizes,
        tiles=treemap(_shares(lines[0] or lines[1], large, sizes)),
        by_type=lines[0][:TYPES],
        more_types=max(len(lines[0]) - TYPES, 0),
        by_namespace=lines[1][:NAMESPACES],
        more_namespaces=max(len(lines[1]) - NAMESPACES, 0),
        concentration=_concentration(lines[0]),
        spread=facts.spread(wanted) if not namespace else None,
        largest=tuple(map(_large, large[:LARGEST])),
        rewritten=_rewritten(facts, now) if whole else (),
        members=members_space(window, sizes) if whole else (),
    )


def _lines(
    rows: Sequence[SpaceRow], keys: int, sizes: Sizes | None, resource: ResourceType | None, namespace: str
) -> tuple[SpaceLine, ...]:
    whole = sizes.values if sizes else 0
    return tuple(
        SpaceLine(
            *_named(row, resource, namespace),
            row.keys,
            row.sizes,
            row.keys / keys if keys else 0.0,
            row.sizes.values / whole if row.sizes and whole else None,
        )
        for row in rows
    )


def _named(row: SpaceRow, resource: ResourceType | None, namespace: str) -> tuple[str, str]:
    """The name of a row and the address of what is in it."""
    if row.namespace is None and row.resource is None:
        return "unrecognised keys", href("/registry", resource=UNRECOGNISED)
    if row.resource is not None:
        return row.resource.qualified, href("/space", resource=row.resource.id, namespace=namespace)
    if not row.namespace:
        return "in no namespace", ""
    return row.namespace, href("/space", resource=resource.id if resource else "", namespace=row.namespace)


def _shares(lines: Sequence[SpaceLine], large: Sequence[KeyFacts], sizes: Sizes) -> list[Share]:
    """What the treemap is made of: types, else namespaces, else objects."""
    if len(lines) > 1 or (lines and lines[0].href):
        return [Share(line.text, line.sizes.values if line.sizes else 0, line.href) for line in lines]
    shown = [Share(show(found.key).rpartition("/")[2], found.size, object_href(found.key)) for found in large]
    left = sizes.values - sum(share.bytes for share in shown)
    return [*shown, Share("smaller objects", left)] if left > 0 else shown


def _crumbs(resource: ResourceType | None, namespace: str) -> tuple[Crumb, ...]:
    steps = [("Space", "/space")]
    if resource:
        steps.append((resource.qualified, href("/space", resource=resource.id)))
    if namespace:
        steps.append((unmistakable(namespace), ""))
    return (*(Crumb(text, address) for text, address in steps[:-1]), Crumb(steps[-1][0]))


def concentration(rows: Sequence[SpaceRow], keys: int, sizes: Sizes) -> str:
    """What most of it is, by the rows of its types; "" where no type stands out."""
    return _concentration(_lines(rows, keys, sizes, None, ""))


def _concentration(lines: Sequence[SpaceLine]) -> str:
    """events: 99 % of keys, 71 % of bytes. "" where no type stands out."""
    if not lines or lines[0].byte_part is None or lines[0].byte_part < 0.2:
        return ""
    first = lines[0]
    words = f"{first.text}: {100 * first.key_part:.0f} % of keys, {100 * (first.byte_part or 0):.0f} % of bytes."
    most = next((n for n in range(1, len(lines)) if sum(line.byte_part or 0 for line in lines[:n]) >= 0.9), len(lines))
    return words if most < 2 else f"{words} {most} of {len(lines)} types hold 90 % of all bytes."


def _large(found: KeyFacts) -> LargeObject:
    annotations = found.annotation_bytes + found.last_applied_bytes
    sizes = Sizes(found.size, found.managed_bytes, annotations, found.last_applied_bytes, found.data_bytes)
    return LargeObject(show(found.key), object_href(found.key), sizes, found.size / VALUE_LIMIT)


def _rewritten(facts: FactSource, now: datetime) -> tuple[RewrittenKey, ...]:
    return tuple(
        RewrittenKey(
            show(f.key), object_href(f.key), f.version, a_minute(f.version, f.created, now), unmistakable(f.manager)
        )
        for f in facts.top(Wanted(), "version", LARGEST)
    )


def a_minute(writes: int, created: int | None, now: datetime) -> float | None:
    """Writes a minute over the whole life of the object; of one younger than a minute as if it were that old.

    None where nothing says since when (`created`, in Unix seconds) it exists.
    """
    return None if created is None else writes / max((now.timestamp() - created) / 60, 1.0)


def _commands(window: Window, resource: ResourceType | None, namespace: str) -> tuple[Command, ...]:
    prefix = window.keyspace.range_prefix(resource, namespace) if resource else window.keyspace.root
    word = shell_word(prefix)
    count = f"etcdctl get {word} --prefix --count-only --write-out=fields"
    size = f"etcdctl get {word} --prefix --print-value-only | wc -c"
    return (Command("etcdctl", count), Command("etcdctl", size), Command("etcdview", "etcdview space"))
