"""`etcdview space`: what fills the database, by resource type, namespace or object."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import json_text, remark
from etcdview.config import Resolved
from etcdview.errors import UsageError
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import unmistakable, visible
from etcdview.pages.space.report import OBJECTS
from etcdview.pages.tools.padding import padded
from etcdview.pages.tools.space import (
    BYS,
    By,
    FactStatus,
    GrowthRow,
    SpaceFound,
    SpaceReport,
    SpaceRow,
    csv_lines,
    file_json,
    file_lines,
    growth_json,
    growth_since,
    report_json,
    space_now,
)

_HEADS = {"resource": ("RESOURCE",), "namespace": ("NAMESPACE",), "object": ("KEY",)}
_NUMBERS = ("KEYS", "SIZE", "SHARE", "MANAGED FIELDS", "ANNOTATIONS", "DATA")
_NONE = "-"
_BETWEEN_SECONDS = 0.2


@click.command("space", cls=GroupedCommand)
@click.option("--by", type=click.Choice(BYS), default="resource", help="Default: resource.")
@click.option("-o", "--output", type=click.Choice(["table", "json", "csv"]), default="table", help="Default: table.")
@click.option("--limit", type=click.IntRange(0), default=OBJECTS, help="Objects listed one by one; 0: all.")
@click.option(
    "--against",
    default="",
    metavar="OLDER",
    help="Print what grew since this file, or FILE@REV: by type, namespace or object.",
)
@source_options
def command(resolved: Resolved, by: By, output: str, limit: int, against: str) -> int:
    """Print how many keys there are and how many bytes their values take, the largest first.

    Below it says what most of it is, how sizes are spread, which objects are near etcd's limit, and which keys were
    written most; of a database file also what is history, deletions, other buckets and free pages. It reads every value
    once, those of a live etcd in a process of its own with a low priority.

    \b
      etcdview space --from tuesday.db --against monday.db --by namespace
    """
    if against:
        return _growth(resolved, against, by, output, limit)
    found = space_now(resolved.settings, by, limit, _Progress().show, remark)
    report, file = found.report, found.file
    if output == "json":
        click.echo(json_text(report_json(report) | ({"file": file_json(file)} if file else {}), indent=2))
    elif output == "csv":
        for line in csv_lines(report):
            click.echo(line, nl=False)
    else:
        _show(found)
    return 0


def _show(found: SpaceFound) -> None:
    """The table, what stands out, and what the bytes of a database file are."""
    lines = table(found.report)
    lines += found.summary.lines(datetime.now(UTC)) if found.summary is not None else []
    if found.file is not None:
        lines += ["", *padded([("THE FILE", "RECORDS", "SIZE", ""), *file_lines(found.file)])]
    for line in lines:
        click.echo(visible(line))


def _growth(resolved: Resolved, older: str, by: By, output: str, limit: int) -> int:
    if output == "csv":
        raise UsageError("Growth is printed as a table or JSON.", "Use -o json.")
    found = growth_since(resolved.settings, older, by, limit, remark)
    if output == "json":
        click.echo(json_text(growth_json(found), indent=2))
        return 0
    click.echo(f"From revision {found.before:,} to {found.after:,}")
    head = (*_HEADS[by], "KEYS", "GROWN BY", "SIZE", "GROWN BY")
    for line in padded([head, *(_growth_cells(row, by) for row in found.rows)]):
        click.echo(line)
    return 0


def _growth_cells(row: GrowthRow, by: By) -> tuple[str, ...]:
    name = _name(row.row, by) if row.row is not None else "total"
    sign = "-" if row.grown_bytes < 0 else "+"
    grown = f"{sign}{size_text(abs(row.grown_bytes))}"
    return name, f"{row.keys:,}", f"{row.grown_keys:+,}", size_text(row.bytes), grown


def table(report: SpaceReport) -> list[str]:
    """The rows as kubectl prints them, and the total."""
    whole = report.sizes.values if report.sizes else 0
    total = SpaceRow(report.keys, report.sizes)
    head = (*_HEADS[report.by], *_NUMBERS)
    rows = [_cells(_name(row, report.by), row, whole) for row in report.rows]
    return padded([head, *rows, _cells("total", total, whole)])


def _name(row: SpaceRow, by: By) -> str:
    if row.key is not None:
        return unmistakable(row.key.decode("utf-8", "surrogateescape"))
    if by == "object":
        return "(smaller objects)"
    if by == "namespace":
        return unmistakable(row.namespace or "") or "(in no namespace)"
    return unmistakable(row.resource.qualified) if row.resource else "(unrecognised keys)"


def _cells(name: str, row: SpaceRow, whole: int) -> Sequence[str]:
    sizes = row.sizes
    if sizes is None:
        return (name, str(row.keys), *[_NONE] * 5)
    share = f"{100 * sizes.values / whole:.1f} %" if whole else _NONE
    parts = (sizes.managed_fields, sizes.annotations, sizes.data)
    return (name, str(row.keys), size_text(sizes.values), share, *map(size_text, parts))


class _Progress:
    """A line on a terminal's standard error that says how far it is."""

    def __init__(self) -> None:
        self._next = 0.0
        self._shown = sys.stderr.isatty()

    def show(self, status: FactStatus) -> None:
        """Print it, five times a second and at the end."""
        if not self._shown or (time.monotonic() < self._next and not status.complete):
            return
        self._next = time.monotonic() + _BETWEEN_SECONDS
        line = f"\rRead {status.done:,} of about {status.total:,} values, {size_text(status.bytes)}"
        click.echo(line + ("\n" if status.complete else ""), err=True, nl=False)
