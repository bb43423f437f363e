"""Read the rows of a table through a viewer's window, at one revision: a page of them, or what filters leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from etcdview.cluster.window import PIECE, Entries, Entry, Window
from etcdview.codec import Detail
from etcdview.errors import BudgetError, CompactedError, QueryError, TooLargeError
from etcdview.index.base import KeyPage
from etcdview.index.facts.ordered import IndexPage
from etcdview.kube.resources import ResourceType
from etcdview.models import Range
from etcdview.pages.parts.elsewhere import Elsewhere, places_of, read_elsewhere
from etcdview.pages.parts.types import find_type, named_tree
from etcdview.pages.registry.changed import RowChanges
from etcdview.pages.registry.listing import LONGEST_CELL, Listing, RowFilter, Shown, TableRow
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.registry.selecting import Selecting
from etcdview.stores.protocols import prefix_end
from etcdview.tables import Column, Table, table_for

# A filter or an order other than the keys' needs all objects read: so many at the most, then the answer says so.
SCAN_LIMIT = 5000
_CURSOR_GONE = ("The last row of the previous page has been deleted.", "Go to the first page.")
_NAMES_PIECE = 1000
GONE_LIMIT = 100  # deleted objects that a filtered list looks up, to strike out those it showed


@dataclass(frozen=True, slots=True)
class Scan:
    """How much a filter or an order has checked: `seen` of `total` objects, by names, facts or values.

    `unread` of these could not be decoded. `goes_on`: the next request checks more. `all_named`: words were looked for
    in the names of all.
    """

    seen: int
    total: int
    unread: int
    goes_on: bool = False
    all_named: bool = True

    @property
    def complete(self) -> bool:
        """Whether every object was read."""
        return self.seen >= self.total


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of one type, all read at one `revision`; `count` is of all that match, not of these alone.

    `complete` is false while more are still to be read: the index loads, or a scan ended at SCAN_LIMIT.
    `names_revision` is that of the key names. `serializable`: one member answered, which may be behind. `next_after`
    is the key to go on after, None on the last page. `stopped` says why not all was read, "" where it was.
    `start` rows come before these, None where that is unknown; `counted` is false where more may match than `count`.
    `elsewhere`: other prefixes have objects of the type, and the registry's has none (for programs only).
    """

    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    count: int
    revision: int
    names_revision: int
    complete: bool
    serializable: bool = False
    scan: Scan | None = None
    next_after: bytes | None = None
    stopped: str = ""
    elsewhere: Elsewhere | None = None
    start: int | None = 0
    counted: bool = True
    before: bytes | None = None  # of a scan: what the page before goes on after

    @property
    def has_previous(self) -> bool:
        """Whether it is known that rows come before these."""
        return bool(self.start)


def table_of(window: Window, resource: ResourceType) -> Table:
    """The table of a type as the cluster's release prints it, of a custom one by its CRD.

    Columns of a CRD may be whole objects: of each cell there is what a page shows, and what it is sorted by.
    """
    crd, release = window.definitions.crd(resource), window.cluster.codec.release
    return table_for(resource, crd, release, longest=LONGEST_CELL)


def listing_of(window: Window, query: RegistryQuery, resource: ResourceType) -> Listing:
    """The columns that the query is for. A page has room for the nodes of pods. Raises QueryError."""
    also = "Node" if query.roomy and (resource.group, resource.kind) == ("", "Pod") else ""
    shown = Shown(query.wide, query.size, query.columns, also)
    return Listing(resource, table_of(window, resource), shown, query.sort)


def query_table(window: Window, query: RegistryQuery, now: datetime) -> TableRows:
    """The rows that a program asks for.

    Raises NotFoundError for an unknown type, DeniedError outside the viewer's scope, QueryError for a selector, column
    or cursor that cannot be used.
    """
    if query.labels.problem is not None:
        raise query.labels.problem
    resource = find_type(window, named_tree(window), query.resource).resource
    rows = Reading(window, query, listing_of(window, query, resource), now, Detail.CELLS).rows(None)
    return rows if rows.rows else replace(rows, elsewhere=read_elsewhere(window, places_of([resource])))


def range_of(window: Window, query: RegistryQuery, resource: ResourceType) -> bytes:
    """What the keys of the query begin with. As for kubectl, a namespace means nothing to a type that has none."""
    return window.keyspace.range_prefix(resource, query.namespace if resource.namespaced else "")


class Reading:
    """One table's rows in the making. `detail` is how much of each object is decoded."""

    def __init__(self, window: Window, query: RegistryQuery, listing: Listing, now: datetime, detail: Detail) -> None:
        self._window = window
        self._query = query
        self._listing = listing
        self._now = now
        self._detail = detail
        self._stopped = ""
        self._matched: dict[bytes, TableRow] = {}  # at most SCAN_LIMIT
        self._unread = 0  # objects that were to be read, when the budget was used up
        self._filter = RowFilter(query.labels.selector, query.text, query.state, query.node, query.status)
        self._prefix = range_of(window, query, listing.resource)
        self._selecting = Selecting(window, query, listing, self._prefix, prefix_end(self._prefix), now)
        self._scans = query.scans or listing.table.order is not None

    def rows(self, changes: RowChanges | None) -> TableRows:
        """The rows; with the deleted ones among `changes` that a filtered list had shown."""
        if not self._scans:
            return self._page()
        names = self._names(None, SCAN_LIMIT)
        if self._selects(names):
            return self._selected(names, changes)
        return self._scanned(names, changes)

    def page_before(self, read: TableRows) -> bytes | None:
        """What the page before the one that was read goes on after; None where that is the first."""
        if self._scans or not read.start:
            return read.before
        number = read.start - self._query.limit
        return self._name(number) if number > 0 else None

    def _name(self, number: int) -> bytes | None:
        """The name with this number, found between bounds that are halved; None if it was deleted meanwhile."""
        index, low, high = self._window.index, self._prefix, prefix_end(self._prefix)
        while index.count(low, high) > _NAMES_PIECE:
            middle = _middle(low, high)
            below = index.count(low, middle)
            if number <= below:
                high = middle
            else:
                low, number = middle, number - below
        names = index.page(low, high, limit=_NAMES_PIECE).keys
        return names[number - 1] if number <= len(names) else None

    def _selects(self, names: KeyPage) -> bool:
        """Whether names and facts say what matches: where they alone do, or there is too much to hold all of it."""
        if self._listing.table.order is not None and not self._query.sort:
            return False
        known = self._window.index.freshness().state in ("live", "behind", "static")
        return self._selecting.by_facts or (names.next_after is not None and known)

    def _selected(self, names: KeyPage, changes: RowChanges | None) -> TableRows:
        """What matches by names and facts, and the values of one page of it."""
        if self._selecting.has_pages:
            return self._page_by_index(names, changes)
        found = self._selecting.select(self._matching, SCAN_LIMIT)
        first = 0 if self._query.after is None else self._key_behind(found.keys, self._query.after)
        keys = tuple(found.keys[first : first + self._query.limit])
        page = IndexPage(keys, first, first + len(keys) < len(found.keys), self._before(found.keys, first))
        scan = Scan(found.seen, found.total, found.unread, found.goes_on, found.all_named)
        return self._with_values(names, changes, page, scan, len(found.keys))

    def _page_by_index(self, names: KeyPage, changes: RowChanges | None) -> TableRows:
        """A page of a long list that is in the order of an index: the others are not looked at."""
        page = self._selecting.page(self._query.after, self._query.limit)
        if page is None:
            raise QueryError(*_CURSOR_GONE)
        scan = Scan(names.count, names.count, self._selecting.count_unreadable())
        return self._with_values(names, changes, page, scan, self._selecting.count_left)

    def _with_values(
        self, names: KeyPage, changes: RowChanges | None, page: IndexPage, scan: Scan, count: int
    ) -> TableRows:
        at, rows = self._values_of(page.keys, names.revision)
        if changes is not None:
            gone = self._kept(self._gone(changes))
            rows = [*rows, *gone] if self._query.sort else sorted([*rows, *gone], key=lambda row: row.key)
        scan = replace(scan, seen=scan.seen - self._unread, goes_on=scan.goes_on and not self._unread)
        return TableRows(
            columns=self._listing.columns,
            rows=tuple(rows),
            count=count,
            revision=at.revision,
            names_revision=names.revision,
            complete=names.complete and scan.complete,
            serializable=at.serializable,
            scan=scan,
            next_after=page.keys[-1] if page.more else None,
            stopped=self._stopped,
            start=page.start,
            counted=names.complete and scan.complete,
            before=page.before,
        )

    def _before(self, keys: Sequence[bytes], first: int) -> bytes | None:
        """What the page before the one that begins at `first` goes on after; None where that is the first page."""
        return keys[first - self._query.limit - 1] if first > self._query.limit else None

    def _values_of(self, keys: Sequence[bytes], revision: int) -> tuple[Entries, list[TableRow]]:
        """The rows of a page, read at one revision; where the budget does not reach so far, as they were matched."""
        try:
            at = self._window.range(Range(keys[0])) if keys else Entries(revision, ())
            return at, self._kept(self._window.get_many(keys, at.revision, self._detail))
        except BudgetError as error:
            if not self._matched:
                raise
            self._stopped = error.what
            return Entries(revision, ()), [self._matched[key] for key in keys if key in self._matched]

    def _matching(self, keys: Sequence[bytes]) -> list[TableRow]:
        """The rows of these keys that the filters keep; those that lie close together are read as one range."""
        found: list[TableRow] = []
        for first in range(0, len(keys), PIECE):
            try:
                rows = self._kept(self._entries(keys[first : first + PIECE]))
            except BudgetError as error:
                self._stopped = error.what
                self._unread += len(keys) - first
                break
            found += rows
            self._matched |= {row.key: row for row in rows}
        return found

    def _entries(self, keys: Sequence[bytes]) -> Sequence[Entry]:
        ordered = sorted(keys)
        if self._window.index.count(ordered[0], ordered[-1] + b"\0") > 2 * len(keys):
            return self._window.get_many(keys, detail=self._detail)
        wanted = set(keys)
        return [e for read in self._window.listed(ordered, self._detail) for e in read.entries if e.key in wanted]

    def _key_behind(self, keys: Sequence[bytes], after: bytes) -> int:
        """Where the rows behind the cursor's begin."""
        for position, key in enumerate(keys):
            if key == after:
                return position + 1
        if self._query.sort:
            raise QueryError(*_CURSOR_GONE)
        return sum(key < after for key in keys)

    def _page(self) -> TableRows:
        names = self._names(self._query.after, self._query.limit)
        revision, serializable = names.revision, False
        rows: list[TableRow] = []
        for read in self._listed(names):
            revision, serializable = read.revision, read.serializable
            rows += [self._listing.row(entry, self._now) for entry in read.entries]
        return TableRows(
            columns=self._listing.columns,
            rows=tuple(rows),
            count=names.count,
            revision=revision,
            names_revision=names.revision,
            complete=names.complete and not self._stopped,
            serializable=serializable,
            next_after=rows[-1].key if self._stopped and rows else names.next_after,
            stopped=self._stopped,
            start=self._names_until(self._query.after) if names.complete else None,
            counted=names.complete and names.count_is_exact,
        )

    def _names_until(self, after: bytes | None) -> int:
        return 0 if after is None else self._window.index.count(self._prefix, after + b"\0")

    def _listed(self, names: KeyPage) -> Iterator[Entries]:
        """The values of these names, as far as the request's budget goes."""
        begun = False
        try:
            for read in self._window.listed(names.keys, self._detail):
                begun = True
                yield read
        except BudgetError as error:
            if not begun:
                raise
            self._stopped = error.what

    def _scanned(self, names: KeyPage, changes: RowChanges | None) -> TableRows:
        """All objects read, at one revision, up to SCAN_LIMIT; filtered, ordered, and then a page of them."""
        revision, serializable = names.revision, False
        seen = unread = 0
        kept: list[TableRow] = []
        for read in self._listed(names):
            revision, serializable = read.revision, read.serializable
            seen += len(read.entries)
            unread += sum(entry.object is None for entry in read.entries)
            kept += self._kept(read.entries)
        gone = self._kept(self._gone(changes)) if changes is not None else []
        ordered = self._listing.ordered([*kept, *gone], self._query.sort)
        first = 0 if self._query.after is None else self._behind(ordered, self._query.after)
        page = ordered[first : first + self._query.limit]
        struck = {row.key for row in gone}  # shown, and not counted
        scan = Scan(seen, max(names.count, seen), unread)
        return TableRows(
            columns=self._listing.columns,
            rows=tuple(page),
            count=len(kept),
            revision=revision,
            names_revision=names.revision,
            complete=names.complete and scan.complete,
            serializable=serializable,
            scan=scan,
            next_after=page[-1].key if first + len(page) < len(ordered) else None,
            stopped=self._stopped,
            start=sum(row.key not in struck for row in ordered[:first]),
            counted=names.complete and scan.complete,
            before=self._before([row.key for row in ordered], first),
        )

    def _behind(self, ordered: Sequence[TableRow], after: bytes) -> int:
        for position, row in enumerate(ordered):
            if row.key == after:
                return position + 1
        if self._query.sort or self._listing.table.order is not None:
            raise QueryError(*_CURSOR_GONE)
        return sum(row.key < after for row in ordered)

    def _kept(self, entries: Sequence[Entry]) -> list[TableRow]:
        rows = (self._listing.row(entry, self._now) for entry in entries)
        return [row for row in rows if self._filter.keeps(row)]

    def _gone(self, changes: RowChanges) -> tuple[Entry, ...]:
        """The deleted objects as they were when the page was made: only they say whether it showed them."""
        try:
            return self._window.get_many(changes.deleted[:GONE_LIMIT], self._query.since)
        except (CompactedError, TooLargeError, BudgetError):
            return ()

    def _names(self, after: bytes | None, limit: int) -> KeyPage:
        return self._window.index.page(self._prefix, prefix_end(self._prefix), after=after, limit=limit)


def _middle(low: bytes, high: bytes) -> bytes:
    """Bytes halfway between two others; a byte longer than these only where they are neighbours."""
    length = max(len(low), len(high))
    found = _half(low, high, length)
    return found if found > low.ljust(length, b"\0") else _half(low, high, length + 1)


def _half(low: bytes, high: bytes, length: int) -> bytes:
    total = sum(int.from_bytes(end.ljust(length, b"\0")) for end in (low, high))
    return (total // 2).to_bytes(length)
