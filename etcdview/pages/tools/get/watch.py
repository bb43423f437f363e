"""`etcdview get --watch`: the lines of what changes, one after another, in the columns of the table before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from etcdview.errors import CompactedError, UnsupportedError
from etcdview.kube.resources import ResourceType
from etcdview.models import Event
from etcdview.objects import ObjectRow
from etcdview.pages.tools.get.forms import Style
from etcdview.pages.tools.get.read import Reader, TypeObjects
from etcdview.pages.tools.get.show import Chunk, listing_of, printer, table_rows
from etcdview.stores.protocols import Watchable, prefix_end


def watch_lines(reader: Reader, one: TypeObjects, chunks: Iterable[Chunk], style: Style) -> Iterator[str]:
    """The lines of what there is of a type, then those of each change after the reader's revision, without end.

    Raises UnsupportedError for a file, CompactedError when etcd has dropped what comes next.
    """
    watching = printer(one, reader.query, style)
    for _, rows in chunks:
        yield from watching.lines(table_rows(one, rows, reader.query, style))
    listing = listing_of(one, style)
    for row in _changes(reader, one.resource):
        yield from watching.lines([listing.row(row, reader.query.moment())])


def _changes(reader: Reader, resource: ResourceType) -> Iterator[ObjectRow]:
    store = reader.store
    if not isinstance(store, Watchable):
        raise UnsupportedError(f"{store.name} does not change, so it cannot be watched.", "Leave --watch out.")
    start = reader.objects.keyspace.range_prefix(resource, reader.namespace(resource))
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
