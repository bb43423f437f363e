"""One resource type's objects as kubectl's table: a page of them, or those that filters leave, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from etcdview.cluster.consistent_store import how_read
from etcdview.cluster.window import Entries, Entry, Window
from etcdview.codec import Detail
from etcdview.errors import CompactedError, QueryError, TooLargeError
from etcdview.index.base import KeyPage
from etcdview.kube.keys import show
from etcdview.kube.resources import ResourceType
from etcdview.kube.selectors import parse_labels
from etcdview.kube.sorting import natural
from etcdview.pages.parts.addresses import cursor_text, href, object_href
from etcdview.pages.parts.links import Link, named_links
from etcdview.pages.registry.changed import RowChanges, marks_since
from etcdview.pages.registry.query import RegistryQuery
from etcdview.relations.states import runs_unready
from etcdview.stores.protocols import prefix_end
from etcdview.tables import Column, Table, table_for

# A filter or an order other than the keys' needs all objects read: so many at the most, then the page says so.
SCAN_LIMIT = 5000
GONE_LIMIT = 100  # deleted objects that a filtered list looks up, to strike out those it showed
# Columns whose cells name no other object: a table of these alone has no links, which take as long as its cells.
_NAMES_NOBODY = frozenset(
    ("Name", "Ready", "Status", "Restarts", "Age", "Data", "Type", "Desired", "Current", "Up-to-date", "Available")
)

_ROLES = {"Status": "state", "Phase": "state", "Message": "prose", "Object": "prose", "Description": "prose"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as kubectl prints it; `href` leads to the object that it names."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: the address that orders by it, and whether the rows are in that order.

    `role` is how its cells are drawn: "number", "state", "prose" or "".
    """

    name: str
    role: str
    href: str
    order: str


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the table, or a key whose value could not be decoded (`error` says why).

    `change` is "", "new", "changed" or "deleted": since the revision that a live page had before. `but` is what its
    cells do not say, as kubectl's do not: that a pod that runs is not ready.
    """

    key: str
    href: str
    namespace: str
    namespace_href: str
    name: str
    cells: tuple[Cell, ...]
    links: tuple[Link, ...] = ()
    error: str = ""
    change: str = ""
    but: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """How much a filter has looked at: `seen` of `total` objects, `unread` of which could not be decoded."""

    seen: int
    total: int
    unread: int

    @property
    def complete(self) -> bool:
        """Whether every object was looked at."""
        return self.seen >= self.total


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """Objects of one type, all read at one `revision`; `count` is of all of them, not of this page.

    `how` says in words how they were read, "" for a file.
    """

    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    show_namespace: bool
    show_links: bool
    count: int
    revision: int
    how: str = ""
    scan: Scan | None = None
    next_href: str = ""
    first_href: str = ""
    poll_href: str = ""

    def further(self, row: Row) -> Iterable[tuple[Head, Cell]]:
        """The row's cells after the first, which leads to the object, each with its column's head."""
        return zip(self.heads[1:], row.cells[1:], strict=True)


def object_table(window: Window, query: RegistryQuery, resource: ResourceType, now: datetime) -> ObjectTable | None:
    """The table for `query`; None when nothing has changed since the revision that the asker has."""
    prefix = window.keyspace.range_prefix(resource, query.namespace)
    shown = (None, None) if query.scans else (query.after, query.until)
    marks = marks_since(window, prefix, query.since, *shown)
    if marks is not None and marks.nothing:
        return None
    return _Listing(window, query, resource, now).table(marks)


def table_of(window: Window, resource: ResourceType) -> Table:
    """The columns of a type, custom ones by their CRD."""
    return table_for(resource, window.definitions.crd(resource))


@dataclass(frozen=True, slots=True)
class _Line:
    """An object and its cells as texts, before what it names has been looked for; no texts: it cannot be decoded."""

    entry: Entry
    texts: tuple[str, ...] = ()

    def has(self, text: str) -> bool:
        """Whether every word of the text stands in one of the cells, whatever the case."""
        line = " ".join((self.entry.namespace, *self.texts)).lower()
        return all(word in line for word in text.lower().split())


class _Listing:
    """One table in the making."""

    def __init__(self, window: Window, query: RegistryQuery, resource: ResourceType, now: datetime) -> None:
        self.window = window
        self.query = query
        self.resource = resource
        self.now = now
        self.prefix = window.keyspace.range_prefix(resource, query.namespace)
        self.source = table_of(window, resource)
        self.shown = [(i, c) for i, c in enumerate(self.source.columns) if query.wide or c.priority == 0]
        self._names_others = query.wide or any(c.name not in _NAMES_NOBODY for _, c in self.shown)
        self._detail = Detail.UNMANAGED if self._names_others else Detail.CELLS
        self._is_pod = (resource.group, resource.kind) == ("", "Pod")
        self._namespace_hrefs: dict[str, str] = {}

    def table(self, marks: RowChanges | None) -> ObjectTable:
        return self._scanned(marks) if self.query.scans else self._paged(marks)

    def _paged(self, marks: RowChanges | None) -> ObjectTable:
        names = self._names(self.query.after, self.query.limit)
        read, rows = Entries(names.revision, ()), []
        for read in self.window.listed(names.keys, self._detail):
            rows += [self._row(self._line(entry), marks) for entry in read.entries]
        if marks is not None:
            rows = _with_deleted(rows, [self._deleted(key) for key in marks.deleted])
        return self._table(rows, names, names.count, read)

    def _scanned(self, marks: RowChanges | None) -> ObjectTable:
        """All objects read, at one revision, up to SCAN_LIMIT; filtered, ordered, and then a page of them."""
        names = self._names(None, SCAN_LIMIT)
        read = Entries(names.revision, ())
        seen = unread = 0
        lines: list[_Line] = []
        for read in self.window.listed(names.keys, self._detail):
            seen += len(read.entries)
            unread += sum(entry.object is None for entry in read.entries)
            lines += self._wanted(read.entries)
        gone = self._wanted(self._gone(marks)) if marks is not None else []
        rows = [self._row(line, marks) for line in self._ordered([*lines, *gone])[: self.query.limit]]
        return self._table(rows, names, len(lines), read, Scan(seen, max(names.count, seen), unread))

    def _wanted(self, entries: Sequence[Entry]) -> list[_Line]:
        """Those that the filters leave."""
        wanted = _filter(self.query)
        found = (self._line(e) for e in entries if e.object is not None and wanted(e.object))
        return [line for line in found if line.has(self.query.text)]

    def _gone(self, marks: RowChanges) -> tuple[Entry, ...]:
        """The deleted objects as they were when the page was made: only so can be told whether it showed them."""
        try:
            return self.window.get_many(marks.deleted[:GONE_LIMIT], self.query.since)
        except (CompactedError, TooLargeError):
            return ()

    def _names(self, after: bytes | None, limit: int) -> KeyPage:
        return self.window.index.page(self.prefix, prefix_end(self.prefix), after=after, limit=limit)

    def _line(self, entry: Entry) -> _Line:
        if entry.object is None:
            return _Line(entry)
        values = self.source.cells(entry.object, self.now)
        return _Line(entry, tuple(cell_text(values[i]) for i, _ in self.shown))

    def _ordered(self, lines: list[_Line]) -> list[_Line]:
        if not self.query.sort:
            return lines
        descending, name = self.query.sort.startswith("-"), self.query.sort.removeprefix("-")
        if name == "namespace":
            return sorted(lines, key=lambda li: (li.entry.namespace, natural(li.entry.name)), reverse=descending)
        position = next((i for i, (_, c) in enumerate(self.shown) if c.name.lower() == name.lower()), None)
        if position is None:
            raise QueryError(f"There is no column {name!r} to sort by.", "Choose one of the table's heads.")
        if name.lower() == "age":  # a smaller number with another unit is not a younger object
            return sorted(lines, key=lambda li: _seconds(li.texts[position]), reverse=descending)
        return sorted(lines, key=lambda li: natural(li.texts[position]), reverse=descending)

    def _row(self, line: _Line, marks: RowChanges | None) -> Row:
        entry = line.entry
        error = ""
        if entry.object is None:
            error = entry.error.what if entry.error else "This value cannot be decoded."
        links = named_links(self.window, entry.object) if entry.object is not None and self._names_others else {}
        return Row(
            key=show(entry.key),
            href=object_href(entry.key),
            namespace=entry.namespace,
            namespace_href=self._namespace_href(entry.namespace),
            name=entry.name or show(entry.key),
            cells=tuple(Cell(text, links[text].href if text in links else "") for text in line.texts),
            links=tuple(links.values()) if self.query.wide else (),
            error=error,
            change=marks.of(entry.key) if marks else "",
            but="not ready" if self._is_pod and runs_unready(entry.object) else "",
        )

    def _namespace_href(self, namespace: str) -> str:
        if namespace not in self._namespace_hrefs:
            self._namespace_hrefs[namespace] = href("/registry", resource=self.resource.id, namespace=namespace)
        return self._namespace_hrefs[namespace]

    def _deleted(self, key: bytes) -> Row:
        object_key = self.window.keyspace.object_key(key)
        namespace, name = (object_key.namespace, object_key.name) if object_key else ("", show(key))
        return Row(show(key), object_href(key), namespace, "", name, (), change="deleted")

    def _table(
        self,
        rows: Sequence[Row],
        names: KeyPage,
        count: int,
        read: Entries,
        scan: Scan | None = None,
    ) -> ObjectTable:
        following = names.next_after if scan is None else None
        return ObjectTable(
            heads=tuple(self._head(c) for _, c in self.shown),
            rows=tuple(rows),
            show_namespace=self.resource.namespaced and not self.query.namespace,
            show_links=any(row.links for row in rows),
            count=count,
            revision=read.revision,
            how=how_read(self.window.cluster.store.live, read.serializable),
            scan=scan,
            next_href=self.query.href(cursor=cursor_text(following)) if following is not None else "",
            first_href=self.query.href(cursor="") if self.query.after else "",
            poll_href=self._poll_href(min(names.revision, read.revision), following),
        )

    def _poll_href(self, since: int, until: bytes | None) -> str:
        """Since the older of the two revisions: an object may be younger than the names, and older than the values."""
        if not self.window.cluster.store.live:
            return ""
        return self.query.href(since=str(since), until=cursor_text(until))

    def _head(self, column: Column) -> Head:
        name = column.name.lower()
        order = {name: "ascending", f"-{name}": "descending"}.get(self.query.sort.lower(), "none")
        return Head(
            column.name,
            _role(column),
            self.query.href(sort=f"-{name}" if order == "ascending" else name, cursor=""),
            order,
        )


def _role(column: Column) -> str:
    return "number" if column.type in ("integer", "number") else _ROLES.get(column.name, "")


def cell_text(value: object) -> str:
    """A cell as kubectl prints it."""
    if value is None:
        return "<none>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filter(query: RegistryQuery) -> Callable[[dict[str, Any]], bool]:
    labels = parse_labels(query.labels)

    def wanted(obj: dict[str, Any]) -> bool:
        metadata = obj.get("metadata")
        return labels.matches(metadata.get("labels") if isinstance(metadata, dict) else None)

    return wanted


def _with_deleted(rows: list[Row], deleted: Iterable[Row]) -> list[Row]:
    return sorted([*rows, *deleted], key=lambda row: row.key.encode("utf-8", "surrogateescape"))


_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}


def _seconds(age: str) -> int:
    """5h12m as seconds; what is no age comes last."""
    total = number = 0
    for sign in age:
        if sign.isdigit():
            number = number * 10 + int(sign)
        elif sign in _UNIT_SECONDS:
            total, number = total + number * _UNIT_SECONDS[sign], 0
        else:
            return 1 << 40
    return total
