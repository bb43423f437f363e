"""The reading half of `etcdview get`: what is wanted, at one revision, as far as the selectors keep it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from etcdview.cli.get.query import RequestedType
from etcdview.codec import Detail
from etcdview.errors import NotPermittedError
from etcdview.kube.crds import Definitions
from etcdview.kube.resources import ResourceType, find
from etcdview.kube.selectors import ALL_FIELDS, ALL_LABELS, FieldSelector, LabelSelector
from etcdview.kube.sorting import sort_by
from etcdview.kube.suggestions import did_you_mean
from etcdview.kube.visible import visible
from etcdview.objects import ObjectRow, Objects
from etcdview.pages.registry.listing import in_kubectl_order, labels_of
from etcdview.tables import Table, table_for


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects. `namespace` "" means all of them; `now` None means the clock's."""

    namespace: str
    labels: LabelSelector = ALL_LABELS
    fields: FieldSelector = ALL_FIELDS
    sort_by: str = ""
    now: datetime | None = None
    as_table: bool = True

    @property
    def selective(self) -> bool:
        """Whether any selector was given."""
        return bool(self.labels.requirements or self.fields.requirements)

    @property
    def detail(self) -> Detail:
        """How much of each object is decoded: for a table its cells, unless a path may lead anywhere."""
        paths = bool(self.fields.requirements or self.sort_by)
        return Detail.CELLS if self.as_table and not paths else Detail.WHOLE

    def moment(self) -> datetime:
        """What ages count from."""
        return self.now or datetime.now(UTC)

    def keeps(self, obj: dict[str, Any]) -> bool:
        """Whether the selectors keep the object."""
        return self.labels.matches(labels_of(obj)) and self.fields.matches(obj)


@dataclass(frozen=True, slots=True)
class TypeObjects:
    """The objects of one type in the order to print them; names that were not found; values that cannot be read."""

    resource: ResourceType
    table: Table
    rows: tuple[ObjectRow, ...]
    missing: tuple[str, ...] = ()
    unreadable: tuple[ObjectRow, ...] = ()


class Reader:
    """Reads types of one registry at one revision."""

    def __init__(self, objects: Objects, query: Query) -> None:
        self.objects = objects
        self.query = query
        self.definitions: Definitions
        self.revision = 0
        try:
            self.definitions, self.revision = objects.definitions()
        except NotPermittedError:
            self.definitions = Definitions()  # then only the built-in types are known

    def find(self, name: str) -> Sequence[ResourceType]:
        """The types that a word means; a custom type whose CRD is gone too, while objects are left."""
        found = self.definitions.find(name)
        left = None if found else self.objects.undefined(name, revision=self.revision)
        return found or ((left,) if left else ())

    def read(self, wanted: RequestedType) -> TypeObjects:
        """The objects of one type: those named, or all that the selectors keep."""
        table = table_for(wanted.resource, self.definitions.crd(wanted.resource))
        if not wanted.names:
            rows = self.objects.read(
                wanted.resource, self.namespace(wanted.resource), revision=self.revision, detail=self.query.detail
            )
            return self._kept(wanted.resource, table, rows)
        read = {name: self._get(wanted.resource, name) for name in wanted.names}
        there = tuple(row for row in read.values() if row is not None)
        missing = tuple(name for name, row in read.items() if row is None)
        return TypeObjects(wanted.resource, table, there, missing, _unreadable(there))

    def namespace(self, resource: ResourceType) -> str:
        """The namespace to read, "" for all and for types that have none."""
        return self.query.namespace if resource.namespaced else ""

    def no_such_namespace(self, resources: Iterable[ResourceType]) -> str:
        """A line where the namespace that is read does not exist; "" where it does, or none are known at all."""
        wanted = self.query.namespace
        if not wanted or not any(resource.namespaced for resource in resources):
            return ""
        kind = find("namespaces")[0]
        names = [row.name for row in self.objects.read(kind, "", revision=self.revision)]
        if not names or wanted in names:
            return ""
        question = did_you_mean(wanted, names, "`etcdview get namespaces` lists them.")
        return f"There is no namespace {visible(wanted)!r}. {visible(question)}\n"

    def _get(self, resource: ResourceType, name: str) -> ObjectRow | None:
        return self.objects.get(resource, self.namespace(resource), name, revision=self.revision)

    def _kept(self, resource: ResourceType, table: Table, rows: Iterable[ObjectRow]) -> TypeObjects:
        """What cannot be read meets no selector; without one it is listed by its name."""
        every = tuple(rows)
        query = self.query
        kept = [r for r in every if (not query.selective if r.object is None else query.keeps(r.object))]
        return TypeObjects(resource, table, tuple(self._ordered(table, kept)), unreadable=_unreadable(every))

    def _ordered(self, table: Table, rows: list[ObjectRow]) -> Sequence[ObjectRow]:
        if self.query.sort_by:
            return sort_by(rows, self.query.sort_by, lambda row: row.object)
        return in_kubectl_order(table, rows, lambda row: row.object) if self.query.as_table else rows


def _unreadable(rows: Iterable[ObjectRow]) -> tuple[ObjectRow, ...]:
    return tuple(row for row in rows if row.object is None)
