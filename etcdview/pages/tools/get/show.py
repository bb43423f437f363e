"""The showing half of `etcdview get`: tables, names, JSON and YAML as kubectl prints them.

Objects are shown a chunk at a time, as they are read: what is held does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from typing import Any

from etcdview.codec import json_list, to_json, to_yaml, yaml_list
from etcdview.kube.fields import without_managed_fields
from etcdview.kube.jsonpath import Template, by_chunks, goes_by_chunks
from etcdview.kube.visible import visible
from etcdview.objects import ObjectRow
from etcdview.pages.registry.listing import Listing, Shown, TableRow
from etcdview.pages.tools.get.forms import Style
from etcdview.pages.tools.get.print import Layout, Printer, qualified_kind, table_json
from etcdview.pages.tools.get.query import RequestedType
from etcdview.pages.tools.get.read import Query, TypeObjects
from etcdview.pages.tools.get.remarks import say_held
from etcdview.pages.tools.padding import Padding
from etcdview.pages.tools.source import Say

CHUNK_SIZE = 500  # objects, as kubectl's
_BESIDE = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}}  # a List without its items

Chunk = tuple[TypeObjects, Sequence[ObjectRow]]
Piece = str | bytes  # bytes are for programs: they are written as they are, escape sequences too


def chunks_of(found: Iterable[TypeObjects], size: int) -> Iterator[Chunk]:
    """The rows of each type, `size` at a time (0: all at once), as they are read. None of them is empty."""
    for one in found:
        while rows := list(islice(one.rows, size or None)):
            yield one, rows


def pieces(
    found: Sequence[TypeObjects],
    chunks: Iterator[Chunk],
    wanted: Sequence[RequestedType],
    query: Query,
    style: Style,
    say: Say,
) -> Iterator[Piece]:
    """The text of the chunks of what was found, in the form that `style` names. Objects are read as it is taken.

    Raises EvaluationError where a path cannot be followed in an object, and what the store raises.
    """
    match style.output:
        case "json" | "yaml" | "jsonpath":
            single = len(wanted) == 1 and len(wanted[0].names) == 1
            return _objects(chunks, single, style, say)
        case "custom-columns":
            return _columns(chunks, style)
        case "name":
            return (_data("".join(_name_line(one, row, style) for row in rows)) for one, rows in chunks)
        case "table-json":
            rows_of = (table_rows(one, rows, query, style) for one, rows in chunks)
            return table_json(listing_of(found[0], style).columns, chain.from_iterable(rows_of))
        case _:
            return _tables(chunks, len(wanted) > 1, query, style)


def nothing_found(found: Sequence[TypeObjects], query: Query, style: Style) -> str:
    """The sentence for people where no object was found; "" where the output is for programs."""
    if style.output not in ("", "wide", "custom-columns"):
        return ""
    of_namespace = query.namespace and any(one.resource.namespaced for one in found)
    return f"No resources found{f' in {query.namespace} namespace.' if of_namespace else ''}"


def listing_of(one: TypeObjects, style: Style) -> Listing:
    """The columns of one type that `style` shows."""
    return Listing(one.resource, one.table, Shown(wide=style.output in ("wide", "table-json")))


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


def _name_line(one: TypeObjects, row: ObjectRow, style: Style) -> str:
    name = row.name or row.key.decode("utf-8", "surrogateescape")
    return f"{qualified_kind(one.resource)}/{visible(name) if style.escaped else name}\n"


def _tables(chunks: Iterator[Chunk], several: bool, query: Query, style: Style) -> Iterator[str]:
    first = True
    for one, parts in groupby(chunks, key=lambda chunk: chunk[0]):
        if not first:
            yield "\n"
        first = False
        lines_of = printer(one, query, style, several).lines
        for _, rows in parts:
            yield from _lines(lines_of(table_rows(one, rows, query, style)))


def _objects(chunks: Iterator[Chunk], single: bool, style: Style, say: Say) -> Iterator[Piece]:
    lists = ([shown(row.object, style) for row in rows if row.object is not None] for _, rows in chunks)
    if single:
        return (_one(obj, style) for obj in chain.from_iterable(lists))
    if style.template is not None:
        return map(_data, _rendered(style.template, lists, say))
    write = json_list if style.output == "json" else yaml_list
    return write(chain.from_iterable(lists))


def shown(obj: dict[str, Any], style: Style) -> dict[str, Any]:
    """The object without managedFields, which kubectl leaves out too, of JSON and YAML alone."""
    return obj if style.managed_fields or style.template is not None else without_managed_fields(obj)


def _one(obj: dict[str, Any], style: Style) -> Piece:
    if style.template is not None:
        return _data(style.template.render(obj))
    return (to_json(obj) if style.output == "json" else to_yaml(obj)).rstrip("\n") + "\n"


def _rendered(template: Template, lists: Iterable[list[dict[str, Any]]], say: Say) -> Iterator[str]:
    if goes_by_chunks(template):
        return by_chunks(template, _BESIDE, lists)
    objects = list(chain.from_iterable(lists))
    say_held("-o jsonpath with this template", len(objects), say)
    return iter([template.render({**_BESIDE, "items": objects})])


def _columns(chunks: Iterator[Chunk], style: Style) -> Iterator[str]:
    padding = Padding()
    texts = [[column.name for column in style.columns]] * style.headers
    for _, rows in chunks:
        texts += [[column.cell(row.object) for column in style.columns] for row in rows if row.object is not None]
        yield from _lines(padding.lines(texts))
        texts = []


def _lines(lines: Sequence[str]) -> Iterator[str]:
    """All of them in one piece: each piece is written through."""
    if lines:
        yield "\n".join(lines) + "\n"


def _data(text: str) -> bytes:
    """Text that programs read: byte for byte."""
    return text.encode("utf-8", "surrogateescape")
