"""Facts of values as far as a scope goes: what is outside is neither counted nor found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.index.facts.ordered import IndexOrder, IndexPage
from etcdview.index.facts.reading import (
    Alike,
    Column,
    FactReader,
    KeyFacts,
    Marks,
    Most,
    Order,
    Part,
    Spread,
    Total,
    Wanted,
)

_NAMESPACES = "namespaces"  # each Namespace lies in the namespace of its name


class FactSource(Protocol):
    """Questions that facts answer; see FactReader."""

    def totals(self) -> tuple[Total, ...]: ...

    def totals_of(self, resource: str) -> tuple[Total, ...]: ...

    def count(self, wanted: Wanted) -> int: ...

    def keys(
        self, wanted: Wanted, *, order: Order = "key", descending: bool = False, offset: int = 0, limit: int = -1
    ) -> tuple[bytes, ...]: ...

    def page(
        self, wanted: Wanted, order: IndexOrder, *, descending: bool, after: bytes | None, limit: int
    ) -> IndexPage | None: ...

    def facts(
        self, wanted: Wanted, *, order: Order = "key", descending: bool = False, offset: int = 0, limit: int = -1
    ) -> tuple[KeyFacts, ...]: ...

    def tally(self, wanted: Wanted, most: int) -> tuple[Alike, ...]: ...

    def marks_of(self, resource: str) -> Marks | None: ...

    def sayings(self, wanted: Wanted, limit: int) -> tuple[tuple[bytes, str], ...]: ...

    def texts(self, wanted: Wanted, column: Column) -> tuple[tuple[bytes, str], ...]: ...

    def texts_of(self, keys: Sequence[bytes], column: Column) -> tuple[tuple[bytes, str], ...]: ...

    def top(self, wanted: Wanted, most: Most, limit: int) -> tuple[KeyFacts, ...]: ...

    def of(self, keys: Sequence[bytes]) -> dict[bytes, KeyFacts]: ...

    def in_order(self, keys: Sequence[bytes], order: Order, *, descending: bool) -> tuple[bytes, ...]: ...

    def spread(self, wanted: Wanted) -> Spread: ...


class ScopedFacts:
    """The permitted part of the facts."""

    def __init__(self, reader: FactReader, permitted: PermittedRanges) -> None:
        self._reader = reader
        self._permitted = permitted
        self._part: Part | None = None

    def totals(self) -> tuple[Total, ...]:
        """See FactReader.totals. Of Namespaces only those that may be seen are counted, without their sizes' parts."""
        part = self._within()
        found = [total for total in self._reader.totals() if (total.resource, total.namespace) in part.groups]
        return (*found, *map(_total_of, self.of(sorted(part.keys)).values()))

    def totals_of(self, resource: str) -> tuple[Total, ...]:
        """See FactReader.totals_of."""
        return tuple(total for total in self.totals() if total.resource == resource)

    def count(self, wanted: Wanted) -> int:
        """See FactReader.count."""
        return self._reader.count(replace(wanted, part=self._within()))

    def keys(
        self, wanted: Wanted, *, order: Order = "key", descending: bool = False, offset: int = 0, limit: int = -1
    ) -> tuple[bytes, ...]:
        """See FactReader.keys."""
        wanted = replace(wanted, part=self._within())
        return self._reader.keys(wanted, order=order, descending=descending, offset=offset, limit=limit)

    def page(
        self, wanted: Wanted, order: IndexOrder, *, descending: bool, after: bytes | None, limit: int
    ) -> IndexPage | None:
        """See FactReader.page. What may not be seen is as if it did not exist."""
        if after is not None and not self._permitted.has(after):
            return None
        wanted = replace(wanted, part=self._within())
        return self._reader.page(wanted, order, descending=descending, after=after, limit=limit)

    def facts(
        self, wanted: Wanted, *, order: Order = "key", descending: bool = False, offset: int = 0, limit: int = -1
    ) -> tuple[KeyFacts, ...]:
        """See FactReader.facts."""
        wanted = replace(wanted, part=self._within())
        return self._reader.facts(wanted, order=order, descending=descending, offset=offset, limit=limit)

    def tally(self, wanted: Wanted, most: int) -> tuple[Alike, ...]:
        """See FactReader.tally."""
        return self._reader.tally(replace(wanted, part=self._within()), most)

    def marks_of(self, resource: str) -> None:
        """See FactReader.marks_of: of a part, nobody has counted them."""

    def sayings(self, wanted: Wanted, limit: int) -> tuple[tuple[bytes, str], ...]:
        """See FactReader.sayings."""
        return self._reader.sayings(replace(wanted, part=self._within()), limit)

    def texts(self, wanted: Wanted, column: Column) -> tuple[tuple[bytes, str], ...]:
        """See FactReader.texts."""
        return self._reader.texts(replace(wanted, part=self._within()), column)

    def texts_of(self, keys: Sequence[bytes], column: Column) -> tuple[tuple[bytes, str], ...]:
        """See FactReader.texts_of."""
        return self._reader.texts_of([key for key in keys if self._permitted.has(key)], column)

    def top(self, wanted: Wanted, most: Most, limit: int) -> tuple[KeyFacts, ...]:
        """See FactReader.top."""
        return self._reader.top(replace(wanted, part=self._within()), most, limit)

    def of(self, keys: Sequence[bytes]) -> dict[bytes, KeyFacts]:
        """See FactReader.of."""
        return self._reader.of([key for key in keys if self._permitted.has(key)])

    def in_order(self, keys: Sequence[bytes], order: Order, *, descending: bool) -> tuple[bytes, ...]:
        """See FactReader.in_order."""
        return self._reader.in_order([key for key in keys if self._permitted.has(key)], order, descending=descending)

    def spread(self, wanted: Wanted) -> Spread:
        """See FactReader.spread."""
        return self._reader.spread(replace(wanted, part=self._within()))

    def _within(self) -> Part:
        if self._part is None:
            storage_range = self._permitted.keyspace.storage_range
            groups = {(total.resource, total.namespace) for total in self._reader.totals() if total.resource}
            permitted = {
                (resource, namespace)
                for resource, namespace in groups
                if resource != _NAMESPACES
                and self._permitted.has(b"".join((storage_range(resource), _folder(namespace), b"x")))
            }
            names = (key for key in self._reader.keys(Wanted(resource=_NAMESPACES)) if self._permitted.has(key))
            self._part = Part(frozenset(permitted), frozenset(names))
        return self._part


def _folder(namespace: str) -> bytes:
    return namespace.encode() + b"/" if namespace else b""


def _total_of(found: KeyFacts) -> Total:
    """The sums over one key."""
    return Total(
        found.resource, found.namespace, found.storage, found.state, 1, found.size, found.managed_bytes,
        found.annotation_bytes, found.last_applied_bytes, found.data_bytes,
    )  # fmt: skip
