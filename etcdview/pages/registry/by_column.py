"""Cells of a long type that neither names nor facts know: read once, and kept, to sort by and to find words in.

A request reads for a few seconds at the most. The next one goes on from there, and reads again what was written since.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from sys import intern

from etcdview.cluster.kept_columns import KeptColumn
from etcdview.cluster.window import PIECE, Entry, Window
from etcdview.codec import Detail, Excerpt
from etcdview.errors import BudgetError, BusyError
from etcdview.index.base import Changing
from etcdview.kube.fields import Excerpted
from etcdview.pages.registry.listing import Listing, TableRow, excerpt_of, sort_keys
from etcdview.tables import cell_text

READ_SECONDS = 4.5
STRETCH = 5_000  # keys of one read from the first to the last of them
KEPT_ALIKE = 2_000  # texts of excerpts


class ByColumn:
    """One order in the making, by a column, the sizes or the rewrites."""

    def __init__(self, window: Window, listing: Listing, sort: str, now: datetime) -> None:
        self._descending, self._name = sort.startswith("-"), sort.removeprefix("-").lower()
        text, detail = listing.text_by(self._name), listing.excerpt_by(self._name) or Detail.CELLS
        self._cells = _Cells(window, listing, self._name, text, detail, now)

    @property
    def is_full(self) -> bool:
        """Whether no more can be kept, once keys were read."""
        return self._cells.is_full

    def keys(self, wanted: Sequence[bytes]) -> list[bytes]:
        """Those of the wanted keys, given in order, whose cells are known or could be read now, in their order.

        Objects that cannot be decoded come last. Raises BusyError.
        """
        with self._cells.read(wanted) as column:
            return column.ordered(wanted, self._ordered, descending=self._descending)

    def _ordered(self, cells: Mapping[bytes, str | None]) -> list[bytes]:
        by_key = sorted(cells)
        known = [(key, text) for key in by_key if (text := cells[key]) is not None]
        texts = list({text for _, text in known})
        ranks = dict(zip(texts, sort_keys(texts), strict=True))
        known.sort(key=lambda pair: ranks[pair[1]], reverse=self._descending)
        return [key for key, _ in known] + [key for key in by_key if cells[key] is None]


class ByWords:
    """What the cells of a type say, without the columns that are `told` otherwise, in lower case."""

    def __init__(self, window: Window, listing: Listing, told: frozenset[str], now: datetime) -> None:
        self._positions = [number for number, column in enumerate(listing.columns) if column.name not in told]
        columns = [listing.columns[position] for position in self._positions]
        name = " ".join(("words of", *(column.name for column in columns)))
        self._cells = _Cells(window, listing, name, self._line, excerpt_of(columns) or Detail.CELLS, now)

    @property
    def is_full(self) -> bool:
        """Whether no more can be kept, once lines were read."""
        return self._cells.is_full

    def lines(self, wanted: Sequence[bytes]) -> dict[bytes, str | None]:
        """Those of the wanted keys that are known or could be read now; None for what cannot be decoded.

        Raises BusyError.
        """
        with self._cells.read(wanted) as column:
            return {key: column.cells[key] for key in wanted if key in column.cells}

    def _line(self, row: TableRow) -> str:
        return " ".join([cell_text(row.cells[position]) for position in self._positions]).lower()


class _Cells:
    """What is kept of the cells of one type, and reads more of it.

    `text` gives it of a row, under this `name`; `detail` is as much of an object as it takes.
    """

    def __init__(
        self,
        window: Window,
        listing: Listing,
        name: str,
        text: Callable[[TableRow], str],
        detail: Detail | Excerpt,
        now: datetime,
    ) -> None:
        self._window = window
        self._listing = listing
        self._name = name
        self._text = text
        self._detail = detail
        self._now = now
        self._alike: dict[int, tuple[Excerpted, str | None]] = {}  # by id of an excerpt, which stays alive
        self.is_full = False
        self._prefix = window.keyspace.range_prefix(listing.resource)  # of the whole type, whatever part is wanted

    @contextmanager
    def read(self, wanted: Sequence[bytes]) -> Iterator[KeptColumn]:
        """What is known once as many of the wanted keys were read as there is time for. Raises BusyError."""
        names = self._window.cluster.index
        revision = (
            names.changes.revision_below(self._prefix) if isinstance(names, Changing) else names.freshness().revision
        )
        kept = self._window.cluster.columns
        until = time.monotonic() + READ_SECONDS
        if not kept.take(READ_SECONDS):
            raise BusyError("Another table is being sorted or searched at this moment.", "Try again in a few seconds.")
        try:
            release = self._window.cluster.codec.release
            what = (self._prefix, self._listing.table.columns, self._name, release, self._window.reveals)
            column = kept.column(what, self._now, revision)
            column.drop_changed(self._window.cluster.index, self._prefix)
            missing = [key for key in wanted if key not in column.cells]
            if missing and column.is_full:  # of what others wanted
                column.keep(wanted)
            self._read(column, missing, until)
            self.is_full = column.is_full
            yield column
        finally:
            kept.release()

    def _read(self, column: KeptColumn, missing: Sequence[bytes], until: float) -> None:
        """Read as many of these as there is time and room for."""
        if column.is_full:
            return
        try:
            for entries in self._entries(missing, column.revision):
                column.add({entry.key: self._said(entry, column.moment) for entry in entries})
                if column.is_full or time.monotonic() >= until:
                    return
        except BudgetError:
            return

    def _said(self, entry: Entry, moment: datetime) -> str | None:
        """The text of an object, made once for all that share an excerpt; None for one that cannot be decoded."""
        excerpt = entry.object
        if not isinstance(excerpt, Excerpted):
            return self._made(entry, moment)
        known = self._alike.get(id(excerpt))
        if known is None:
            if len(self._alike) >= KEPT_ALIKE:
                self._alike.clear()
            known = self._alike[id(excerpt)] = excerpt, self._made(entry, moment)
        return known[1]

    def _made(self, entry: Entry, moment: datetime) -> str | None:
        row = self._listing.row(entry, moment)
        return intern(self._text(row)) if row.cells else None

    def _entries(self, missing: Sequence[bytes], revision: int) -> Iterator[Sequence[Entry]]:
        """Those that lie close together as one range, passed over; others, which are few, within the budget."""
        passing = self._window.passing_over()
        for first in range(0, len(missing), STRETCH):
            keys = missing[first : first + STRETCH]
            if self._window.index.count(keys[0], keys[-1] + b"\0") > 2 * len(keys):
                for few in range(0, len(keys), PIECE):
                    yield self._window.get_many(keys[few : few + PIECE], detail=self._detail)
                continue
            wanted = set(keys)
            for read in passing.listed(keys, self._detail, ahead=True):
                if read.revision >= revision:  # a member that is behind says nothing of what was written since
                    yield [entry for entry in read.entries if entry.key in wanted]
