"""`etcdview history`: the values that a key had, and what each write changed."""

from __future__ import annotations

from collections.abc import Iterator

import click

from etcdview.cli.get.source import open_noted, warned
from etcdview.cli.options import source_options
from etcdview.cli.terminal import argument_bytes, json_text
from etcdview.cluster.once import window_once
from etcdview.config import Resolved
from etcdview.pages.object.history import HistoryPage, Revision, history_json, history_page, read_history
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import visible


@click.command("history")
@click.argument("etcd_key", metavar="KEY")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: as the API has it.")
@source_options
def command(resolved: Resolved, etcd_key: str, output: str) -> int:
    """Print the values that KEY had, newest first, as far back as etcd keeps them, with what each write changed.

    Secret values are masked. A file holds older values only if it is a snapshot or a member's data.
    """
    name = argument_bytes(etcd_key)
    store = open_noted(resolved.settings)
    try:
        window = window_once(warned(store), resolved.settings)
        if output == "json":
            click.echo(json_text(history_json(name, read_history(window, name)), indent=2))
        else:
            for line in lines(history_page(window, name), live=store.live):
                click.echo(line)
    finally:
        store.close()
    return 0


def lines(page: HistoryPage, *, live: bool) -> Iterator[str]:
    """The history as text."""
    if page.deleted_at:
        yield f"revision {page.deleted_at}  deleted"
    for number, revision in enumerate(page.revisions, 1):
        yield from _revision(revision, last=number == len(page.revisions))
    if page.compacted:
        yield "Older values have been compacted." if live else "This file does not hold older values."
    if page.problem:
        yield f"The value before these could not be read. {page.problem}"
    if page.more:
        yield f"Older values exist; only the newest {len(page.revisions)} are shown."


def _revision(revision: Revision, *, last: bool) -> Iterator[str]:
    meta = revision.entry.meta
    yield f"revision {meta.mod_revision}  version {meta.version}  {size_text(revision.entry.size_bytes)}"
    if revision.error:
        yield f"  {visible(revision.error)}"
    if revision.diff:
        yield from (f"  {line.sign or ' '} {visible(line.text)}" for line in revision.diff if line.sign != "@")
    elif last:
        yield f"  {'created' if meta.version == 1 else 'the oldest value kept'}"
    else:
        yield "  written again without a visible change"
