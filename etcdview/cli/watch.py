"""`etcdview watch PREFIX`: what is written below a prefix, one line a change, until it is stopped."""

from __future__ import annotations

import click

from etcdview.cli.get.source import open_noted, warned
from etcdview.cli.options import source_options
from etcdview.cli.terminal import argument_bytes, terminal_text
from etcdview.config import Resolved
from etcdview.errors import UnsupportedError
from etcdview.kube.keys import show
from etcdview.models import Event
from etcdview.stores.protocols import Watchable, prefix_end


@click.command("watch")
@click.argument("prefix", default="")
@source_options
def command(resolved: Resolved, prefix: str) -> int:
    """Print each change of a key that begins with PREFIX (of every key without): revision, what was done, key, bytes.

    For objects in kubectl's columns use `etcdview get TYPE --watch`.
    """
    start = argument_bytes(prefix)
    store = open_noted(resolved.settings)
    try:
        if not isinstance(store, Watchable):
            raise UnsupportedError(f"{store.name} does not change, so there is nothing to watch.", "Watch a live etcd.")
        revision = warned(store).range(b"\0").revision
        click.echo(f"etcdview: from revision {revision:,} on", err=True)
        watching = store.watch(start or b"\0", prefix_end(start), revision + 1)
        try:
            for batch in watching:
                for event in batch.events:
                    click.echo(terminal_text(line(event)))
        finally:
            watching.cancel()
    finally:
        store.close()
    return 0


def line(event: Event) -> str:
    """One change."""
    if event.deleted:
        return f"{event.kv.mod_revision}  deleted  {show(event.kv.key)}"
    done = "created" if event.kv.version == 1 else "changed"
    return f"{event.kv.mod_revision}  {done}  {show(event.kv.key)}  {event.kv.size_bytes:,}"
