"""The showing half of `etcdview get`: tables, names, JSON and YAML as kubectl prints them.

Objects are printed a chunk at a time, as they are read: what is held does not grow with their number.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any

import click

from etcdview.cli.get.paths import PathColumn
from etcdview.cli.get.print import Layout, Padding, Printer, qualified_kind, table_json
from etcdview.cli.get.query import RequestedType
from etcdview.cli.get.read import Query, TypeObjects
from etcdview.cli.get.remarks import say_held
from etcdview.codec import json_list, to_json, to_yaml, yaml_list
from etcdview.kube.fields import without_managed_fields
from etcdview.kube.jsonpath import Template, by_chunks, goes_by_chunks
from etcdview.kube.visible import visible
from etcdview.objects import ObjectRow
from etcdview.pages.registry.listing import Listing, TableRow

CHUNK_SIZE = 500  # objects, as kubectl's
_BESIDE = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}}  # a List without its items

Chunk = tuple[TypeObjects, Sequence[ObjectRow]]


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


def chunks_of(found: Iterable[TypeObjects], size: int) -> Iterator[Chunk]:
    """The rows of each type, `size` at a time (0: all at once), as they are read. None of them is empty."""
    for one in found:
        while rows := list(islice(one.rows, size or None)):
            yield one, rows


def show(
    found: Sequence[TypeObjects], chunks: Iterator[Chunk], wanted: Sequence[RequestedType], query: Query, style: Style
) -> None:
    """Print the chunks of what was found, in the form that `style` asks for."""
    match style.output:
        case "json" | "yaml" | "jsonpath":
            single = len(wanted) == 1 and len(wanted[0].names) == 1
            _show_objects(chunks, single, style)
        case "custom-columns":
            if not _show_columns(chunks, style):
                _say_nothing(found, query)
        case "name":
            for one, rows in chunks:
                _data("".join(_name_line(one, row) for row in rows))
        case "table-json":
            columns = listing_of(found[0], style).columns
            rows_of = (table_rows(one, rows, query, style) for one, rows in chunks)
            for text in table_json(columns, chain.from_iterable(rows_of)):
                click.echo(text, nl=False)
        case _:
            _show_tables(found, chunks, len(wanted) > 1, query, style)


def _name_line(one: TypeObjects, row: ObjectRow) -> str:
    name = row.name or row.key.decode("utf-8", "surrogateescape")
    return f"{qualified_kind(one.resource)}/{visible(name) if sys.stdout.isatty() else name}\n"


def listing_of(one: TypeObjects, style: Style) -> Listing:
    """The columns of one type that `style` shows."""
    return Listing(one.resource, one.table, wide=style.output in ("wide", "table-json"))


def table_rows(one: TypeObjects, rows: Iterable[ObjectRow], query: Query, style: Style) -> list[TableRow]:
    """Objects of one type as rows of its table, at one moment."""
    listing, now = listing_of(one, style), query.moment()
    return [listing.row(row, now) for row in rows]


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


def _show_tables(
    found: Sequence[TypeObjects], chunks: Iterator[Chunk], several: bool, query: Query, style: Style
) -> None:
    first = True
    for one, parts in groupby(chunks, key=lambda chunk: chunk[0]):
        if not first:
            click.echo()
        first = False
        lines_of = printer(one, query, style, several).lines
        for _, rows in parts:
            _lines(lines_of(table_rows(one, rows, query, style)))
    if first:
        _say_nothing(found, query)


def _say_nothing(found: Sequence[TypeObjects], query: Query) -> None:
    if any(one.remarks.missing for one in found):  # these are named
        return
    of_namespace = query.namespace and any(one.resource.namespaced for one in found)
    where = f" in {query.namespace} namespace." if of_namespace else ""
    click.echo(f"No resources found{where}", err=True)


def _show_objects(chunks: Iterator[Chunk], single: bool, style: Style) -> None:
    lists = ([shown(row.object, style) for row in rows if row.object is not None] for _, rows in chunks)
    if single:
        for obj in chain.from_iterable(lists):
            _show_one(obj, style)
    elif style.template is not None:
        for text in _rendered(style.template, lists):
            _data(text)
    else:
        write = json_list if style.output == "json" else yaml_list
        for text in write(chain.from_iterable(lists)):
            click.echo(text, nl=False)


def shown(obj: dict[str, Any], style: Style) -> dict[str, Any]:
    """The object without managedFields, which kubectl leaves out too, of JSON and YAML alone."""
    return obj if style.managed_fields or style.template is not None else without_managed_fields(obj)


def _show_one(obj: dict[str, Any], style: Style) -> None:
    if style.template is not None:
        _data(style.template.render(obj))
    else:
        click.echo((to_json(obj) if style.output == "json" else to_yaml(obj)).rstrip("\n"))


def _rendered(template: Template, lists: Iterable[list[dict[str, Any]]]) -> Iterator[str]:
    if goes_by_chunks(template):
        return by_chunks(template, _BESIDE, lists)
    objects = list(chain.from_iterable(lists))
    say_held("-o jsonpath with this template", len(objects))
    return iter([template.render({**_BESIDE, "items": objects})])


def _show_columns(chunks: Iterator[Chunk], style: Style) -> bool:
    """Whether there was anything to show."""
    padding, any_rows = Padding(), False
    texts = [[column.name for column in style.columns]] * style.headers
    for _, rows in chunks:
        texts += [[column.cell(row.object) for column in style.columns] for row in rows if row.object is not None]
        _lines(padding.lines(texts))
        any_rows, texts = True, []
    return any_rows


def _lines(lines: Sequence[str]) -> None:
    """All of them in one piece: echo writes through each time."""
    if lines:
        click.echo("\n".join(lines))


def _data(text: str) -> None:
    """Text that programs read: byte for byte, escape sequences too, which echo takes out of what goes into a pipe."""
    click.echo(text.encode("utf-8", "surrogateescape"), nl=False)
