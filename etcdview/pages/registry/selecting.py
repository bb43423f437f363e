"""Which objects of a long type match, and in which order, without reading them all: by their names, then by facts.

Values are read only where neither knows, and only so many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.index.facts.ordered import IndexOrder, IndexPage, has_index
from etcdview.index.facts.reading import SMALL_PART, Column, Order, Wanted
from etcdview.kube.keys import as_text
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.kube.sorting import natural
from etcdview.pages.registry.by_column import ByColumn, ByWords
from etcdview.pages.registry.listing import Listing, TableRow
from etcdview.pages.registry.query import RegistryQuery
from etcdview.relations.states import HEALTH_KINDS, status_in
from etcdview.stores.protocols import prefix_end

_NAMES_PIECE = 10_000
MOST_SELECTED = 500_000  # objects whose names one request puts in order: of more, some
MOST_SAID = MOST_SELECTED  # objects whose states and nodes say one of the words
ORDERED_LIMIT = 5_000  # objects whose order is made anew for each page; of more, an index of facts has it
_DENSE = 200  # an index is gone through where at least one object of so many is wanted
_BY_FACTS: dict[str, tuple[Order, bool]] = {  # a young object was created late
    "age": ("created", True),
    "size": ("size", False),
    "rewrites": ("version", False),
}
_TEXTS: dict[str, tuple[Column, Callable[[str], str]]] = {  # of pods: what the cell is by what facts keep
    "status": ("word", status_in),
    "node": ("node", lambda node: node or "<none>"),
}
# Cells of numbers, ages and signs; and what can stand in one: at most so many digits at once, or one of the signs.
_OF_KEYS = frozenset(("Size", "Rewrites"))
_FIGURES = _OF_KEYS | {"Ready", "Restarts", "Age", "Data", "Desired", "Current", "Up-to-date", "Available"}
_SAYS_MORE = "Available"  # of an API service, it has a word for what is wrong
_FIGURE = re.compile(r"[0-9]{0,6}([smhdy/()][0-9]{0,6})*")
_IN_FIGURES = ("ago)", "<unknown>", "<none>", "<invalid>")
ReadMatches = Callable[[Sequence[bytes]], list[TableRow]]


@dataclass(frozen=True, slots=True)
class Selected:
    """All `keys` that match, in order. `seen` of `total` objects were checked; the rest may match too.

    `unread` objects could not be decoded, so that no filter keeps them. `goes_on`: the next request checks more.
    `all_named`: the names of all were looked at.
    """

    keys: Sequence[bytes]
    seen: int
    total: int
    unread: int = 0
    goes_on: bool = False
    all_named: bool = True


class Selecting:
    """One selection in the making. `read` gives the rows of some keys that the filters keep."""

    def __init__(
        self, window: Window, query: RegistryQuery, listing: Listing, prefix: bytes, end: bytes, now: datetime
    ) -> None:
        self._window = window
        self._query = query
        self._listing = listing
        self._resource: ResourceType = listing.resource
        hidden = {column.name.lower() for column in listing.table.columns} - set(_BY_FACTS)
        self._columns = {column.name.lower() for column in listing.columns} | hidden
        self._range = prefix, end
        self._facts: FactSource | None = window.value_facts
        self._namespace = query.namespace if listing.resource.namespaced else ""
        self._words = query.text.lower().split()
        self._now = now
        self._goes_on = False  # reading cells, with the next request
        self._said_in_part = False  # there are more that say words by their state or their node

    @property
    def _is_pod(self) -> bool:
        return (self._resource.group, self._resource.kind) == ("", "Pod")

    @property
    def _knows(self) -> bool:
        """Whether facts say which objects have the labels, the state and the node; or nobody asks for them."""
        if not self._query.selects:
            return True
        judged = (self._resource.group, self._resource.kind) in HEALTH_KINDS
        return self._facts is not None and (judged or not (self._query.node or self._query.state or self._query.status))

    @property
    def by_facts(self) -> bool:
        """Whether facts alone answer: no value has to be read to know what matches."""
        told = not any(self._may_be_elsewhere(word.encode("utf-8", "surrogateescape")) for word in self._words)
        return self._facts is not None and told and self._knows and self.orders

    @property
    def orders(self) -> bool:
        """Whether the order is one that names or facts give."""
        name = self._query.sort.removeprefix("-").lower()
        if not name or name == "namespace" or (name == "name" and name in self._columns):
            return True
        custom = self._resource.prefix not in BY_PREFIX and name in self._columns  # such a column may show anything
        if name in _TEXTS and self._is_pod and name in self._columns:
            return self._facts is not None
        return name in _BY_FACTS and self._facts is not None and not custom

    @cached_property
    def _index_order(self) -> tuple[IndexOrder, bool] | None:
        """The order in an index of facts that the query asks for, and whether it goes backwards there."""
        descending, name = self._query.sort.startswith("-"), self._query.sort.removeprefix("-").lower()
        order, backwards = _BY_FACTS.get(name, ("key", False))
        if order not in ("size", "created") or not self.orders or not has_index(self._resource.prefix, order):
            return None
        return order, backwards != descending

    @cached_property
    def has_pages(self) -> bool:
        """Whether an index of facts has a page of the list at once: of many objects, that are not too few of all."""
        if self._facts is None or self._words or not self._knows or self._index_order is None:
            return False
        whole = self._window.keyspace.range_prefix(self._resource)
        of_all = self._window.cluster.index.count(whole, prefix_end(whole))  # also what this viewer may not see
        return self.count_left > ORDERED_LIMIT and of_all < _DENSE * self.count_left

    @cached_property
    def count_left(self) -> int:
        """How many objects the filters beside words leave, as facts know it."""
        if self._facts is None or not self._query.selects:
            return self._window.index.count(*self._range)
        return self._facts.count(self._wanted(filters=True))

    def page(self, after: bytes | None, limit: int) -> IndexPage | None:
        """The objects behind one, where the list has pages; None where that one is gone."""
        assert self._facts is not None  # noqa: S101 - `has_pages` says so
        assert self._index_order is not None  # noqa: S101
        order, descending = self._index_order
        wanted = self._wanted(filters=self._query.selects)
        return self._facts.page(wanted, order, descending=descending, after=after, limit=limit)

    def count_unreadable(self) -> int:
        """How many objects are known to be undecodable."""
        return 0 if self._facts is None else self._facts.count(replace(self._wanted(), error=True))

    def select(self, read: ReadMatches, most: int) -> Selected:
        """The objects that match; `most` is how many values may be read to know that.

        Of a column that neither names nor facts know those objects whose cells are known by now. Raises QueryError for
        an unknown column.
        """
        known = self._knows
        keys, left = self._filtered()
        sure, unsure = self._by_words(keys) if self._words else (keys, [])
        if known:
            found = set(sure)
            if unsure:  # a page of those that match, before the budget goes into the others
                read(sure[: self._query.limit])
        else:  # neither names nor facts tell what the other filters keep
            found, unsure = set(), [*sure, *unsure]
        cut = 0  # objects that the next request would not check either: it reads the same ones
        if self._facts is not None and known and not any(map(_may_be_figure, self._words)):
            more, unseen = self._by_cells(unsure)
            found |= more
        else:
            looked_at = unsure[:most]
            found |= {row.key for row in read(looked_at)}
            unseen = cut = len(unsure) - len(looked_at)
        if self._words and self._said_in_part:  # of what is not found, the state and the node may say the words
            unseen = len(keys) - len(found)
        matching = [key for key in keys if key in found]
        all_named = not left
        if left and keys and self._words and not self._query.selects:
            behind, all_named = self._named_behind(keys[-1])
            matching += behind
        ordered = self._in_order(matching, self._unreadable())
        unseen += left + len(matching) - len(ordered)
        total = max(self._window.index.count(*self._range), len(keys))  # with what the labels leave out
        goes_on = self._goes_on and not cut
        return Selected(ordered, total - unseen, total, self.count_unreadable(), goes_on, all_named)

    def _filtered(self) -> tuple[list[bytes], int]:
        """All keys, or those that the filters beside words keep where facts know these; in the order of their bytes.

        Of more than MOST_SELECTED some, and how many are left out: where no fact is asked, those behind the last.
        """
        if self._facts is None or not self._query.selects or not self._knows:
            found = self._first(MOST_SELECTED)
            return found, max(self._window.index.count(*self._range) - len(found), 0)
        if self.count_left <= MOST_SELECTED:
            return list(self._facts.keys(self._wanted(filters=True))), 0
        some = self._facts.keys(self._wanted(filters=True), order="any", limit=MOST_SELECTED)
        return sorted(some), self.count_left - len(some)

    def _first(self, most: int) -> list[bytes]:
        found: list[bytes] = []
        after: bytes | None = None
        while len(found) < most:
            page = self._window.index.page(*self._range, after=after, limit=min(_NAMES_PIECE, most - len(found)))
            found += page.keys
            after = page.next_after
            if after is None:
                break
        return found

    def _named_behind(self, after: bytes) -> tuple[list[bytes], bool]:
        """Those behind a key whose names say all words, as one search for the longest word finds them.

        And whether it looked at all names. Case counts in it; names of types that there are so many of are in lower
        case.
        """
        page = self._window.index.search(max(self._words, key=len), "contains", after=after, limit=_NAMES_PIECE)
        start = len(self._window.keyspace.range_prefix(self._resource))
        words = [word.encode("utf-8", "surrogateescape") for word in self._words]
        _, end = self._range
        found = [key for key in page.keys if key < end and all(word in key[start:].lower() for word in words)]
        passed = bool(page.keys) and page.keys[-1] >= end
        return found, page.count_is_exact and (page.next_after is None or passed)

    def _wanted(self, *, filters: bool = False) -> Wanted:
        query = self._query
        wanted = Wanted(resource=self._resource.prefix, namespace=self._namespace)
        if not filters:
            return wanted
        labels = query.labels.selector if query.labels.text else None
        return replace(
            wanted, labels=labels, state=query.state or None, node=query.node, status=query.status, readable=True
        )

    def _by_words(self, keys: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
        """Those that say all words by their name, their state and their node, and those whose other cells may."""
        start = len(self._window.keyspace.range_prefix(self._resource))
        words = [word.encode("utf-8", "surrogateescape") for word in self._words]
        plain = [word for word in words if not self._may_be_elsewhere(word)]
        said = self._said
        if not said and len(plain) == len(words):
            for word in words:
                keys = [key for key in keys if word in key[start:].lower()]
            return list(keys), []
        sure: list[bytes] = []
        unsure: list[bytes] = []
        for key in keys:
            line = key[start:].lower()
            if key in said:
                line += said[key]
            if all(word in line for word in words):
                sure.append(key)
            elif len(plain) < len(words) and all(word in line for word in plain):
                unsure.append(key)
        return sure, unsure

    def _by_cells(self, keys: Sequence[bytes]) -> tuple[set[bytes], int]:
        """Those that say all words by their cells too, and how many are not known yet."""
        if not keys:
            return set(), 0
        by_words = ByWords(self._window, self._listing, self._told, self._now)
        start, said, lines = len(self._window.keyspace.range_prefix(self._resource)), self._said, by_words.lines(keys)
        self._goes_on = self._goes_on or not by_words.is_full
        found: set[bytes] = set()
        for key, line in lines.items():
            whole = f"{as_text(key[start:].lower())}{as_text(said.get(key, b''))} {line}"
            if line is not None and all(word in whole for word in self._words):
                found.add(key)
        return found, len(keys) - len(lines)

    @cached_property
    def _said(self) -> dict[bytes, bytes]:
        """What facts keep of the state and node of those objects of which it holds any of the words."""
        if self._facts is None:
            return {}
        wanted = self._wanted(filters=self._knows and self._query.selects)
        found = self._facts.sayings(replace(wanted, words=tuple(self._words)), MOST_SAID)
        self._said_in_part = len(found) >= MOST_SAID
        return {key: b" " + said.lower().encode("utf-8", "surrogateescape") for key, said in found}

    def _may_be_elsewhere(self, word: bytes) -> bool:
        """Whether a cell that neither the name nor facts tell may hold the word."""
        if self._facts is None:
            return True
        told = self._told
        return any(column.name not in told for column in self._listing.columns) or _may_be_figure(
            word.decode("latin-1")
        )

    @property
    def _told(self) -> frozenset[str]:
        """The columns whose words the name or facts say, and those of figures alone: none that a CRD describes."""
        if self._resource.prefix not in BY_PREFIX:
            return _OF_KEYS | {"Name"}
        figures = _FIGURES if self._resource.group == "apps" else _FIGURES - {_SAYS_MORE}
        return figures | {"Name"} | ({"Status", "Node"} if self._is_pod else set())

    def _unreadable(self) -> frozenset[bytes]:
        """Objects that cannot be decoded, as far as that is known without reading."""
        if self._facts is None:
            return frozenset()
        wanted = replace(self._wanted(), error=True)
        return frozenset(self._facts.keys(wanted, order="any", limit=MOST_SELECTED))

    def _in_order(self, keys: list[bytes], unreadable: frozenset[bytes]) -> Sequence[bytes]:
        descending, name = self._query.sort.startswith("-"), self._query.sort.removeprefix("-").lower()
        if not name:
            return keys
        if not self.orders:
            by_column = ByColumn(self._window, self._listing, self._query.sort, self._now)
            ordered = by_column.keys(keys)
            self._goes_on = self._goes_on or not by_column.is_full
            return ordered
        if name in _BY_FACTS and self._facts is not None:
            order, backwards = _BY_FACTS[name]
            back = backwards != descending
            if self._are_some(keys):
                decodable = [key for key in keys if key not in unreadable]
                return _those(keys, self._facts.in_order(decodable, order, descending=back))
            return _those(keys, self._facts.keys(replace(self._wanted(), readable=True), order=order, descending=back))
        if name in _TEXTS and self._facts is not None:
            return _those(keys, self._by_text(keys, *_TEXTS[name], descending=descending))
        decodable = [key for key in keys if key not in unreadable]
        by = self._by_namespace if name == "namespace" else self._by_name
        return sorted(decodable, key=by, reverse=descending) + [key for key in keys if key in unreadable]

    def _are_some(self, keys: Sequence[bytes]) -> bool:
        """Whether facts are asked for these keys one by one: there are few, or too many others to hold all."""
        count = self._window.index.count(*self._range)
        return len(keys) * SMALL_PART < count or count > MOST_SELECTED

    def _by_text(
        self, keys: Sequence[bytes], column: Column, cell: Callable[[str], str], *, descending: bool
    ) -> list[bytes]:
        """The readable objects in the order of a cell, as it follows from what facts keep."""
        assert self._facts is not None  # noqa: S101 - `orders` says so
        if self._are_some(keys):
            found = self._facts.texts_of(keys, column)
        else:
            found = self._facts.texts(replace(self._wanted(), readable=True), column)
        ranks = {text: natural(cell(text)) for text in {text for _, text in found}}
        return [key for key, _ in sorted(found, key=lambda pair: ranks[pair[1]], reverse=descending)]

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


def _may_be_figure(word: str) -> bool:
    """Whether a number, an age or a sign may hold the word."""
    return _FIGURE.fullmatch(word) is not None or any(word in sign for sign in _IN_FIGURES)
