"""A table: its columns, and the function that makes an object's cells. Modules of API groups register theirs here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import compress
from typing import Any

from etcdview.kube.fields import dig, text
from etcdview.kube.release import Release
from etcdview.tables.durations import age

Object = Mapping[str, Any]
Cell = str | int | float | bool | None
Cells = tuple[Cell, ...]
RowFunction = Callable[[Object, datetime], Cells]
ReleaseRowFunction = Callable[[Object, datetime, Release], Cells]

UNRELEASED = Release(99, 0)  # an unknown release counts as later than all that are known


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the API server describes it (metav1.TableColumnDefinition).

    `priority` 0 is shown always, a higher one with `-o wide`. `format` "name" marks the object's name. `since` and
    `until` are the first and the last minor release of Kubernetes 1 that has the column, 0 for no limit.
    `reads` are the JSON paths of all fields that its cells are made of, () where that is not told: types that there are
    very many of tell it.
    """

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""
    since: int = 0
    until: int = 0
    reads: tuple[str, ...] = ()

    def of(self, release: Release) -> bool:
        """Whether API servers of the release print this column."""
        return release >= Release(1, self.since) and (not self.until or release <= Release(1, self.until))


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one resource type, and how its objects become cells.

    `order` is the key by which kubectl gets the rows sorted, where that is not the order of their keys.
    """

    columns: tuple[Column, ...]
    row: RowFunction
    order: Callable[[Object], Any] | None = None

    def cells(self, obj: Object, now: datetime) -> Cells:
        """The cells of `obj` with ages as of `now`, wide ones included; strings, numbers, booleans and None.

        There can be more cells than columns: the API server sends an age for IPAddresses without a column.
        """
        return self.row(obj, now)

    def sorted(self, objects: Sequence[Object]) -> list[Object]:
        """The objects in the order of `kubectl get`, given in the order of their keys."""
        return list(objects) if self.order is None else sorted(objects, key=self.order)


@dataclass(frozen=True, slots=True)
class ReleaseTable:
    """All columns that any release has or had; `row_of` a release makes a cell for each."""

    columns: tuple[Column, ...]
    row_of: Callable[[Release], RowFunction]
    order: Callable[[Object], Any] | None = None

    def of(self, release: Release) -> Table:
        """The table as API servers of the release print it."""
        row = self.row_of(release)
        kept = tuple(column.of(release) for column in self.columns)
        if all(kept):
            return Table(self.columns, row, self.order)
        columns = tuple(column for column in self.columns if column.of(release))
        return Table(columns, partial(_some, row, tuple(compress(range(len(kept)), kept)), len(kept)), self.order)


def _some(row: RowFunction, kept: tuple[int, ...], count: int, obj: Object, now: datetime) -> Cells:
    cells = row(obj, now)
    return (*[cells[i] for i in kept], *cells[count:])


REGISTRY: dict[tuple[str, str], ReleaseTable] = {}


def table(
    group: str, *kinds: str, columns: tuple[Column, ...], order: Callable[[Object], Any] | None = None
) -> Callable[[RowFunction], RowFunction]:
    """Register the decorated function as the rows of these kinds of the API group, the same in every release."""

    def register(row: RowFunction) -> RowFunction:
        for kind in kinds:
            REGISTRY[group, kind] = ReleaseTable(columns, lambda _: row, order)
        return row

    return register


def release_table(
    group: str, *kinds: str, columns: tuple[Column, ...]
) -> Callable[[ReleaseRowFunction], ReleaseRowFunction]:
    """As `table`, for a function whose cells differ from release to release."""

    def register(row: ReleaseRowFunction) -> ReleaseRowFunction:
        for kind in kinds:
            REGISTRY[group, kind] = ReleaseTable(columns, lambda release: lambda obj, now: row(obj, now, release))
        return row

    return register


def created(obj: Object, now: datetime) -> str:
    """The AGE of an object."""
    return age(dig(obj, "metadata", "creationTimestamp"), now)


def created_at(obj: Object) -> str | None:
    """When an object was created, as it is stored."""
    return text(obj, "metadata", "creationTimestamp") or None


def name_of(obj: Object) -> str:
    """metadata.name; "" where the object has none."""
    return text(obj, "metadata", "name")


NAME = Column("Name", format="name", description="The name, unique among its kind in its namespace.")
AGE = Column("Age", description="Time since the object was created.")
CREATED_AT = Column("Created At", "date", description="When the object was created.")
CONTAINERS = Column("Containers", priority=1, description="The containers of the pod template.")
IMAGES = Column("Images", priority=1, description="The images of the pod template's containers.")
SELECTOR = Column("Selector", priority=1, description="The labels by which pods are found.")
WIDE_POD_COLUMNS = (CONTAINERS, IMAGES, SELECTOR)
