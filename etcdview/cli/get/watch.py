"""`etcdview get --watch`: the lines of what changes, one after another, in the columns of the table before them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from etcdview.cli.get.print import Printer
from etcdview.cli.get.read import Reader
from etcdview.errors import CompactedError, UnsupportedError
from etcdview.models import Event
from etcdview.objects import ObjectRow
from etcdview.pages.registry.listing import Listing
from etcdview.stores.protocols import Store, Watchable, prefix_end


def watch(store: Store, reader: Reader, listing: Listing, printer: Printer) -> None:
    """Print each change after the reader's revision, until interrupted.

    Raises UnsupportedError for a file, CompactedError when etcd has dropped what comes next.
    """
    if not isinstance(store, Watchable):
        raise UnsupportedError(f"{store.name} does not change, so it cannot be watched.", "Leave --watch out.")
    start = reader.objects.keyspace.range_prefix(listing.resource, reader.namespace(listing.resource))
    for row in _changes(store, reader, start):
        for text in printer.lines([listing.row(row, reader.query.moment())]):
            click.echo(text)


def _changes(store: Watchable, reader: Reader, start: bytes) -> Iterator[ObjectRow]:
    watching = store.watch(start, prefix_end(start), reader.revision + 1)
    try:
        for batch in watching:
            for event in batch.events:
                row = _subject(reader, event)
                if row is not None and row.object is not None and reader.query.keeps(row.object):
                    yield row
    finally:
        watching.cancel()


def _subject(reader: Reader, event: Event) -> ObjectRow | None:
    """What was written; of a deletion what was there before, as far as etcd still has it."""
    if not event.deleted:
        return reader.objects.row(event.kv)
    if event.previous is not None:
        return reader.objects.row(event.previous)
    try:
        return reader.objects.at(event.kv.key, event.kv.mod_revision - 1)
    except CompactedError:
        return None
