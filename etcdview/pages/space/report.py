"""Keys and bytes by type, namespace or object, as the viewer may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from etcdview.cluster.window import Window
from etcdview.index.base import Tree
from etcdview.index.facts.reading import Total, Wanted
from etcdview.pages.parts.csv_text import csv_line
from etcdview.pages.parts.facts_state import fact_revision
from etcdview.pages.parts.types import named_tree
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


def space_report(window: Window, by: By, limit: int = OBJECTS) -> SpaceReport:
    """The report. Of objects the `limit` largest (0: all), and what they leave out in one more row."""
    facts, tree = window.value_facts, named_tree(window)
    if facts is None:
        return SpaceReport(tree.revision, False, by, tree.count, None, rows_of_names(tree, by))
    known = {found.resource.prefix: found.resource for found in tree.types}.get
    rows = _rows(by, facts.totals(), known, lambda: rows_of_objects(facts.top(Wanted(), "size", limit or -1), known))
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


def csv_lines(report: SpaceReport) -> Iterator[str]:
    """The rows as CSV, a header first; what does not apply is empty."""
    names = (*_CSV[report.by], *_NUMBERS)
    yield csv_line(names)
    for row in report.rows:
        shown = row_json(row, report.by)
        yield csv_line([shown.get(name) for name in names])
