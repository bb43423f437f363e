"""One object from kubectl's line to the stored bytes: where each cell comes from, and which bytes say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.window import Entry, Window
from etcdview.codec import WireNode, wire_tree
from etcdview.errors import EtcdviewError
from etcdview.index.base import Tree
from etcdview.kube.keys import show
from etcdview.pages.object.entry import read_entry
from etcdview.pages.object.views import HexLine, raw_view
from etcdview.pages.parts.addresses import object_href
from etcdview.pages.parts.commands import Command, for_object
from etcdview.pages.registry.listing import Listing
from etcdview.pages.registry.reading import table_of
from etcdview.stores.protocols import prefix_end

_MOST_FIELDS = 24
_HEX_LINES = 6
_DEEP = 3  # levels of the tree that are shown: the envelope, the object, its metadata
# Which fields kubectl makes a cell of: for pods; every other kind has its name and its age from the same two.
_FROM = {
    "Name": "metadata.name",
    "Namespace": "metadata.namespace",
    "Ready": "status.containerStatuses[].ready, counted",
    "Status": "status.phase, unless a container's state or a deletionTimestamp says more",
    "Restarts": "status.containerStatuses[].restartCount, added",
    "Age": "metadata.creationTimestamp, subtracted from now",
}


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell of kubectl's line, and the field that it comes from."""

    column: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of the stored bytes: where it begins, its number and name in the schema, how deep it is, its value."""

    offset: int
    number: int
    name: str
    depth: int
    wire_type: str
    length: int
    value: str


@dataclass(frozen=True, slots=True)
class Followed:
    """The object; `problem` says why it cannot be followed. `hidden`: its bytes are not shown."""

    key: str
    href: str
    kind: str
    cells: tuple[CellRow, ...]
    storage: str
    lines: tuple[HexLine, ...]
    fields: tuple[FieldRow, ...]
    commands: tuple[Command, ...]
    hidden: bool = False
    problem: str = ""


def follow(window: Window, tree: Tree, key: bytes, now: datetime) -> Followed | None:
    """The object under `key`, b"" for a pod, or else the first object; None where there is none to be seen."""
    key = key or _example(window, tree)
    if not key:
        return None
    try:
        return _followed(window, read_entry(window, key).entry, now)
    except EtcdviewError as error:
        return Followed(show(key), "", "", (), "", (), (), (), problem=str(error))


def _example(window: Window, tree: Tree) -> bytes:
    types = sorted(tree.types, key=lambda t: (t.resource.plural != "pods", t.resource.plural == "secrets"))
    for counted in types:
        found = window.index.page(counted.prefix, prefix_end(counted.prefix), limit=1)
        if found.keys:
            return found.keys[0]
    return b""


def _followed(window: Window, entry: Entry, now: datetime) -> Followed:
    place, storage = entry.object_key, entry.decoded.storage
    nodes = () if entry.hidden else wire_tree(entry.decoded)
    return Followed(
        key=show(entry.key),
        href=object_href(entry.key),
        kind=storage.kind or (place.resource.kind if place else ""),
        cells=tuple(_cells(window, entry, now)),
        storage=storage.format,
        lines=raw_view(entry).lines[:_HEX_LINES],
        fields=tuple(_fields(nodes))[:_MOST_FIELDS],
        commands=for_object(entry.key, place),
        hidden=entry.hidden,
    )


def _cells(window: Window, entry: Entry, now: datetime) -> Iterator[CellRow]:
    place = entry.object_key
    if place is None or entry.object is None:
        return
    listing = Listing(place.resource, table_of(window, place.resource))
    if place.namespace:
        yield CellRow("Namespace", place.namespace, _FROM["Namespace"])
    for column, text in zip(listing.table.columns, listing.row(entry, now).texts, strict=False):
        if column.priority == 0:
            known = column.name in ("Name", "Age") or place.resource.plural == "pods"
            yield CellRow(column.name, text, _FROM.get(column.name, "") if known else "")


def _fields(nodes: tuple[WireNode, ...] | list[WireNode], depth: int = 0) -> Iterator[FieldRow]:
    for node in nodes:
        yield FieldRow(node.offset, node.number, node.name or "?", depth, node.wire_type, node.length, node.value[:80])
        if depth + 1 < _DEEP:
            yield from _fields(node.children, depth + 1)
