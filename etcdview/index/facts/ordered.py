"""One page of a type's keys in the order of an index: it takes as long for five million keys as for five hundred.

Keys that are equal in it are in the order in which their facts were first written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from etcdview.index.facts.database import EVENTS_TEXT

IndexOrder = Literal["size", "created"]
# What each orders by, and its index. Where nothing says when an object was created, it is the oldest.
_ORDERS: dict[IndexOrder, tuple[str, str]] = {
    "size": ("f.size", "by_type_size"),
    "created": ("coalesce(f.created, 0)", "by_event_age"),
}


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Some `keys` in order; `start` keys come before them, and `more` behind.

    `before` is what the page before goes on after; None where that is the first page, or there is none.
    """

    keys: tuple[bytes, ...] = ()
    start: int = 0
    more: bool = False
    before: bytes | None = None


def has_index(resource: str, order: IndexOrder) -> bool:
    """Whether an index has a type, by its storage prefix, in that order."""
    return order == "size" or resource == EVENTS_TEXT


class IndexWalk:
    """Goes through the keys of a type, of which a condition (" AND ..." with its values) leaves out some."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        resource: int,
        order: IndexOrder,
        *,
        descending: bool,
        condition: str = "",
        values: Sequence[Any] = (),
    ) -> None:
        self._connection = connection
        self._column, index = _ORDERS[order]
        # A number and no parameter: only so SQLite knows that an index of events alone has all of them.
        self._where = f"FROM facts f INDEXED BY {index} {{join}} WHERE f.resource = {resource:d}{condition}"
        self._values = tuple(values)
        self._descending = descending

    def page(self, after: bytes | None, limit: int) -> IndexPage | None:
        """The keys behind `after`, from the beginning without it; None where there is no such key any more."""
        if after is None:
            found = self._keys("", (), limit + 1, self._descending)
            return IndexPage(found[:limit], more=len(found) > limit)
        place = self._place(after)
        if place is None:
            return None
        behind, before = self._beside(self._descending, *place), self._beside(not self._descending, *place)
        found = self._keys(*behind, limit + 1, self._descending)
        start = self._count(*before) + 1
        earlier = self._keys(*before, limit, not self._descending) if start > limit else ()
        return IndexPage(found[:limit], start, len(found) > limit, earlier[-1] if len(earlier) == limit else None)

    def _place(self, key: bytes) -> tuple[int, int] | None:
        end = key.rfind(b"/") + 1
        place = "f.folder = (SELECT id FROM folders WHERE folder = ?) AND digest(f.name) = digest(?)"
        query = f"SELECT {self._column}, f.id FROM facts f WHERE {place}"
        found: tuple[int, int] | None = self._connection.execute(query, (key[:end], key[end:])).fetchone()
        return found

    def _beside(self, below: bool, value: int, number: int) -> tuple[str, tuple[int, ...]]:
        """The condition that a key is on one side of a place, and its values."""
        sign = "<" if below else ">"
        return f" AND {self._column} {sign}= ? AND ({self._column} {sign} ? OR f.id {sign} ?)", (value, value, number)

    def _keys(self, condition: str, values: Sequence[int], limit: int, descending: bool) -> tuple[bytes, ...]:
        direction = "DESC" if descending else "ASC"
        where = self._where.format(join="CROSS JOIN folders p ON p.id = f.folder")
        order = f"ORDER BY {self._column} {direction}, f.id {direction}"
        query = f"SELECT p.folder, f.name {where}{condition} {order} LIMIT ?"
        rows = self._connection.execute(query, (*self._values, *values, limit))
        return tuple([folder + name for folder, name in rows])

    def _count(self, condition: str, values: Sequence[int]) -> int:
        query = f"SELECT count(*) {self._where.format(join='')}{condition}"
        found: int = self._connection.execute(query, (*self._values, *values)).fetchone()[0]
        return found
