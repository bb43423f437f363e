"""`etcdview get`: reads like `kubectl get`, and asks etcd, a registry dump or a snapshot instead of the API server."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from itertools import chain

import click

from etcdview.cli.helping import OUTPUT, SELECTION, GroupedCommand, GroupedOption
from etcdview.cli.options import source_options
from etcdview.cli.terminal import remark
from etcdview.config import Resolved
from etcdview.pages.tools.get.forms import OUTPUTS, Style, check, form, query_of
from etcdview.pages.tools.get.read import Reader
from etcdview.pages.tools.get.show import CHUNK_SIZE, chunks_of, nothing_found, pieces
from etcdview.pages.tools.get.watch import watch_lines
from etcdview.pages.tools.source import open_noted

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
    query = query_of(
        namespace="" if all_namespaces else namespace,
        labels=selector,
        fields=field_selector,
        sort_by=sort_by,
        now=now,
        output=output,
        managed_fields=show_managed_fields,
    )
    style = Style(
        **form(output),
        headers=not no_headers,
        show_labels=show_labels,
        label_columns=tuple(filter(None, label_columns.split(","))),
        managed_fields=show_managed_fields,
        escaped=sys.stdout.isatty(),
    )
    store = open_noted(resolved.settings, remark)
    try:
        reader = Reader(store, resolved.settings, query, remark)
        return run(reader, what, style, watch=watch, chunk_size=chunk_size)
    finally:
        store.close()


def run(reader: Reader, what: Sequence[str], style: Style, *, watch: bool = False, chunk_size: int = CHUNK_SIZE) -> int:
    """Print what is requested, `chunk_size` objects at a time; with `watch` then each change, until interrupted.

    The exit status: 1 where a name is missing or a value is not readable.
    """
    wanted = reader.requested(what)
    check(wanted, reader.query, style, watch)
    found = [reader.read(one) for one in wanted]
    chunks = chunks_of(found, chunk_size)
    first = next(chunks, None)
    if first is None:
        reader.check_registry(() if watch else [one.resource for one in found])
    chunks = chain([first] if first else [], chunks)
    if watch:
        for line in watch_lines(reader, found[0], chunks, style):
            click.echo(line)
        return 0
    for piece in pieces(found, chunks, wanted, reader.query, style, reader.say):
        click.echo(piece, nl=False)  # into a pipe, echo removes escape sequences from str, not from bytes
    if first is None and not any(one.remarks.missing for one in found):
        if sentence := nothing_found(found, reader.query, style):
            click.echo(sentence, err=True)
        click.echo(reader.no_such_namespace([one.resource for one in found]), err=True, nl=False)
    said = [sentence for one in found for sentence in one.remarks.sentences()]
    for sentence in said:
        remark(sentence)
    return 1 if said else 0
