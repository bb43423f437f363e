"""What grew since an earlier state: a part of the page on space, made when somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from etcdview.cluster.window import Window
from etcdview.errors import BudgetError, BusyError, CompactedError, UsageError
from etcdview.kube.keys import show
from etcdview.models import Range
from etcdview.pages.compare import side_of, sources_of
from etcdview.pages.parts.addresses import object_href
from etcdview.pages.parts.writable import InputProblem
from etcdview.pages.space.page import SpacePage
from etcdview.recovery.merge import all_pairs, state_of
from etcdview.space.growth import GrowthRow, GrowthTally

LISTED = 50  # rows of each table


@dataclass(frozen=True, slots=True)
class GrowthLine:
    """One row: a type, a namespace or an object. `href` is "" for what is in this state no more."""

    name: str
    href: str
    row: GrowthRow


@dataclass(frozen=True, slots=True)
class GrowthTable:
    """A table of growth by `by`, what changed most first; `more` rows are left out."""

    by: str
    rows: tuple[GrowthLine, ...]
    more: int


@dataclass(frozen=True, slots=True)
class GrowthSection:
    """`sources` are what there is to compare with; `tables` are empty until one is chosen.

    `stopped` says why not everything was read.
    """

    sources: tuple[str, ...]
    against: str = ""
    before: int = 0
    after: int = 0
    total: GrowthRow | None = None
    tables: tuple[GrowthTable, ...] = ()
    stopped: str = ""
    problem: InputProblem | None = None


@dataclass(frozen=True, slots=True)
class GrowingSpacePage(SpacePage):
    """The page on space with its part on growth; None where it is about one type or namespace."""

    growth: GrowthSection | None = None


def with_growth(window: Window, page: SpacePage, against: str) -> GrowingSpacePage:
    """The page with that part. Raises as growth_section."""
    growth = growth_section(window, against) if page.whole else None
    known: dict[str, Any] = {field.name: getattr(page, field.name) for field in fields(page)}
    return GrowingSpacePage(**known, growth=growth)


def growth_section(window: Window, against: str) -> GrowthSection:
    """What grew from the source `against` (a name, or NAME@REVISION) to this state; "" only offers the sources.

    Values are passed over: only their time is limited. Raises BusyError, and what the stores raise.
    """
    sources = sources_of(window)[1:]
    if not against:
        return GrowthSection(sources)
    try:
        return _grown(window.passing_over(), sources, against)
    except (UsageError, CompactedError) as error:
        return GrowthSection(sources, against, problem=InputProblem(error.what, error.remedy))


def _grown(window: Window, sources: tuple[str, ...], against: str) -> GrowthSection:
    whole = Range(b"\0", b"\0")
    side = side_of(window, against)
    old, new = state_of(side.store, side.revision, whole), state_of(window.store, 0, whole)
    tally, stopped = GrowthTally(window.keyspace, LISTED), ""
    try:
        tally.add(all_pairs(old, new, (whole,)))
    except BusyError:
        raise
    except BudgetError as error:
        stopped = error.what
    tables = (
        _table("Resource type", tally.rows("resource")),
        _table("Namespace", tally.rows("namespace")),
        _table("Object", tally.rows("object")),
    )
    return GrowthSection(sources, against, old.revision, new.revision, tally.rows("resource")[-1], tables, stopped)


def _table(by: str, rows: tuple[GrowthRow, ...]) -> GrowthTable:
    changed = rows[:-1]
    return GrowthTable(by, tuple(map(_line, changed[:LISTED])), len(changed) - len(changed[:LISTED]))


def _line(found: GrowthRow) -> GrowthLine:
    row = found.row
    if row is None:
        return GrowthLine("", "", found)
    if row.key is not None:
        return GrowthLine(show(row.key), object_href(row.key) if found.keys else "", found)
    if row.namespace is not None:
        return GrowthLine(row.namespace or "in no namespace", "", found)
    return GrowthLine(row.resource.qualified if row.resource else "unrecognised keys", "", found)
