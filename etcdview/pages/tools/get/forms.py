"""The forms that `etcdview get` prints objects in: what -o asks for, and which flags contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from etcdview.codec import Detail
from etcdview.errors import UsageError
from etcdview.kube.jsonpath import Template
from etcdview.kube.selectors import parse_fields, parse_labels
from etcdview.kube.suggestions import did_you_mean
from etcdview.pages.tools.get.paths import PathColumn, parse_columns, template_of
from etcdview.pages.tools.get.query import RequestedType
from etcdview.pages.tools.get.read import Query
from etcdview.tables import parse_time

OUTPUTS = ("wide", "name", "json", "yaml", "table-json")
TABLES = ("", "wide", "table-json")
PATTERNS = ("jsonpath", "custom-columns")


@dataclass(frozen=True, slots=True)
class Style:
    """How to print. `output` is "" for the table, or wide, name, json, yaml, table-json, jsonpath, custom-columns.

    `template` and `columns` are what the last two print. `escaped`: names are escaped, as a terminal needs it.
    """

    output: str = ""
    headers: bool = True
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()
    managed_fields: bool = False
    template: Template | None = None
    columns: tuple[PathColumn, ...] = ()
    escaped: bool = False


def query_of(
    *, namespace: str, labels: str, fields: str, sort_by: str, now: str, output: str, managed_fields: bool
) -> Query:
    """The query that the flags mean. Raises QueryError for selectors and UsageError for a moment."""
    return Query(
        namespace=namespace,
        labels=parse_labels(labels),
        fields=parse_fields(fields),
        sort_by=sort_by,
        now=moment(now),
        as_table=output in TABLES,
        detail=detail_of(output, managed_fields),
    )


def moment(text: str) -> datetime | None:
    """The moment of --now; None for the clock's. Raises UsageError."""
    if not text:
        return None
    found = parse_time(text)
    if found is None:
        raise UsageError(f"--now {text!r} is not a valid time.", "Write it as 2026-11-23T15:57:37Z.")
    return found.astimezone(UTC)


def form(output: str) -> dict[str, Any]:
    """What -o asks for, as fields of a Style. Raises UsageError."""
    name, equals, pattern = output.partition("=")
    if output in ("", *OUTPUTS):
        return {"output": output}
    if name == "jsonpath" and equals:
        return {"output": name, "template": template_of(pattern)}
    if name == "custom-columns" and equals:
        return {"output": name, "columns": parse_columns(pattern)}
    raise UsageError(
        f"Unknown output format {output}." if name not in PATTERNS else f"-o {name} lacks its pattern.",
        f"{_output_meant(name)}Formats: {', '.join(OUTPUTS)}, jsonpath='{{.items[*].metadata.name}}' and "
        "custom-columns=NAME:.metadata.name.",
    )


def detail_of(output: str, managed_fields: bool) -> Detail:
    """How much of each object an output shows."""
    if output in TABLES or output == "name":
        return Detail.CELLS
    return Detail.WHOLE if managed_fields or output not in ("json", "yaml") else Detail.UNMANAGED


def check(wanted: Sequence[RequestedType], query: Query, style: Style, watch: bool) -> None:
    """Raises UsageError for flags that contradict each other."""
    named = any(one.names for one in wanted)
    if named and not query.namespace and any(one.resource.namespaced for one in wanted):
        raise UsageError("A name needs one namespace, not all of them.", "Choose one with -n.")
    if named and query.selective:
        raise UsageError("Names and selectors cannot be combined.", "Leave one of them out.")
    if len(wanted) > 1 and (style.output == "table-json" or watch):
        what = "--watch" if watch else "-o table-json"
        raise UsageError(f"{what} takes one type of resource, not {len(wanted)}.", "Request one type at a time.")
    if watch and style.output not in ("", "wide"):
        raise UsageError(f"--watch prints a table, not {style.output}.", "Leave -o out, or use -o wide.")


def _output_meant(name: str) -> str:
    question = "Did you mean 'yaml'?" if name == "yml" else did_you_mean(name, (*OUTPUTS, *PATTERNS))
    return f"{question} " if question and name not in PATTERNS else ""
