"""`etcdview watch PREFIX`: what is written below a prefix, one line a change, until it is stopped."""

from __future__ import annotations

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import argument_bytes, remark, say
from etcdview.config import Resolved
from etcdview.models import Range
from etcdview.pages.parts.texts import visible
from etcdview.pages.tools.changes import ChangeLine, check_watchable, watch_changes, watched_range
from etcdview.pages.tools.source import open_noted, warned


@click.command("watch", cls=GroupedCommand)
@click.argument("prefix", default="")
@source_options
def command(resolved: Resolved, prefix: str) -> int:
    """Print each change of a key that begins with PREFIX (of every key without): revision, what was done, key, bytes.

    With --etcd-servers-overrides changes of several etcds come as they are made; each has revisions of its own.
    For objects in kubectl's columns use `etcdview get TYPE --watch`.
    """
    store = open_noted(resolved.settings, remark)
    try:
        watched = check_watchable(store)
        reads = warned(store, remark)
        keys = watched_range(reads, argument_bytes(prefix))
        revision = reads.range(Range(keys.start, keys_only=True)).revision
        for change in watch_changes(watched, revision, keys, _begun):
            click.echo(line(change))
    finally:
        store.close()
    return 0


def line(change: ChangeLine) -> str:
    """One change, as it is printed."""
    size = "" if change.size_bytes is None else f"  {change.size_bytes:,}"
    return f"{change.revision}  {change.kind}  {visible(change.key)}{size}"


def _begun(where: str) -> None:
    say(f"etcdview: from {where} on", err=True)
