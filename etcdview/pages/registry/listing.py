"""One resource type's objects as rows of kubectl's table: what the page, the API and `etcdview get` all show.

Pure: given rows that somebody has read, and a moment. It knows no window, no address and no terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from etcdview.errors import QueryError
from etcdview.index.facts.fact import WORD_LENGTH
from etcdview.kube.fields import text
from etcdview.kube.identity import misnamed
from etcdview.kube.keys import as_text, show
from etcdview.kube.resources import ResourceType
from etcdview.kube.selectors import LabelSelector
from etcdview.kube.sorting import natural
from etcdview.kube.visible import unmistakable
from etcdview.objects import ObjectRow
from etcdview.relations.model import Health as Health
from etcdview.relations.model import kind_of
from etcdview.relations.severity import Severity, severity_of
from etcdview.relations.states import HEALTH_KINDS, health_of, state_of, status_in
from etcdview.tables import Cells, Column, Table, cell_text
from etcdview.tables.durations import seconds_of

Item = TypeVar("Item")
LONGEST_CELL = 1000  # characters: a column of a CRD may show a text of a megabyte in every row
_SIZE = Column("Size", "integer", description="Bytes of the value as it is stored.")
_OF_KEYS = (_SIZE, Column("Rewrites", "integer", description="How often the key was written."))
_NO_DURATION = float("inf")  # <none> and <unknown> come after every age


@dataclass(frozen=True, slots=True)
class TableRow:
    """One object of a table, `cells` as the API server sends them; no cells where it could not be decoded.

    The cell at `name_at` is the name. It comes from the key, whatever the object calls itself, with what the table says
    behind it (`after_name`: " (default)"). `beyond` are cells that the API server sends without a column for them.
    """

    entry: ObjectRow
    cells: Cells
    now: datetime
    pod_status: str = ""
    name_at: int | None = None
    after_name: str = ""
    beyond: Cells = ()

    @property
    def key(self) -> bytes:
        """The whole storage key."""
        return self.entry.key

    @property
    def namespace(self) -> str:
        """The namespace by the key, "" where there is none."""
        return self.entry.namespace

    @property
    def name(self) -> str:
        """The name by the key; the whole key if it is unrecognised."""
        return self.entry.name or as_text(self.entry.key)

    @property
    def shown_name(self) -> str:
        """The name for people."""
        return unmistakable(self.entry.name) if self.entry.name else show(self.entry.key)

    @property
    def misnamed(self) -> str:
        """What the object calls itself, where its key says otherwise; "" where they agree."""
        return misnamed(self.entry.object_key, self.entry.object)

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells as kubectl prints them."""
        shown = list(map(cell_text, self.cells))
        if self.name_at is not None and shown:
            shown[self.name_at] = self.shown_name + self.after_name
        return tuple(shown)

    @property
    def short_texts(self) -> tuple[str, ...]:
        """As `texts`, for a page: a text longer than LONGEST_CELL is cut, and the object's own page has all of it."""
        return tuple(map(_shortened, self.texts))

    @property
    def short_cells(self) -> Cells:
        """As `cells`, cut as `short_texts`: for the API, whose answers are pages too."""
        return tuple([_shortened(cell) if isinstance(cell, str) else cell for cell in self.cells])

    @property
    def labels(self) -> dict[str, Any]:
        """metadata.labels, empty where there are none."""
        return labels_of(self.entry.object)

    @property
    def state(self) -> Health:
        """How the object is; "unknown" where that cannot be said, or it could not be decoded."""
        obj = self.entry.object
        return "unknown" if obj is None else health_of(obj, self.now, self.pod_status)

    @property
    def node(self) -> str:
        """The node that the object is on, "" for none."""
        return text(self.entry.object or {}, "spec", "nodeName")

    @property
    def state_words(self) -> str:
        """What facts keep of its state; "" for kinds whose states they do not judge."""
        obj = self.entry.object
        if obj is None or kind_of(obj) not in HEALTH_KINDS:
            return ""
        return state_of(obj, self.now).text[:WORD_LENGTH]

    @property
    def severity(self) -> Severity:
        """How grave its state is, on the scale that pages show."""
        obj = self.entry.object
        return "unknown" if obj is None else severity_of(obj, self.now, self.pod_status)

    @property
    def error(self) -> str:
        """Why the value cannot be decoded; "" where it was."""
        if self.entry.object is not None:
            return ""
        return self.entry.error.what if self.entry.error else "This value cannot be decoded."


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


_OF_METADATA = ("Name", "Age")


class Listing:
    """The columns of one type, and rows made for them; `wide` has those of a higher priority too.

    `size` adds what etcd knows of each key: how large its value is as stored, and how often it was written.
    """

    def __init__(self, resource: ResourceType, table: Table, *, wide: bool = False, size: bool = False) -> None:
        self._size = size
        self.resource = resource
        self.table = table
        shown = [(i, column) for i, column in enumerate(table.columns) if wide or column.priority == 0]
        self.columns: tuple[Column, ...] = (*(column for _, column in shown), *(_OF_KEYS if size else ()))
        self._positions = tuple(i for i, _ in shown)
        self._name = _name_at(self.columns)
        names = [column.name for column in table.columns]
        is_pod = (resource.group, resource.kind) == ("", "Pod")
        self._pod_status = names.index("Status") if is_pod else None

    def row(self, entry: ObjectRow, now: datetime) -> TableRow:
        """One object as a row, its ages counted to `now`."""
        shown = entry.object if entry.object is not None else self._metadata_alone(entry)
        if shown is None:
            return TableRow(entry, (), now)
        values = self.table.cells(shown, now)
        cells = [values[i] for i in self._positions]
        after_name = ""
        if self._name is not None:  # the key is the identity; master leases have no other name
            after_name = _after_name(cells[self._name], shown)
            cells[self._name] = (entry.name or as_text(entry.key)) + after_name
        status = "" if self._pod_status is None else str(values[self._pod_status])
        if self._size:
            cells += (entry.size_bytes, entry.meta.version)
        beyond = values[len(self.table.columns) :]
        return TableRow(entry, tuple(cells), now, status, self._name, after_name, beyond)

    def _metadata_alone(self, entry: ObjectRow) -> dict[str, Any] | None:
        """What is known of a kind without a schema, which is its metadata, where the columns need no more."""
        partial = entry.decoded.partial
        if not partial or "metadata" not in partial:
            return None
        return partial if all(column.name in _OF_METADATA for column in self.table.columns) else None

    def ordered(self, rows: Iterable[TableRow], sort: str = "") -> list[TableRow]:
        """The rows in order of a column, or backwards with - before its name; without one in kubectl's own order.

        Equal rows keep the order of their keys' bytes, and those without cells come last. Raises QueryError for an
        unknown column.
        """
        by_key = sorted(rows, key=lambda row: row.key)
        if not sort:
            return in_kubectl_order(self.table, by_key, lambda row: row.entry.object)
        descending, name = sort.startswith("-"), sort.removeprefix("-").lower()
        decoded = [row for row in by_key if row.cells]
        keys = self._sort_keys(decoded, name)
        order = sorted(range(len(decoded)), key=keys.__getitem__, reverse=descending)
        return [decoded[i] for i in order] + [row for row in by_key if not row.cells]

    def _sort_keys(self, rows: Sequence[TableRow], name: str) -> list[Any]:
        if name == "namespace":
            return [(row.namespace, natural(row.name)) for row in rows]
        position = self.position(name)
        if position is None:
            return [row.entry.size_bytes if name == "size" else row.entry.meta.version for row in rows]
        return sort_keys([cell_text(row.cells[position]) for row in rows])

    def position(self, name: str) -> int | None:
        """Where the column stands; None for sizes and rewrites that are not shown. Raises QueryError."""
        position = next((i for i, column in enumerate(self.columns) if column.name.lower() == name), None)
        if position is None and name not in ("size", "rewrites"):
            raise QueryError(f"Unknown column {name!r}.", "Sort by a column, namespace, size or rewrites.")
        return position


def sort_keys(texts: Sequence[str]) -> list[Any]:
    """What the texts of a column are compared by: as ages where all of them are ages, else naturally."""
    return _durations(texts) or [natural(text) for text in texts]


def _after_name(cell: object, obj: dict[str, Any]) -> str:
    """What a table says behind an object's name: " (default)" of a class."""
    own = text(obj, "metadata", "name")
    return cell.removeprefix(own) if own and isinstance(cell, str) and cell.startswith(own) else ""


def _name_at(columns: Sequence[Column]) -> int | None:
    """Where the object's name stands. Kubernetes marks no column of a migration as the name, and two of others."""
    named = (i for i, column in enumerate(columns) if column.format == "name" or column.name == "Name")
    return next(named, None)


def in_kubectl_order(table: Table, items: list[Item], obj: Callable[[Item], Any]) -> list[Item]:
    """The items, given in the order of their keys, in that of `kubectl get`: it differs for flow schemas alone."""
    order = table.order
    return items if order is None else sorted(items, key=lambda item: order(obj(item) or {}))


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which objects: those with such labels, in a state, on a node, that say all of the words, whatever their case.

    `status` is what the words for the state begin with, up to a comma.
    An object says its namespace, its cells, its node, and what facts keep of its state.
    """

    labels: LabelSelector
    words: str = ""
    state: Health | Literal[""] = ""
    node: str = ""
    status: str = ""

    @property
    def selective(self) -> bool:
        """Whether it can leave anything out."""
        return bool(self.labels.requirements or self.words or self.state or self.node or self.status)

    def keeps(self, row: TableRow) -> bool:
        """Whether the row is one of them. What could not be decoded meets no filter, as it cannot be checked."""
        if not self.selective:
            return True
        if row.entry.object is None or not self.labels.matches(row.labels):
            return False
        return (
            self.state in ("", row.state)
            and self.node in ("", row.node)
            and (not self.status or self.status == status_in(row.state_words))
            and (not self.words or self._has_words(row))
        )

    def _has_words(self, row: TableRow) -> bool:
        words = self.words.lower().split()
        line = " ".join((row.namespace, *row.texts)).lower()
        if all(word in line for word in words):
            return True
        line = " ".join((line, cell_text(row.node).lower(), row.state_words.lower()))
        return all(word in line for word in words)


def labels_of(obj: dict[str, Any] | None) -> dict[str, Any]:
    """metadata.labels, empty where there are none."""
    metadata = (obj or {}).get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}


def _durations(texts: Sequence[str]) -> list[float] | None:
    """Ages in seconds, for a smaller number with another unit is not a younger object; None where some are not ages."""
    found = [_NO_DURATION if not text or text.startswith("<") else seconds_of(text) for text in texts]
    known = [seconds for seconds in found if seconds is not None]
    return known if len(known) == len(found) and any(seconds != _NO_DURATION for seconds in known) else None
