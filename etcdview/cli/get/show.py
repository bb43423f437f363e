"""The showing half of `etcdview get`: tables, names, JSON and YAML as kubectl prints them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from etcdview.cli.get.paths import PathColumn
from etcdview.cli.get.print import Layout, Printer, padded, qualified_kind, table_json
from etcdview.cli.get.query import RequestedType
from etcdview.cli.get.read import Query, TypeObjects
from etcdview.codec import to_json, to_yaml
from etcdview.kube.fields import without_managed_fields
from etcdview.kube.identity import misnamed
from etcdview.kube.jsonpath import Template
from etcdview.kube.keys import show as show_key
from etcdview.kube.resources import ResourceType
from etcdview.kube.visible import visible
from etcdview.objects import ObjectRow
from etcdview.pages.registry.listing import Listing, TableRow

_AT_MOST = 5  # complaints about values of one type; a cluster can have thousands of the same


@dataclass(frozen=True, slots=True)
class Style:
    """How to print. `output` is "" for the table, or wide, name, json, yaml, table-json, jsonpath, custom-columns.

    `template` and `columns` are what the last two print.
    """

    output: str = ""
    headers: bool = True
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()
    managed_fields: bool = False
    template: Template | None = None
    columns: tuple[PathColumn, ...] = ()


def show(found: Sequence[TypeObjects], wanted: Sequence[RequestedType], query: Query, style: Style) -> None:
    """Print what was found, in the form that `style` asks for."""
    rows = [row for one in found for row in one.rows]
    match style.output:
        case "json" | "yaml" | "jsonpath":
            single = len(wanted) == 1 and len(wanted[0].names) == 1
            _show_objects(rows, single, style)
        case "custom-columns" if rows:
            _show_columns(rows, style)
        case "name":
            for one in found:
                for row in one.rows:
                    name = row.name or row.key.decode("utf-8", "surrogateescape")
                    name = visible(name) if sys.stdout.isatty() else name
                    _data(f"{qualified_kind(one.resource)}/{name}\n")
        case "table-json":
            columns = listing_of(found[0], style).columns
            click.echo(table_json(columns, table_rows(found[0], query, style)))
        case _:
            _show_tables(found, len(wanted) > 1, query, style)


def complaints(found: Iterable[TypeObjects]) -> list[str]:
    """What has to be said beside the answer: names that were not found, values that cannot be read."""
    said = []
    for one in found:
        said += [f'{one.resource.qualified} "{name}" not found' for name in one.missing]
        said += [f"{show_key(row.key)}: {_why(row)}" for row in one.unreadable[:_AT_MOST]]
        said += _misnamed(one)
        if len(one.unreadable) > _AT_MOST:
            said.append(f"{len(one.unreadable) - _AT_MOST} more {one.resource.plural} could not be decoded.")
    return [visible(sentence) for sentence in said]


def _misnamed(one: TypeObjects) -> list[str]:
    """A sentence for each row whose object calls itself otherwise than its key."""
    found = [(row, words) for row in one.rows if (words := misnamed(row.object_key, row.object))]
    said = [f"{show_key(row.key)} holds {words}: it is listed by its key." for row, words in found[:_AT_MOST]]
    return said + [f"{len(found) - _AT_MOST} more {one.resource.plural} are misnamed."] * (len(found) > _AT_MOST)


def _why(row: ObjectRow) -> str:
    return str(row.error) if row.error else "this value cannot be decoded."


def listing_of(one: TypeObjects, style: Style) -> Listing:
    """The columns of one type that `style` shows."""
    return Listing(one.resource, one.table, wide=style.output in ("wide", "table-json"))


def table_rows(one: TypeObjects, query: Query, style: Style) -> list[TableRow]:
    """All objects of one type as rows of its table, at one moment."""
    listing, now = listing_of(one, style), query.moment()
    return [listing.row(row, now) for row in one.rows]


def printer(one: TypeObjects, query: Query, style: Style, several: bool = False) -> Printer:
    """The printer of one type's table; names get their kind in front where `several` types are shown."""
    return Printer(
        listing_of(one, style).columns,
        Layout(
            namespaces=not query.namespace and one.resource.namespaced,
            kind=qualified_kind(one.resource) if several else "",
            show_labels=style.show_labels,
            label_columns=style.label_columns,
            headers=style.headers,
        ),
    )


def _show_tables(found: Sequence[TypeObjects], several: bool, query: Query, style: Style) -> None:
    full = [one for one in found if one.rows]
    for number, one in enumerate(full):
        if number:
            click.echo()
        for text in printer(one, query, style, several).lines(table_rows(one, query, style)):
            click.echo(text)
    if not full and not any(one.missing for one in found):
        click.echo(_nothing([one.resource for one in found], query), err=True)


def _nothing(resources: Sequence[ResourceType], query: Query) -> str:
    if query.namespace and any(r.namespaced for r in resources):
        return f"No resources found in {query.namespace} namespace."
    return "No resources found"


def _show_objects(rows: Sequence[ObjectRow], single: bool, style: Style) -> None:
    objects = [row.object for row in rows if row.object is not None]
    if not style.managed_fields and style.template is None:  # kubectl leaves them out too, of JSON and YAML alone
        objects = [without_managed_fields(obj) for obj in objects]
    if single and not objects:
        return
    whole = objects[0] if single else _list(objects)
    if style.template is not None:
        _data(style.template.render(whole))
        return
    text = to_json(whole) if style.output == "json" else to_yaml(whole)
    click.echo(text.rstrip("\n"))


def _show_columns(rows: Sequence[ObjectRow], style: Style) -> None:
    texts = [[column.name for column in style.columns]] * style.headers
    texts += [[column.cell(row.object) for column in style.columns] for row in rows if row.object is not None]
    for text in padded(texts):
        click.echo(text)


def _data(text: str) -> None:
    """Text that programs read: byte for byte, escape sequences too, which echo takes out of what goes into a pipe."""
    click.echo(text.encode("utf-8", "surrogateescape"), nl=False)


def _list(objects: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}}
