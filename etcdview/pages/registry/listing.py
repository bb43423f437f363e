"""One resource type's objects as rows of kubectl's table: what the page, the API and `etcdview get` all show.

Pure: given rows that somebody has read, and a moment. It knows no window, no address and no terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from etcdview.codec import Excerpt
from etcdview.errors import QueryError
from etcdview.index.facts.fact import WORD_LENGTH
from etcdview.kube.fields import dig, text
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
from etcdview.tables.core_events import last_seen
from etcdview.tables.durations import parse_time, seconds_of

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
    `unshown` is the cell that the rows are ordered by, where its column is not shown.
    """

    entry: ObjectRow
    cells: Cells
    now: datetime
    pod_status: str = ""
    name_at: int | None = None
    after_name: str = ""
    beyond: Cells = ()
    unshown: object = None

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


_LAST_TIME = datetime.max.replace(tzinfo=UTC)
_OF_METADATA = ("Name", "Age")


def _age_seconds(row: TableRow) -> str:
    created = parse_time(dig(row.entry.object or {}, "metadata", "creationTimestamp"))
    return "" if created is None else str(max(int((row.now - created).total_seconds()), 0))


_UNSHOWN: dict[str, Callable[[TableRow], str]] = {  # what is known of each object, whether it is shown or not
    "age": _age_seconds,
    "size": lambda row: str(row.entry.size_bytes),
    "rewrites": lambda row: str(row.entry.meta.version),
}


def column_key(name: str) -> str:
    """A column's name as an address has it, where commas stand between names."""
    return name.lower().replace(",", " ")


@dataclass(frozen=True, slots=True)
class Shown:
    """Which columns of a table are shown: kubectl's, those of -o wide too, or the chosen ones.

    `columns` are the keys of those that were chosen; the first of a table is always among them. `also` is the name of
    one that is shown beside kubectl's. `size` adds what etcd knows of each key: how large its value is as stored, and
    how often it was written.
    """

    wide: bool = False
    size: bool = False
    columns: tuple[str, ...] = ()
    also: str = ""

    def of(self, table: Table) -> list[int]:
        """The positions of those columns. Raises QueryError for an unknown one."""
        known = [column_key(column.name) for column in table.columns]
        unknown = next((name for name in self.columns if name not in known), None)
        if unknown is not None:
            raise QueryError(f"columns={unknown[:40]!r} is unknown.", f"Use some of {', '.join(known)}.")
        if self.columns:
            return [i for i, name in enumerate(known) if i == 0 or name in self.columns]
        return [i for i, c in enumerate(table.columns) if self.wide or c.priority == 0 or c.name == self.also]


KUBECTLS = Shown()


class Listing:
    """The columns of one type that are shown, and rows made for them. `sort` may name one that is not."""

    def __init__(self, resource: ResourceType, table: Table, shown: Shown = KUBECTLS, sort: str = "") -> None:
        self._size = size = shown.size
        self.resource = resource
        self.table = table
        self._positions = tuple(shown.of(table))
        self.columns: tuple[Column, ...] = (*(table.columns[i] for i in self._positions), *(_OF_KEYS if size else ()))
        self._sort = sort.removeprefix("-").lower()
        self._unshown = self._unshown_at()
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
        unshown = None if self._unshown is None else values[self._unshown]
        return TableRow(entry, tuple(cells), now, status, self._name, after_name, beyond, unshown)

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
        text_of = self.text_by(name)
        return sort_keys([text_of(row) for row in rows])

    def text_by(self, name: str) -> Callable[[TableRow], str]:
        """What gives the text that a row is ordered by, in a column, its size or its rewrites. Raises QueryError."""
        if name == "last seen" and (self.resource.group, self.resource.kind) == ("", "Event"):
            return _last_seen
        position = next((i for i, column in enumerate(self.columns) if column.name.lower() == name), None)
        if position is not None:
            return lambda row: cell_text(row.cells[position])
        if self._unshown is not None and name == self._sort:
            return lambda row: cell_text(row.unshown)
        if name not in _UNSHOWN:
            raise QueryError(f"Unknown column {name!r}.", "Sort by a column, namespace, age, size or rewrites.")
        return _UNSHOWN[name]

    def excerpt_by(self, name: str) -> Excerpt | None:
        """What is enough of an object for `text_by`; None where that is not told."""
        found = next((column for column in self.table.columns if column.name.lower() == name), None)
        return excerpt_of((found,)) if found is not None else None

    def _unshown_at(self) -> int | None:
        """Where the column that the rows are ordered by stands in the table, if it is not shown."""
        if self._sort in ("", "namespace", *_UNSHOWN) or self._sort in (c.name.lower() for c in self.columns):
            return None
        return next((i for i, column in enumerate(self.table.columns) if column.name.lower() == self._sort), None)


def excerpt_of(columns: Sequence[Column]) -> Excerpt | None:
    """What is enough of an object for the cells of these columns; None where one of them does not tell."""
    if not all(column.reads for column in columns):
        return None
    return Excerpt(frozenset(field for column in columns for field in column.reads))


def _last_seen(row: TableRow) -> str:
    """What events are ordered by, as an age: to the microsecond, and the same whatever the time is now."""
    moment = last_seen(row.entry.object or {})
    return "<unknown>" if moment is None else f"{(_LAST_TIME - moment) // timedelta(microseconds=1)}s"


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
