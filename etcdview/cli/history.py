"""`etcdview history`: the values that a key had, and what each write changed."""

from __future__ import annotations

from collections.abc import Iterator

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import argument_bytes, json_text, remark
from etcdview.cluster.once import window_once
from etcdview.config import Resolved
from etcdview.pages.object.history import HistoryPage, Revision, history_json, history_page, read_history
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import visible
from etcdview.pages.tools.source import open_noted, warned

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@click.command("history", cls=GroupedCommand)
@click.argument("etcd_key", metavar="KEY")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: as the API has it.")
@source_options
def command(resolved: Resolved, etcd_key: str, output: str) -> int:
    """Print the changes of KEY, newest first, as far back as etcd keeps them: writes with what they changed, deletions.

    Secret values are masked. A file holds older values only if it is a snapshot or a member's data.
    """
    name = argument_bytes(etcd_key)
    store = open_noted(resolved.settings, remark)
    try:
        window = window_once(warned(store, remark), resolved.settings)
        if output == "json":
            click.echo(json_text(history_json(name, read_history(window, name)), indent=2))
        else:
            for line in lines(history_page(window, name)):
                click.echo(line)
    finally:
        store.close()
    return 0


def lines(page: HistoryPage) -> Iterator[str]:
    """The history as text."""
    for revision in page.revisions:
        yield from _revision(revision)
    yield from page.ending
    if page.problem:
        yield f"The value before these could not be read. {page.problem}"


def _revision(revision: Revision) -> Iterator[str]:
    entry = revision.entry
    if entry is None:
        yield f"revision {revision.number}  deleted{f'  ({revision.seen})' if revision.seen else ''}"
        return
    what = "" if revision.what == "updated" else f"  {revision.what}"
    yield f"revision {revision.number}  version {entry.meta.version}  {size_text(entry.size_bytes)}{what}"
    if revision.error:
        yield f"  {visible(revision.error)}"
    yield from (f"  {line.sign or ' '} {visible(line.text)}" for line in revision.diff if line.sign != "@")
    for one in revision.fields:
        yield visible(f"  {_SIGNS[one.kind]} {one.path}: {one.old or '-'} -> {one.new or '-'}")
    if revision.cut and not revision.note:
        yield "  … the rest of this difference is not shown"
    if revision.note:
        yield f"  {revision.note}"
