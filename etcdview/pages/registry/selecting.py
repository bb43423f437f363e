"""Which objects of a long type match, and in which order, without reading them all: by their names, then by facts.

Values are read only where neither knows, and only so many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.index.facts.reading import Order, Wanted
from etcdview.kube.keys import as_text
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.kube.sorting import natural
from etcdview.pages.registry.listing import Listing, TableRow
from etcdview.pages.registry.query import RegistryQuery

_NAMES_PIECE = 10_000
_BY_FACTS: dict[str, tuple[Order, bool]] = {  # a young object was created late
    "age": ("created", True),
    "size": ("size", False),
    "rewrites": ("version", False),
}
ReadMatches = Callable[[Sequence[bytes]], list[TableRow]]


@dataclass(frozen=True, slots=True)
class Selected:
    """All `keys` that match, in order. `seen` of `total` objects were checked; the rest may match too.

    `unread` objects could not be decoded, so that no filter keeps them.
    """

    keys: Sequence[bytes]
    seen: int
    total: int
    unread: int = 0


class Selecting:
    """One selection in the making. `read` gives the rows of some keys that the filters keep."""

    def __init__(self, window: Window, query: RegistryQuery, listing: Listing, prefix: bytes, end: bytes) -> None:
        self._window = window
        self._query = query
        self._resource: ResourceType = listing.resource
        self._columns = {column.name.lower() for column in listing.columns}
        self._range = prefix, end
        self._facts: FactSource | None = window.value_facts
        self._namespace = query.namespace if listing.resource.namespaced else ""
        self._words = query.text.lower().split()

    @property
    def by_facts(self) -> bool:
        """Whether facts alone answer: no value has to be read to know what matches."""
        return self._facts is not None and not self._words and self.orders

    @property
    def orders(self) -> bool:
        """Whether the order is one that names or facts give."""
        name = self._query.sort.removeprefix("-").lower()
        if not name or name == "namespace" or (name == "name" and name in self._columns):
            return True
        custom = self._resource.prefix not in BY_PREFIX and name in self._columns  # such a column may show anything
        return name in _BY_FACTS and self._facts is not None and not custom

    def select(self, read: ReadMatches, most: int) -> Selected:
        """The objects that match; `most` is how many values may be read."""
        known = self._facts is not None or not self._query.labels.text  # whether labels are
        keys = self._labelled()
        named, others = self._by_words(keys) if self._words else ((keys, []) if known else ([], keys))
        found = set(named) if known else {row.key for row in read(named[:most])}
        if known and others:  # a page of those that certainly match, before the budget goes into the others
            read(named[: self._query.limit])
        left = most if known else max(most - len(named), 0)
        unsure = self._likely_first(others)[:left]
        found |= {row.key for row in read(unsure)}
        unseen = len(others) - len(unsure) + (0 if known else max(len(named) - most, 0))
        unreadable = self._unreadable()
        ordered = self._in_order([key for key in keys if key in found], unreadable)
        total = max(self._window.index.count(*self._range), len(keys))  # with what the labels leave out
        return Selected(ordered, total - unseen, total, len(unreadable))

    def _labelled(self) -> list[bytes]:
        """All keys, or those with the labels where facts know these; in the order of their bytes."""
        if self._facts is None or not self._query.labels.text:
            return self._all()
        return list(self._facts.keys(self._wanted(labels=True)))

    def _all(self) -> list[bytes]:
        found: list[bytes] = []
        after: bytes | None = None
        while True:
            page = self._window.index.page(*self._range, after=after, limit=_NAMES_PIECE)
            found += page.keys
            after = page.next_after
            if after is None:
                return found

    def _wanted(self, *, labels: bool = False, words: bool = False) -> Wanted:
        return Wanted(
            resource=self._resource.prefix,
            namespace=self._namespace,
            labels=self._query.labels.selector if labels else None,
            words=tuple(self._words) if words else (),
            readable=labels,
        )

    def _by_words(self, keys: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
        """Those whose namespace and name hold all words, and the others: their cells may."""
        start = len(self._window.keyspace.range_prefix(self._resource))
        words = [word.encode("utf-8", "surrogateescape") for word in self._words]
        named: list[bytes] = []
        others: list[bytes] = []
        for key in keys:
            line = key[start:].lower()
            (named if all(word in line for word in words) else others).append(key)
        return named, others

    def _likely_first(self, keys: list[bytes]) -> list[bytes]:
        """Those first whose state or node is known to hold one of the words."""
        if self._facts is None or not self._words or not keys:
            return keys
        likely = set(self._facts.keys(self._wanted(words=True)))
        return [key for key in keys if key in likely] + [key for key in keys if key not in likely]

    def _unreadable(self) -> frozenset[bytes]:
        """Objects that cannot be decoded, as far as that is known without reading."""
        return frozenset() if self._facts is None else frozenset(self._facts.keys(replace(self._wanted(), error=True)))

    def _in_order(self, keys: list[bytes], unreadable: frozenset[bytes]) -> Sequence[bytes]:
        descending, name = self._query.sort.startswith("-"), self._query.sort.removeprefix("-").lower()
        if not name:
            return keys
        if name in _BY_FACTS and self._facts is not None:
            order, backwards = _BY_FACTS[name]
            readable = replace(self._wanted(), readable=True)
            return _those(keys, self._facts.keys(readable, order=order, descending=backwards != descending))
        decodable = [key for key in keys if key not in unreadable]
        by = self._by_namespace if name == "namespace" else self._by_name
        return sorted(decodable, key=by, reverse=descending) + [key for key in keys if key in unreadable]

    def _by_name(self, key: bytes) -> tuple[Any, ...]:
        found = self._window.keyspace.object_key(key)
        return natural(found.name if found else as_text(key))

    def _by_namespace(self, key: bytes) -> tuple[Any, ...]:
        found = self._window.keyspace.object_key(key)
        return (found.namespace if found else "", self._by_name(key))


def _those(keys: Sequence[bytes], ordered: Iterable[bytes]) -> list[bytes]:
    """The keys in that order; those that cannot be decoded, or are not known yet, come last."""
    wanted = set(keys)
    found = [key for key in ordered if key in wanted]
    return found + sorted(wanted.difference(found))
