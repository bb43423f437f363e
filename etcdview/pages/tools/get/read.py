"""The reading half of `etcdview get`: what is wanted, at one revision, as far as the selectors keep it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from etcdview.codec import Detail
from etcdview.config import Settings
from etcdview.errors import NotFoundError, NotPermittedError
from etcdview.kube.crds import Definitions
from etcdview.kube.resources import ResourceType
from etcdview.kube.selectors import ALL_FIELDS, ALL_LABELS, FieldSelector, LabelSelector
from etcdview.kube.sorting import in_order, value_at
from etcdview.models import KeyValue
from etcdview.objects import ObjectRow
from etcdview.pages.registry.listing import in_kubectl_order, labels_of
from etcdview.pages.tools.get.query import RequestedType, parse
from etcdview.pages.tools.get.remarks import Remarks, say_held
from etcdview.pages.tools.namespaces import check_namespace
from etcdview.pages.tools.source import Say, deleted_words, open_objects, warned
from etcdview.stores.ahead import read_ahead
from etcdview.stores.prefixes import check_registry, openshift_types, places_of
from etcdview.stores.protocols import Store
from etcdview.tables import Table, table_for

_PIECE_BYTES = 2 * 1024 * 1024  # read at once, a few pieces ahead: memory stays flat, and below 150 MB


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects, and how much of each. `namespace` "" means all of them; `now` None means the clock's."""

    namespace: str
    labels: LabelSelector = ALL_LABELS
    fields: FieldSelector = ALL_FIELDS
    sort_by: str = ""
    now: datetime | None = None
    as_table: bool = True
    detail: Detail = Detail.WHOLE

    @property
    def selective(self) -> bool:
        """Whether any selector was given."""
        return bool(self.labels.requirements or self.fields.requirements)

    def moment(self) -> datetime:
        """What ages count from."""
        return self.now or datetime.now(UTC)

    def keeps(self, obj: dict[str, Any]) -> bool:
        """Whether the selectors keep the object."""
        return self.labels.matches(labels_of(obj)) and self.fields.matches(obj)


@dataclass(frozen=True, slots=True)
class TypeObjects:
    """The objects of one type in the order to print them, read as they are taken; `remarks` is full after the last."""

    resource: ResourceType
    table: Table
    rows: Iterator[ObjectRow]
    remarks: Remarks


class Reader:
    """Reads types of one registry at one revision."""

    def __init__(self, store: Store, settings: Settings, query: Query, say: Say) -> None:
        self.store = store
        self.objects = open_objects(warned(store, say), settings)
        self.query = query
        self.say = say
        self.definitions: Definitions
        self.revision = 0
        try:
            self.definitions, self.revision = self.objects.definitions()
        except NotPermittedError:
            self.definitions = Definitions()  # then only the built-in types are known

    def requested(self, arguments: Sequence[str]) -> tuple[RequestedType, ...]:
        """What the arguments of `get` name. Raises UsageError, and NotFoundError that says why a type is unknown."""
        try:
            return parse(arguments, self.find, lambda: self.definitions.known)
        except NotFoundError:
            self.check_registry(openshift_types(word for one in arguments for word in one.split("/")[0].split(",")))
            raise

    def check_registry(self, types: Sequence[ResourceType]) -> None:
        """Raises NotFoundError where the registry, or one of `types`, is empty because it lies below another prefix."""
        check_registry(self.store, self.objects.keyspace, places_of(types))

    def find(self, name: str) -> Sequence[ResourceType]:
        """The types that a word means; a custom type whose CRD is gone too, while objects are left."""
        found = self.definitions.find(name)
        left = None if found else self.objects.undefined(name, revision=self.revision)
        return found or ((left,) if left else ())

    def read(self, wanted: RequestedType) -> TypeObjects:
        """The objects of one type: those named, or all that the selectors keep."""
        resource = wanted.resource
        table = table_for(resource, self.definitions.crd(resource), self.objects.release)
        if not wanted.names:
            remarks = Remarks(resource)
            return TypeObjects(resource, table, self._all(resource, table, remarks), remarks)
        read = {name: self._get(resource, name) for name in wanted.names}
        there = [row for row in read.values() if row is not None]
        missing = {name: self._why_missing(resource, name) for name, row in read.items() if row is None}
        remarks = Remarks(resource, missing)
        for row in there:
            remarks.see(row, kept=True)
        return TypeObjects(resource, table, iter(there), remarks)

    def namespace(self, resource: ResourceType) -> str:
        """The namespace to read, "" for all and for types that have none."""
        return self.query.namespace if resource.namespaced else ""

    def no_such_namespace(self, resources: Iterable[ResourceType]) -> str:
        """A line where the namespace that is read does not exist; "" where it does, or none are known at all."""
        wanted = self.query.namespace
        if not wanted or not any(resource.namespaced for resource in resources):
            return ""
        try:
            check_namespace(wanted, [(self.objects, self.revision)])
        except NotFoundError as error:
            return f"{error}\n"
        return ""

    def _get(self, resource: ResourceType, name: str) -> ObjectRow | None:
        return self.objects.get(resource, self.namespace(resource), name, revision=self.revision)

    def _why_missing(self, resource: ResourceType, name: str) -> str:
        return deleted_words(self.store, self.objects.keyspace.key(resource, self.namespace(resource), name))

    def _all(self, resource: ResourceType, table: Table, remarks: Remarks) -> Iterator[ObjectRow]:
        """In the order to print them: that of the keys needs none of them held."""
        namespace = self.namespace(resource)
        pieces = self.objects.pieces(resource, namespace, revision=self.revision, most_bytes=_PIECE_BYTES)
        values = chain.from_iterable(read_ahead(pieces))
        if self.query.sort_by:
            return self._sorted(values, remarks)
        rows = (row for _, row in self._kept(values, self.query.detail, remarks))
        if table.order is None or not self.query.as_table:
            return rows
        return iter(in_kubectl_order(table, list(rows), lambda row: row.object))

    def _kept(
        self, values: Iterable[KeyValue], detail: Detail, remarks: Remarks
    ) -> Iterator[tuple[KeyValue, ObjectRow]]:
        """What cannot be read meets no selector; without one it is listed by its name."""
        query = self.query
        detail = Detail.WHOLE if query.fields.requirements else detail
        for kv in values:
            row = self.objects.row(kv, detail)
            kept = not query.selective if row.object is None else query.keeps(row.object)
            remarks.see(row, kept=kept)
            if kept:
                yield kv, row

    def _sorted(self, values: Iterable[KeyValue], remarks: Remarks) -> Iterator[ObjectRow]:
        """Held as they are stored, which takes a tenth of the memory, and decoded once more in their order."""
        path = self.query.sort_by
        at = value_at(path)
        held, found = [], []
        for kv, row in self._kept(values, Detail.WHOLE, remarks):
            held.append(kv)
            found.append(at(row.object))
        say_held("--sort-by", len(held), self.say, sum(kv.size_bytes for kv in held))
        for kv in in_order(held, found, path):
            yield self.objects.row(kv, self.query.detail)
