"""Namespace by namespace: what is in it and what is not well; and what is wrong with the stored state itself.

Both look into many objects. They do so at once while these are few, and otherwise ask for a namespace, or to be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from etcdview.browse import pages
from etcdview.browse.links import ref_href
from etcdview.browse.types import named_tree
from etcdview.browse.window import Window
from etcdview.index.base import Freshness, Tree
from etcdview.relations import Graph, Ref
from etcdview.relations.findings import Finding
from etcdview.relations.stored import StoredState, stored_findings
from etcdview.relations.wellbeing import KINDS, namespace_views
from etcdview.resources import ResourceType

AT_ONCE = 3000  # objects that a page looks into without being asked: about half a second
AT_MOST = 100_000  # objects that it looks into at all: about twenty seconds
EVIDENCE = 10


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One line of evidence, and the object it is about."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as a page shows it: the first lines of its evidence, and how many there are beyond them."""

    severity: Literal["info", "warning", "critical"]
    summary: str
    action: str
    evidence: tuple[EvidenceView, ...]
    more: int


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """One namespace; `well` None where nobody has looked."""

    name: str
    href: str
    phase: str
    counts: tuple[tuple[str, int], ...]
    count: int
    findings: tuple[FindingView, ...]
    well: bool | None


@dataclass(frozen=True, slots=True)
class NamespacesPage:
    """All namespaces, or one. `looked_into` objects of `total`; 0 where there are too many to look into unasked."""

    freshness: Freshness
    namespace: str
    rows: tuple[NamespaceRow, ...]
    total: int
    looked_into: int
    too_many: bool


@dataclass(frozen=True, slots=True)
class StoragePage:
    """What is wrong with what etcd stores. `looked_into` 0: not yet; `run_href` does it."""

    freshness: Freshness
    findings: tuple[FindingView, ...]
    total: int
    looked_into: int
    undecoded: int
    revision: int
    run_href: str
    too_many: bool


def namespaces_page(window: Window, namespace: str, now: datetime) -> NamespacesPage:
    """Every namespace with what is not well in it; or the one that is asked for, however large."""
    tree = named_tree(window)
    kinds = list(_kinds(window, tree))
    total = _count(tree, kinds, namespace)
    if total > (AT_MOST if namespace else AT_ONCE):
        return _uninspected(window, tree, namespace, total)
    objects = list(_objects(window, kinds, namespace))
    views = namespace_views(objects, now)
    rows = tuple(
        NamespaceRow(
            name=view.name,
            href=pages.href("/namespaces", namespace=view.name),
            phase=view.phase,
            counts=view.counts,
            count=sum(count for _, count in view.counts),
            findings=tuple(_view(window, f) for f in view.findings),
            well=view.well,
        )
        for view in views
        if not namespace or view.name == namespace
    )
    return NamespacesPage(window.names.freshness(), namespace, rows, total, len(objects), False)


def storage_page(window: Window, run: bool, now: datetime) -> StoragePage:
    """What the rules on the stored state find; looked for at once while there are few objects, else when `run`."""
    tree = named_tree(window)
    types = [t.resource for t in tree.types if t.resource.plural != "events"]
    total = _count(tree, types, "")
    run_href = pages.href("/storage", run="1")
    if total > AT_MOST or (total > AT_ONCE and not run):
        return StoragePage(window.names.freshness(), (), total, 0, 0, tree.revision, run_href, total > AT_MOST)
    objects, undecoded = [], 0
    for resource in types:
        for row in window.objects.read(resource):
            undecoded += row.object is None
            if row.object is not None:
                objects.append(row.object)
    counts = tuple((t.resource, t.count) for t in tree.types)
    found = stored_findings(StoredState(Graph(objects), now, window.definitions, counts))
    views = tuple(_view(window, f) for f in found)
    seen = len(objects) + undecoded
    return StoragePage(window.names.freshness(), views, total, seen, undecoded, tree.revision, run_href, False)


def _kinds(window: Window, tree: Tree) -> Iterator[ResourceType]:
    there = {t.resource.prefix for t in tree.types}
    for group, kind in KINDS:
        resource = window.definitions.by_kind(f"{group}/", kind)
        if resource is not None and resource.prefix in there:
            yield resource


def _count(tree: Tree, kinds: Iterable[ResourceType], namespace: str) -> int:
    wanted = {resource.prefix for resource in kinds}
    counted = [t for t in tree.types if t.resource.prefix in wanted]
    return sum(t.namespaces.get(namespace, 0) if namespace else t.count for t in counted)


def _objects(window: Window, kinds: Iterable[ResourceType], namespace: str) -> Iterator[dict[str, Any]]:
    for resource in kinds:
        if namespace and not resource.namespaced:
            row = window.objects.get(resource, "", namespace) if resource.kind == "Namespace" else None
            rows = [row] if row is not None else []
        else:
            rows = list(window.objects.read(resource, namespace))
        yield from (row.object for row in rows if row.object is not None)


def _uninspected(window: Window, tree: Tree, namespace: str, total: int) -> NamespacesPage:
    counts: dict[str, int] = {}
    for counted in tree.types:
        for name, count in counted.namespaces.items():
            if name and (not namespace or name == namespace):
                counts[name] = counts.get(name, 0) + count
    rows = tuple(
        NamespaceRow(name, pages.href("/namespaces", namespace=name), "", (), count, (), None)
        for name, count in sorted(counts.items())
    )
    return NamespacesPage(window.names.freshness(), namespace, rows, total, 0, True)


def _view(window: Window, finding: Finding) -> FindingView:
    shown = list(zip(finding.evidence, _padded(finding.refs, len(finding.evidence)), strict=False))[:EVIDENCE]
    evidence = tuple(EvidenceView(text, ref_href(window, ref) if ref else "") for text, ref in shown)
    return FindingView(
        finding.severity, finding.summary, finding.action, evidence, max(0, len(finding.evidence) - EVIDENCE)
    )


def _padded(refs: tuple[Ref, ...], length: int) -> tuple[Ref | None, ...]:
    return (*refs, *(None,) * max(0, length - len(refs)))
