"""What needs attention: every unhealthy object of the kinds that are judged, the gravest first, narrowed by chips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from etcdview.cluster.scope import FactSource
from etcdview.index.facts.reading import KeyFacts, Wanted
from etcdview.kube.keys import show
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.pages.parts.addresses import href, object_href
from etcdview.pages.parts.links import Link
from etcdview.pages.problems import unhealthy_href
from etcdview.relations.severity import Severity, severity_of_word
from etcdview.tables import human_duration

WORST = 10  # rows, until all are wanted
ALL = 200  # rows, however many there are
LOOKED_AT = 1000  # unhealthy objects; of more only some are looked at, and how grave they are is not counted
CANDIDATES = 20  # of one type and namespace, where there are more than that
NAMESPACES = 4  # of each type, those with the most unhealthy objects: an index leads to these
CHIPS = 8  # values of one row of chips
Grave = Literal["critical", "warning", "progressing"]
GRAVITIES: dict[Grave, Severity] = {"critical": "error", "warning": "warning", "progressing": "progressing"}
_WORDS: dict[Severity, Grave] = {severity: word for word, severity in GRAVITIES.items()}
_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "progressing": 2, "unknown": 3, "done": 4, "ok": 5}
Inside = Mapping[str, Counter[str]]  # by storage prefix how many are unhealthy in each namespace


@dataclass(frozen=True, slots=True)
class AttentionQuery:
    """What the list is narrowed to, "" for everything; with `every` it is as long as a page may be."""

    severity: Grave | Literal[""] = ""
    kind: str = ""
    namespace: str = ""
    every: bool = False

    @property
    def address(self) -> str:
        """The overview with this list."""
        return self._address()

    def link(self, **changes: str) -> str:
        """It or a changed one, and there to the list: not for what a page reads again, which would scroll to it."""
        return self._address(**changes) + "#attention"

    def _address(self, **changes: str) -> str:
        fields = {"severity": self.severity, "kind": self.kind, "namespace": self.namespace}
        return href("/", **(fields | {"all": "1" if self.every else ""} | changes))


@dataclass(frozen=True, slots=True)
class UnhealthyObject:
    """An object that needs attention, and its cause in a few words. `age` is how long ago it was created."""

    severity: Severity
    kind: str
    name: str
    href: str
    namespace: str
    namespace_href: str
    cause: str
    age: str


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A value to narrow the list to, and how many it leaves; of the chosen one the address leads back."""

    text: str
    count: int
    href: str
    chosen: bool
    severity: Severity | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class ChipRow:
    """Chips of one sort, the most frequent first; `more` values are not shown."""

    name: str
    chips: tuple[FilterChip, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class AttentionList:
    """The rows, the gravest first, of `matching` objects that the query leaves. `href` is the list as it is.

    `all_href` shows `all_count` of them, "" where none are left out or a page holds no more. `lists` are of all that
    are unhealthy, by type, where a page does not hold them. `some`: only the namespaces that have most were looked at,
    so the gravest may be missing. `at_least`: there may be more than `matching`.
    """

    rows: tuple[UnhealthyObject, ...] = ()
    matching: int = 0
    chips: tuple[ChipRow, ...] = ()
    href: str = ""
    all_href: str = ""
    all_count: int = 0
    lists: tuple[Link, ...] = ()
    clear_href: str = ""
    some: bool = False
    at_least: bool = False

    @property
    def holds_all(self) -> bool:
        """Whether a page can show all that match."""
        return self.all_count == self.matching and not self.at_least


NOTHING = AttentionList()


def attention_list(facts: FactSource, inside: Inside, now: datetime, query: AttentionQuery) -> AttentionList:
    """The list; `inside` has the types in the order in which they are told. Raises what the facts raise."""
    some = sum(counts.total() for counts in inside.values()) > LOOKED_AT
    found = list(_objects(facts, inside, now, query, some=some))
    found.sort(key=lambda each: _RANK[each.severity])  # stable: types stay in their order, names in theirs
    wanted = [each for each in found if _has(query, each)]
    counts = _count_kinds_and_places(inside) if some else Counter((e.kind, e.namespace, e.severity) for e in found)
    matching = len(wanted) if query.severity or not some else _matching(counts, query)
    shown = tuple(wanted[: ALL if query.every else WORST])
    more = not query.every and len(wanted) > len(shown)
    made = AttentionList(
        rows=shown,
        matching=matching,
        chips=tuple(row for row in _chips(counts, query, some=some) if _useful(row)),
        href=query.address,
        all_href=replace(query, every=True).link() if more else "",
        all_count=min(len(wanted), ALL),
        clear_href=AttentionQuery(every=query.every).link() if replace(query, every=False) != _EVERYTHING else "",
        some=some and not query.namespace,
        at_least=some and bool(query.severity),
    )
    return made if made.holds_all else replace(made, lists=tuple(_lists(inside, query)))


_EVERYTHING = AttentionQuery()
_Counts = Counter[tuple[str, str, Severity]]  # by kind, namespace and severity


def _objects(
    facts: FactSource, inside: Inside, now: datetime, query: AttentionQuery, *, some: bool
) -> Iterator[UnhealthyObject]:
    """All of them; of too many the first of those namespaces that have most, among what the query leaves."""
    for prefix, namespaces in inside.items():
        resource = BY_PREFIX[prefix]
        if some and query.kind not in ("", resource.kind):
            continue
        for namespace, limit in _places(namespaces, query) if some else (("", LOOKED_AT),):
            wanted = Wanted(resource=prefix, namespace=namespace, state="unhealthy")
            found = facts.facts(wanted, order="any", limit=limit)
            yield from (_unhealthy(resource, fact, now) for fact in sorted(found, key=lambda fact: fact.key))


def _places(namespaces: Counter[str], query: AttentionQuery) -> Iterator[tuple[str, int]]:
    """Where to look at unhealthy objects of a type, and at how many: each costs a query."""
    if not query.namespace:
        yield from ((namespace, CANDIDATES) for namespace, _ in namespaces.most_common(NAMESPACES))
    elif query.namespace in namespaces:
        yield query.namespace, ALL


def _lists(inside: Inside, query: AttentionQuery) -> Iterator[Link]:
    """The lists of what is unhealthy, of those types that the query leaves."""
    for prefix, namespaces in inside.items():
        resource = BY_PREFIX[prefix]
        if query.kind in ("", resource.kind) and (not query.namespace or query.namespace in namespaces):
            yield Link(resource.plural, unhealthy_href(resource.id, query.namespace))


def _has(query: AttentionQuery, found: UnhealthyObject) -> bool:
    return _fits(query, (found.kind, found.namespace, found.severity))


def _fits(query: AttentionQuery, value: tuple[str, str, Severity], *, but: str = "") -> bool:
    kind, namespace, severity = value
    return (
        (but == "kind" or query.kind in ("", kind))
        and (but == "namespace" or query.namespace in ("", namespace))
        and (but == "severity" or not query.severity or GRAVITIES[query.severity] == severity)
    )


def _count_kinds_and_places(inside: Inside) -> _Counts:
    counted: _Counts = Counter()
    for prefix, namespaces in inside.items():
        for namespace, count in namespaces.items():
            counted[BY_PREFIX[prefix].kind, namespace, "unknown"] += count
    return counted


def _matching(counts: _Counts, query: AttentionQuery) -> int:
    return sum(count for value, count in counts.items() if _fits(query, value))


def _chips(counts: _Counts, query: AttentionQuery, *, some: bool) -> Iterator[ChipRow]:
    """Each row counts what the choices of the other rows leave."""
    if not some:
        by_severity = _by(counts, query, "severity", 2)
        known = [(word, by_severity[severity]) for word, severity in GRAVITIES.items()]
        yield _row(query, "severity", [(word, n) for word, n in known if n or word == query.severity])
    open_query = replace(query, severity="") if some else query
    for position, name in enumerate(("kind", "namespace")):
        found = _by(counts, open_query, name, position)
        chosen = getattr(query, name)
        ordered = sorted(found.items(), key=lambda pair: (pair[0] != chosen, -pair[1], pair[0]))
        known_values = ordered if not chosen or chosen in found else [(chosen, 0), *ordered]
        yield _row(query, name, [(text, count) for text, count in known_values if text])


def _by(counts: _Counts, query: AttentionQuery, name: str, position: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for value, count in counts.items():
        if _fits(query, value, but=name):
            found[value[position]] += count
    return found


def _row(query: AttentionQuery, name: str, values: Sequence[tuple[str, int]]) -> ChipRow:
    chosen = getattr(query, name)
    chips = [
        FilterChip(
            text,
            count,
            query.link(**{name: "" if text == chosen else text}),
            text == chosen,
            GRAVITIES.get(text, "") if name == "severity" else "",  # type: ignore[call-overload]
        )
        for text, count in values[:CHIPS]
    ]
    return ChipRow(name, tuple(chips), max(0, len(values) - CHIPS))


def _useful(row: ChipRow) -> bool:
    return len(row.chips) > 1 or any(chip.chosen for chip in row.chips)


def _unhealthy(resource: ResourceType, fact: KeyFacts, now: datetime) -> UnhealthyObject:
    created = datetime.fromtimestamp(fact.created, UTC) if fact.created is not None else None
    return UnhealthyObject(
        severity_of_word(resource.kind, fact.word, created, now),
        resource.kind,
        show(fact.key.rpartition(b"/")[2]),
        object_href(fact.key),
        fact.namespace,
        href("/namespaces", namespace=fact.namespace) if fact.namespace else "",
        fact.word or "unhealthy",
        human_duration(now - created) if created is not None else "",
    )
