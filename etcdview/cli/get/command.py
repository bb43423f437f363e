"""`etcdview get`: reads like `kubectl get`, and asks etcd, a registry dump or a snapshot instead of the API server."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import click

from etcdview.cli.get.paths import parse_columns, template_of
from etcdview.cli.get.query import RequestedType, parse
from etcdview.cli.get.read import Query, Reader, TypeObjects
from etcdview.cli.get.show import CHUNK_SIZE, Chunk, Style, chunks_of, listing_of, printer, show, table_rows
from etcdview.cli.get.source import open_noted, open_objects, warned
from etcdview.cli.get.watch import watch as watch_changes
from etcdview.cli.helping import OUTPUT, SELECTION, GroupedCommand, GroupedOption
from etcdview.cli.options import source_options
from etcdview.codec import Detail
from etcdview.config import Resolved
from etcdview.errors import NotFoundError, UsageError
from etcdview.kube.selectors import parse_fields, parse_labels
from etcdview.kube.suggestions import did_you_mean
from etcdview.stores.prefixes import check_registry
from etcdview.stores.protocols import Store
from etcdview.tables import parse_time

OUTPUTS = ("wide", "name", "json", "yaml", "table-json")
TABLES = ("", "wide", "table-json")
PATTERNS = ("jsonpath", "custom-columns")
_choose = functools.partial(click.option, cls=GroupedOption, group=SELECTION)
_print = functools.partial(click.option, cls=GroupedOption, group=OUTPUT)


@click.command("get", cls=GroupedCommand)
@click.argument("what", nargs=-1, metavar="TYPE[.GROUP][,TYPE...] [NAME...] | TYPE/NAME...")
@_choose("-n", "--namespace", default="default", show_default=True, help="The namespace to list.")
@_choose("-A", "--all-namespaces", is_flag=True, help="List all namespaces.")
@_choose("-l", "--selector", default="", metavar="LABELS", help="Only objects with these labels: app=web,!canary.")
@_choose("--field-selector", default="", metavar="FIELDS", help="Only objects with these fields: any path, = or !=.")
@_choose("-w", "--watch", is_flag=True, help="Print changes until stopped.")
@_print(
    "-o",
    "--output",
    default="",
    metavar="FORMAT",
    help=f"Instead of kubectl's table: {', '.join(OUTPUTS)}, jsonpath=TEMPLATE or custom-columns=SPEC.",
)
@_print("--sort-by", default="", metavar="JSONPATH", help="Sort by a field: .metadata.creationTimestamp.")
@_print(
    "--chunk-size",
    type=click.IntRange(0),
    default=CHUNK_SIZE,
    show_default=True,
    help="Print so many objects at a time, as they are read; 0: all at once.",
)
@_print("--show-labels", is_flag=True, help="Labels as the last column.")
@_print("-L", "--label-columns", default="", metavar="KEYS", help="Columns for these labels.")
@_print("--show-managed-fields", is_flag=True, help="Keep metadata.managedFields in JSON and YAML.")
@_print("--no-headers", is_flag=True, help="Leave out the header line.")
@_print("--now", default="", metavar="TIME", help="The moment that ages count from (RFC 3339).")
@source_options
def command(
    resolved: Resolved,
    what: Sequence[str],
    namespace: str,
    all_namespaces: bool,
    output: str,
    selector: str,
    field_selector: str,
    sort_by: str,
    chunk_size: int,
    watch: bool,
    show_labels: bool,
    label_columns: str,
    show_managed_fields: bool,
    no_headers: bool,
    now: str,
) -> int:
    """List objects, straight from etcd, in the words and columns of kubectl.

    Secret values are masked. An object that cannot be decoded is named, and makes the exit status 1.

    \b
      etcdview get pods -A
      etcdview get deploy/web -n shop -o yaml
      etcdview get secrets -A --from backup.db
    """
    query = Query(
        namespace="" if all_namespaces else namespace,
        labels=parse_labels(selector),
        fields=parse_fields(field_selector),
        sort_by=sort_by,
        now=moment(now),
        as_table=output in TABLES,
        detail=detail_of(output, show_managed_fields),
    )
    style = Style(
        **form(output),
        headers=not no_headers,
        show_labels=show_labels,
        label_columns=tuple(filter(None, label_columns.split(","))),
        managed_fields=show_managed_fields,
    )
    store = open_noted(resolved.settings)
    try:
        reader = Reader(open_objects(warned(store), resolved.settings), query)
        return run(store, reader, what, style, watch=watch, chunk_size=chunk_size)
    finally:
        store.close()


def run(
    store: Store,
    reader: Reader,
    what: Sequence[str],
    style: Style,
    *,
    watch: bool = False,
    chunk_size: int = CHUNK_SIZE,
) -> int:
    """Read and print, `chunk_size` objects at a time; `store` is what a watch follows.

    The exit status: 1 where a name is missing or a value is not readable.
    """
    try:
        wanted = parse(what, reader.find, lambda: reader.definitions.known)
    except NotFoundError:
        check_registry(store, reader.objects.keyspace)  # why a type is unknown
        raise
    check(wanted, reader.query, style, watch)
    found = [reader.read(one) for one in wanted]
    chunks = chunks_of(found, chunk_size)
    first = next(chunks, None)
    if first is None:
        check_registry(store, reader.objects.keyspace)
    chunks = chain([first] if first else [], chunks)
    if watch:
        watch_from(store, reader, found[0], chunks, style)
        return 0
    show(found, chunks, wanted, reader.query, style)
    if first is None and not any(one.remarks.missing for one in found):
        click.echo(reader.no_such_namespace([one.resource for one in found]), err=True, nl=False)
    said = [sentence for one in found for sentence in one.remarks.sentences()]
    for sentence in said:
        click.echo(f"etcdview: {sentence}", err=True)
    return 1 if said else 0


def watch_from(store: Store, reader: Reader, one: TypeObjects, chunks: Iterable[Chunk], style: Style) -> None:
    """Print what there is of a type, and then each change, until interrupted."""
    watching = printer(one, reader.query, style)
    for _, rows in chunks:
        for text in watching.lines(table_rows(one, rows, reader.query, style)):
            click.echo(text)
    watch_changes(store, reader, listing_of(one, style), watching)


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


def detail_of(output: str, managed_fields: bool) -> Detail:
    """How much of each object an output shows."""
    if output in TABLES or output == "name":
        return Detail.CELLS
    return Detail.WHOLE if managed_fields or output not in ("json", "yaml") else Detail.UNMANAGED


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


def _output_meant(name: str) -> str:
    question = "Did you mean 'yaml'?" if name == "yml" else did_you_mean(name, (*OUTPUTS, *PATTERNS))
    return f"{question} " if question and name not in PATTERNS else ""


def moment(text: str) -> datetime | None:
    """The moment of --now; None for the clock's. Raises UsageError."""
    if not text:
        return None
    found = parse_time(text)
    if found is None:
        raise UsageError(f"--now {text!r} is not a valid time.", "Write it as 2026-11-23T15:57:37Z.")
    return found.astimezone(UTC)
