"""The table of the registry page: the rows of a listing with addresses, links to what they name, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.consistent_store import how_read
from etcdview.cluster.window import Window
from etcdview.codec import Detail
from etcdview.kube.keys import show
from etcdview.kube.resources import ResourceType
from etcdview.kube.visible import unmistakable
from etcdview.pages.parts.addresses import cursor_text, href, object_href, with_key
from etcdview.pages.parts.links import Link, named_links, ref_href
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.registry.changed import RowChanges, changes_since
from etcdview.pages.registry.listing import Listing, TableRow
from etcdview.pages.registry.query import PAGE_SIZE, PAGE_SIZES, RegistryQuery
from etcdview.pages.registry.reading import Reading, Scan, TableRows, listing_of, range_of
from etcdview.relations import Ref
from etcdview.relations.severity import Severity
from etcdview.relations.states import runs_unready
from etcdview.tables import Column
from etcdview.tables.base import UNRELEASED
from etcdview.tables.core_events import event_count

# Columns whose cells name no other object: a table of these alone has no links, which take as long as its cells.
_NAMES_NOTHING = frozenset(
    (
        "Name",
        "Size",
        "Rewrites",
        "Ready",
        "Status",
        "Restarts",
        "Age",
        "Data",
        "Type",
        "Desired",
        "Current",
        "Up-to-date",
        "Available",
    )
)
_BUT = ("progressing", "warning")  # how a running pod is that is not ready
_ROLES = {
    "Status": "state",
    "Phase": "state",
    "State": "state",
    "Condition": "state",
    "Message": "prose",
    "Object": "prose",
    "Description": "prose",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as kubectl prints it; `href` leads to the object that it names."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: the address that orders by it, and whether the rows are in that order.

    `role` is how its cells are drawn: "number", "state", "prose" or "". `roomy` is one that is hidden where there is
    little room.
    """

    name: str
    role: str
    href: str
    order: str
    roomy: bool = False


@dataclass(frozen=True, slots=True)
class PageRow:
    """One object of the table, or a key whose value could not be decoded (`error` says why).

    `change` is "", "new", "changed" or "deleted": since the revision that a live page had before. `severity` is that
    of the cells that say how the object is. `but` is what these do not say, as kubectl's do not: a running pod is not
    ready. `times` is how often an event happened. `misnamed` is what the object calls itself, where its key says
    otherwise. `details_href` is this list with the object beside it.
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
    severity: Severity = "unknown"
    but: str = ""
    misnamed: str = ""
    details_href: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many rows a page may have, and the list so; `current` where it has."""

    rows: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """Objects of one type, all read at one `revision`; `count` is of all of them, not of this page.

    `how` says in words how they were read, "" for a file; `stopped` why this is a part of what was to be read, "" where
    it is all of it. `namespace_head` is that of the namespaces, where they are shown. `first` and `last` are the
    numbers of the rows among all, 0 where they are unknown; `counted` is false where there may be more than `count`.
    """

    heads: tuple[Head, ...]
    rows: tuple[PageRow, ...]
    show_namespace: bool
    show_links: bool
    count: int
    revision: int
    how: str = ""
    scan: Scan | None = None
    next_href: str = ""
    first_href: str = ""
    poll_href: str = ""
    stopped: str = ""
    namespace_head: Head | None = None
    previous_href: str = ""
    first: int = 0
    last: int = 0
    counted: bool = True
    sizes: tuple[PageSize, ...] = ()

    def further(self, row: PageRow) -> Iterable[tuple[Head, Cell]]:
        """The row's cells after the first, which leads to the object, each with its column's head."""
        return zip(self.heads[1:], row.cells[1:], strict=True)


def object_table(window: Window, query: RegistryQuery, resource: ResourceType, now: datetime) -> ObjectTable | None:
    """The table for `query`; None when nothing has changed since the revision that the live page has."""
    prefix = range_of(window, query, resource)
    shown = (None, None) if query.scans else (query.after, query.until)
    changes = changes_since(window, prefix, query.since, *shown)
    if changes is not None and changes.nothing:
        return None
    return _Page(window, query, listing_of(window, query, resource)).table(now, changes)


class _Page:
    """One table in the making."""

    def __init__(self, window: Window, query: RegistryQuery, listing: Listing) -> None:
        self._window = window
        self._query = query
        self._listing = listing
        resource = listing.resource
        self._state = _state_column(listing)
        self._is_pod = (resource.group, resource.kind) == ("", "Pod")
        self._release = window.cluster.codec.release or UNRELEASED
        self._is_event = (resource.group, resource.kind) == ("", "Event")
        self._heads = tuple(self._head(column.name, _role(column)) for column in listing.columns)
        told = _NAMES_NOTHING | {"Node"} if self._is_pod else _NAMES_NOTHING  # a pod's node is in its cell
        self._names_others = query.wide or not told.issuperset(column.name for column in listing.columns)
        self._has_state = any(head.role == "state" for head in self._heads)
        self._namespace_hrefs: dict[str, str] = {}
        self._hrefs: dict[Ref, str] = {}  # of what the objects name
        self._list_href = query.href()

    def table(self, now: datetime, changes: RowChanges | None) -> ObjectTable:
        query, resource = self._query, self._listing.resource
        detail = Detail.LINKED if self._names_others else Detail.CELLS
        reading = Reading(self._window, query, self._listing, now, detail)
        read = reading.rows(changes)
        rows = self._rows(read, changes)
        following = cursor_text(read.next_after)
        shown = sum(row.change != "deleted" for row in rows)
        return ObjectTable(
            heads=self._heads,
            rows=rows,
            show_namespace=resource.namespaced and not query.namespace,
            show_links=any(row.links for row in rows),
            count=read.count,
            revision=read.revision,
            how=how_read(self._window.cluster.store.live, read.serializable),
            scan=read.scan if query.scans or not read.complete else None,
            next_href=query.href(cursor=following) if following else "",
            first_href=query.href(cursor="") if query.after else "",
            poll_href=self._poll_href(read),
            stopped=read.stopped,
            namespace_head=self._head("Namespace"),
            previous_href=query.href(cursor=cursor_text(reading.page_before(read))) if read.has_previous else "",
            first=0 if read.start is None or not shown else read.start + 1,
            last=0 if read.start is None else read.start + shown,
            counted=read.counted,
            sizes=self._sizes(read),
        )

    def _sizes(self, read: TableRows) -> tuple[PageSize, ...]:
        """The sizes of a page that there are to choose from; none where the smallest has all rows."""
        limit = self._query.limit
        if read.count <= PAGE_SIZES[0] and read.counted and limit >= PAGE_SIZES[0]:
            return ()
        return tuple(
            PageSize(size, self._query.href(limit=str(size) if size != PAGE_SIZE else "", cursor=""), size == limit)
            for size in PAGE_SIZES
        )

    def _rows(self, read: TableRows, changes: RowChanges | None) -> tuple[PageRow, ...]:
        """The rows that were read, and on a live page those deleted since, in the order of the keys' bytes."""
        if changes is None or read.scan is not None:
            return tuple([self._row(row, changes) for row in read.rows])
        rows = {row.key: self._row(row, changes) for row in read.rows}
        rows |= {key: self._deleted(key) for key in changes.deleted}
        return tuple(rows[key] for key in sorted(rows))

    def _row(self, row: TableRow, changes: RowChanges | None) -> PageRow:
        obj = row.entry.object
        links = self._links(row) if obj is not None else {}
        severity = row.severity if self._has_state else "unknown"
        return PageRow(
            key=show(row.key),
            href=object_href(row.key),
            namespace=unmistakable(row.namespace),
            namespace_href=self._namespace_href(row.namespace),
            name=row.shown_name + row.after_name,
            cells=tuple([Cell(text, links[text].href if text in links else "") for text in self._texts(row)]),
            times=event_count(obj or {}, self._release) if self._is_event else 1,
            links=tuple(links.values()) if self._query.wide else (),
            error=row.error,
            change=changes.of(row.key) if changes else "",
            severity=severity,
            misnamed=row.misnamed,
            details_href=with_key(self._list_href, row.key),
            but="not ready" if self._is_pod and severity in _BUT and runs_unready(obj) else "",
        )

    def _links(self, row: TableRow) -> dict[str, Link]:
        """What the object names, by the text of a cell: all of it, or its node alone, which takes no more decoding."""
        if self._names_others:
            links = named_links(self._window, row.entry.object or {}, self._hrefs)
            return _as_cells(links) if self._is_event else links
        if not self._is_pod or not row.node:
            return {}
        ref = Ref("", "Node", "", row.node)
        if ref not in self._hrefs:
            self._hrefs[ref] = ref_href(self._window, ref)
        return {row.node: Link(f"Node/{row.node}", self._hrefs[ref])} if self._hrefs[ref] else {}

    def _texts(self, row: TableRow) -> tuple[str, ...]:
        """The cells' texts, with sizes for people."""
        if not self._query.size or not row.cells:
            return row.short_texts
        sized = len(self._listing.columns) - 2  # where the column of sizes stands
        return (*row.short_texts[:sized], size_text(row.entry.size_bytes), row.texts[-1])

    def _namespace_href(self, namespace: str) -> str:
        if namespace not in self._namespace_hrefs:
            address = href("/registry", resource=self._listing.resource.id, namespace=namespace)
            self._namespace_hrefs[namespace] = address
        return self._namespace_hrefs[namespace]

    def _deleted(self, key: bytes) -> PageRow:
        object_key = self._window.keyspace.object_key(key)
        namespace, name = (object_key.namespace, object_key.name) if object_key else ("", "")
        shown = unmistakable(name) or show(key)
        return PageRow(show(key), object_href(key), unmistakable(namespace), "", shown, (), change="deleted")

    def _poll_href(self, read: TableRows) -> str:
        """Since the older of the two revisions: an object may be younger than the names, and older than the values.

        Where there is more to check, the whole list again: each request goes on where the one before ended.
        """
        if read.scan is not None and read.scan.goes_on and not read.complete:
            return self._query.href()
        if not self._window.cluster.store.live:
            return ""
        until = read.next_after if read.scan is None else None
        return self._query.href(since=str(min(read.names_revision, read.revision)), until=cursor_text(until))

    def _head(self, column: str, role: str = "") -> Head:
        name = column.lower()
        order = {name: "ascending", f"-{name}": "descending"}.get(self._query.sort.lower(), "none")
        address = self._query.href(sort=f"-{name}" if order == "ascending" else name, cursor="")
        is_roomy = self._is_pod and column == "Node" and not (self._query.wide or self._query.columns)
        return Head(column, "state" if column == self._state else role, address, order, is_roomy)


def _as_cells(links: Mapping[str, Link]) -> dict[str, Link]:
    """The links of an event by what its cell says of the object that it is about: pod/web."""
    parts = ((link.text.partition("/"), link) for link in links.values())
    return {f"{kind.lower()}/{name}": link for (kind, _, name), link in parts}


def _state_column(listing: Listing) -> str:
    """The column that says how the objects are: the first that is a state, else whether they are ready."""
    names = [column.name for column in listing.columns]
    if (listing.resource.group, listing.resource.kind) == ("", "Event"):
        return "Type"
    states = [name for name in names if _ROLES.get(name) == "state"]
    return (states or [name for name in names if name in ("Ready", "Available")] or [""])[0]


def _role(column: Column) -> str:
    return "number" if column.type in ("integer", "number") else _ROLES.get(column.name, "")
