"""`etcdview export OUT`: what is stored as a dump, which `--from` reads, or as YAML, which kubectl applies."""

from __future__ import annotations

import functools
from pathlib import Path

import click

from etcdview.cli.helping import OUTPUT, SELECTION, GroupedCommand, GroupedOption
from etcdview.cli.options import source_options
from etcdview.cli.terminal import argument_bytes, remark, say
from etcdview.config import Resolved
from etcdview.errors import NotFoundError, UsageError
from etcdview.pages.parts.texts import counted, visible
from etcdview.pages.tools.export import Exported, export
from etcdview.pages.tools.object_export import EXPORT_FORMS, ExportRequest, ObjectExport, export_dump
from etcdview.pages.tools.source import open_noted, warned

_choose = functools.partial(click.option, cls=GroupedOption, group=SELECTION)
_write = functools.partial(click.option, cls=GroupedOption, group=OUTPUT)
_STANDARD_OUTPUT = Path("-")


@click.command("export", cls=GroupedCommand)
@click.argument("file", type=click.Path(path_type=Path), metavar="OUT")
@click.argument("types", nargs=-1, metavar="[TYPE[,TYPE...]]")
@_choose("-n", "--namespace", default="", help="Only what is in this namespace, and its own object.")
@_choose("-l", "--selector", default="", metavar="LABELS", help="Only objects with these labels: app=web,!canary.")
@_choose("--field-selector", default="", metavar="FIELDS", help="Only objects with these fields: any path, = or !=.")
@_choose("--prefix", default="", metavar="PREFIX", help="Of a dump: only keys that begin so: /registry/pods/shop/.")
@_write("--as", "form", type=click.Choice(EXPORT_FORMS), default="dump", show_default=True,
        help="A dump; YAML in a folder or a zip, a file an object; a stream of YAML documents; a List.")  # fmt: skip
@_write("--for-apply", is_flag=True, help="Leave out what the API server assigns, so that kubectl apply takes it.")
@_write("--show-secrets", "unmasked", is_flag=True, help="Secrets with their values; without, YAML has them masked.")
@source_options
def command(
    resolved: Resolved,
    file: Path,
    types: tuple[str, ...],
    namespace: str,
    selector: str,
    field_selector: str,
    prefix: str,
    form: str,
    for_apply: bool,
    unmasked: bool,
) -> int:
    """Write what is stored to OUT, all as of one revision, from a live etcd or --from a file.

    A dump is gzipped JSON lines: every key with its value as it is stored, Secrets too; --from reads it. The others are
    YAML in an order that can be applied; OUT may be - for a stream or a List. Files are for nobody but their owner
    (mode 0600), a folder must be empty. What is taken out or left out is said on standard error; exit status 1: some
    objects could not be read, or are Secrets that --for-apply leaves out without --show-secrets.

    \b
      etcdview export all.jsonl.gz
      etcdview export shop --as dir --for-apply -n shop --from backup.db
      etcdview export - deploy,svc --as stream --for-apply -n shop | kubectl apply --server-side -f -
    """
    request = ExportRequest(types, namespace, selector, field_selector, for_apply, unmasked)
    _check(request, form, prefix, file)
    store = open_noted(resolved.settings, remark)
    try:
        reads = warned(store, remark)
        if form == "dump" and not request.selective:
            return _said(export(reads, argument_bytes(prefix), file), "key", file)
        source = ObjectExport(reads, resolved.settings, request)
        if form == "dump":
            _said(export_dump(source, file), "key", file)
            return _status(source)
        return _objects(source, form, file)
    finally:
        store.close()


def _check(request: ExportRequest, form: str, prefix: str, file: Path) -> None:
    """Raises UsageError for flags that contradict each other."""
    if form == "dump" and request.for_apply:
        raise UsageError("A dump cannot be applied.", "Add --as dir, zip, stream or list.")
    if prefix and (form != "dump" or request.selective):
        raise UsageError("--prefix chooses keys of a dump, and nothing else may choose beside it.", "Leave it out.")
    if file == _STANDARD_OUTPUT and form not in ("stream", "list"):
        raise UsageError(f"A {form} cannot be written to standard output.", "Name a file, or add --as stream or list.")


def _objects(source: ObjectExport, form: str, file: Path) -> int:
    try:
        if file == _STANDARD_OUTPUT:
            for piece in source.text(form):
                click.echo(piece.encode("utf-8", "surrogateescape"), nl=False)
        else:
            _said(source.write(form, file), "object", file)
    except NotFoundError:
        _status(source)
        raise
    return _status(source)


def _status(source: ObjectExport) -> int:
    """Says what is not in the export."""
    for sentence in source.remarks.sentences():
        remark(visible(sentence))
    return 1 if source.remarks.incomplete else 0


def _said(done: Exported, noun: str, file: Path) -> int:
    say(f"Exported {counted(done.count, noun)} as of revision {done.revision:,} to {file}")
    return 0
