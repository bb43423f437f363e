"""Keys and bytes by type, namespace or object, as the viewer may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from etcdview.cluster.window import Window
from etcdview.index.base import Tree
from etcdview.index.facts.reading import Total, Wanted
from etcdview.kube.resources import ResourceType
from etcdview.pages.parts.addresses import href
from etcdview.pages.parts.csv_text import csv_line
from etcdview.pages.parts.facts_state import fact_revision
from etcdview.pages.parts.types import find_type, named_tree
from etcdview.space.report import (
    BYS,
    By,
    SpaceReport,
    SpaceRow,
    TypeOf,
    report_json,
    row_json,
    rows_by_namespace,
    rows_by_resource,
    rows_of_names,
    rows_of_objects,
    sum_of,
    total_of,
    with_rest,
)
from etcdview.space.tally import SpaceTally

__all__ = ["BYS", "MOST_OBJECTS", "OBJECTS", "By", "csv_lines", "report_json", "space_report", "tallied"]

OBJECTS = 1_000  # rows by object, unless another limit is given
MOST_OBJECTS = 10_000

_CSV: dict[By, tuple[str, ...]] = {
    "resource": ("resource", "group"),
    "namespace": ("namespace",),
    "object": ("resource", "group", "namespace", "key"),
}
_NUMBERS = ("keys", "bytes", "managedFieldsBytes", "annotationsBytes", "lastAppliedBytes", "dataBytes")


@dataclass(frozen=True, slots=True)
class SpaceQuery:
    """Which part: of one type, "" for all, in one namespace, "" for all."""

    resource: str = ""
    namespace: str = ""

    def report_href(self, path: str, by: By) -> str:
        """The address of its report, as JSON or CSV."""
        return href(path, by=by, resource=self.resource, namespace=self.namespace)


EVERYTHING = SpaceQuery()


def space_report(window: Window, by: By, limit: int = OBJECTS, part: SpaceQuery = EVERYTHING) -> SpaceReport:
    """The report. Of objects the `limit` largest (0: all), and what they leave out in one more row.

    Raises NotFoundError for an unknown type.
    """
    facts, tree = window.value_facts, named_tree(window)
    resource = find_type(window, tree, part.resource).resource if part.resource else None
    tree = part_of_tree(tree, resource, part.namespace)
    if facts is None:
        return SpaceReport(tree.revision, False, by, tree.count, None, rows_of_names(tree, by))
    known = {found.resource.prefix: found.resource for found in tree.types}.get
    wanted = Wanted(resource=resource.prefix if resource else "", namespace=part.namespace)
    totals = [total for total in facts.totals() if is_of(total, resource, part.namespace)]
    rows = _rows(by, totals, known, lambda: rows_of_objects(facts.top(wanted, "size", limit or -1), known))
    return SpaceReport(fact_revision(window), True, by, *total_of(rows), rows)


def tallied(tally: SpaceTally, tree: Tree, by: By, limit: int = OBJECTS) -> SpaceReport:
    """The same of what was summed up of a file."""
    known = {found.resource.prefix: found.resource for found in tree.types}.get
    rows = _rows(by, tally.totals(), known, lambda: tally.objects(known)[: limit or None])
    return SpaceReport(tree.revision, True, by, *total_of(rows), rows)


def _rows(
    by: By, totals: Sequence[Total], known: TypeOf, objects: Callable[[], Iterable[SpaceRow]]
) -> tuple[SpaceRow, ...]:
    """The rows that sums give, or those of the largest `objects` and of the rest."""
    if by == "resource":
        return rows_by_resource(totals, known)
    if by == "namespace":
        return rows_by_namespace(totals)
    return with_rest(tuple(objects()), *sum_of(totals))


def is_of(total: Total, resource: ResourceType | None, namespace: str) -> bool:
    """Whether the sums are of a part: of a type, None for all, in a namespace, "" for all."""
    return (resource is None or total.resource == resource.prefix) and namespace in ("", total.namespace)


def part_of_tree(tree: Tree, resource: ResourceType | None, namespace: str) -> Tree:
    """The tree as if there were nothing but one type, or one namespace."""
    types = tuple(t for t in tree.types if resource is None or t.resource.prefix == resource.prefix)
    if namespace:
        counts = ((t, t.namespaces.get(namespace, 0)) for t in types)
        types = tuple(replace(t, count=count, namespaces={namespace: count}) for t, count in counts if count)
    return replace(tree, types=types, unrecognised=0 if resource or namespace else tree.unrecognised)


def csv_lines(report: SpaceReport) -> Iterator[str]:
    """The rows as CSV, a header first; what does not apply is empty."""
    names = (*_CSV[report.by], *_NUMBERS)
    yield csv_line(names)
    for row in report.rows:
        shown = row_json(row, report.by)
        yield csv_line([shown.get(name) for name in names])
