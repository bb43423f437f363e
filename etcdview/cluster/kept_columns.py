"""What the cells of one column say of objects that were read to sort by it: kept, so that nothing is read twice for it.

Only texts are kept, by key. They are masked, so that the order tells no viewer what the cells do not.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from etcdview.index.base import Changing, KeyIndex

MOST_BYTES = 64 << 20  # of all columns together
_CELL_BYTES = 160  # of a cell without its key and its text: two objects, and their place in a dict

Order = Callable[[Mapping[bytes, str | None]], list[bytes]]


@dataclass(slots=True)
class KeptColumn:
    """The cells of a column as of `revision`, with ages as of `moment`; None for what cannot be decoded.

    Change it only within KeptColumns.reading.
    """

    moment: datetime
    revision: int
    cells: dict[bytes, str | None] = field(default_factory=dict)
    size_bytes: int = 0
    _orders: dict[bool, list[bytes]] = field(default_factory=dict)

    def add(self, found: Mapping[bytes, str | None]) -> None:
        """Cells that were read."""
        self.cells |= found
        self.size_bytes += sum(map(_weight, found.items()))
        self._orders.clear()

    def keep(self, wanted: Sequence[bytes]) -> None:
        """Let go of all other cells."""
        self.cells = {key: self.cells[key] for key in wanted if key in self.cells}
        self.size_bytes = sum(map(_weight, self.cells.items()))
        self._orders.clear()

    @property
    def is_full(self) -> bool:
        """Whether no more may be added."""
        return self.size_bytes >= MOST_BYTES

    def ordered(self, wanted: Sequence[bytes], order: Order, *, descending: bool) -> list[bytes]:
        """Those of the wanted keys whose cells are known, in order; the order of all of them is worked out once."""
        known = {key: self.cells[key] for key in wanted if key in self.cells}
        if 2 * len(known) < len(self.cells):
            return order(known)
        whole = self._orders.get(descending)
        if whole is None:
            whole = self._orders[descending] = order(self.cells)
        return whole if len(known) == len(self.cells) else [key for key in whole if key in known]

    def drop_changed(self, index: KeyIndex, prefix: bytes) -> None:
        """Forget the cells of objects that were written since; all of them where that is not known."""
        if not isinstance(index, Changing):
            return
        now = index.changes.revision_below(prefix)
        found = index.changes.since(self.revision, prefix)
        for key in list(self.cells) if found.lost else {change.key for change in found.changes}:
            if key in self.cells:
                self.size_bytes -= _weight((key, self.cells.pop(key)))
                self._orders.clear()
        self.revision = max(self.revision, now)


def _weight(cell: tuple[bytes, str | None]) -> int:
    key, text = cell
    return _CELL_BYTES + len(key) + len(text or "")


class KeptColumns:
    """The columns that were sorted by last. One is read at a time: others wait `seconds`, and give up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the columns, and what is in them
        self._columns: OrderedDict[Hashable, KeptColumn] = OrderedDict()

    def take(self, seconds: float) -> bool:
        """Wait for one's turn; whether it came. Then `release` must follow."""
        return self._lock.acquire(timeout=seconds)

    def release(self) -> None:
        """Let the next one in."""
        self._lock.release()

    def column(self, name: Hashable, moment: datetime, revision: int) -> KeptColumn:
        """The column of that name, new ones with such a moment and revision. Within `take` and `release`."""
        found = self._columns.pop(name, None) or KeptColumn(moment, revision)
        self._columns[name] = found
        while len(self._columns) > 1 and sum(column.size_bytes for column in self._columns.values()) > MOST_BYTES:
            self._columns.popitem(last=False)
        return found
