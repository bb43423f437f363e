"""What a list can be narrowed by, with counts: namespace, state, status and node, as facts know them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError
from etcdview.index.facts.reading import Alike, Wanted
from etcdview.kube.resources import ResourceType
from etcdview.kube.words import listed
from etcdview.pages.registry.query import RegistryQuery
from etcdview.relations.states import HEALTH_KINDS

COUNTED = 20_000  # objects that a page counts: some tens of milliseconds
SHOWN = 12  # values of one facet
# The name of the facet, the parameter that it sets, and the field of what is counted.
_FACETS = (("Namespace", "namespace"), ("State", "state"), ("Status", "status"), ("Node", "node"))
_BY_NUMBERS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "DaemonSet"})


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value, how many objects have it, and the list of these; of the chosen one the list without it.

    `count` is None where none was found among those that were counted, and not all were.
    """

    text: str
    count: int | None
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet, its most frequent values first. `more` values are not shown. `whole`: every object was counted."""

    name: str
    values: tuple[FacetValue, ...]
    more: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Facets:
    """All facets of a list. `counted` is 0 where every object was counted, else how many were for those not `whole`."""

    facets: tuple[Facet, ...] = ()
    counted: int = 0

    @property
    def parts(self) -> str:
        """The names of the facets that are not whole, in words; "" where that are all of them."""
        parts = [facet.name.lower() for facet in self.facets if not facet.whole]
        return listed(parts) if len(parts) < len(self.facets) else ""


NO_FACETS = Facets()


def facets_of(window: Window, query: RegistryQuery, resource: ResourceType) -> Facets:
    """The facets by the facts of all values; none before these are known, and for words, which facts cannot count.

    Each counts what the other facets leave.
    """
    facts = window.value_facts
    if facts is None or query.text:
        return NO_FACETS
    try:
        facets = tuple(_facets(query, resource, _Counts(facts, query, resource)))
    except EtcdviewError:  # mostly because facts are being read again
        return NO_FACETS
    return Facets(facets, 0 if all(facet.whole for facet in facets) else COUNTED)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Objects that were counted; `whole`: these are all."""

    alike: tuple[Alike, ...]
    whole: bool

    def by(self, field: str, query: RegistryQuery) -> Counter[str]:
        """How many have each value of a field, of those that the other facets leave."""
        others = [other for _, other in _FACETS if other != field and getattr(query, other)]
        counts: Counter[str] = Counter()
        for alike in self.alike:
            if all(getattr(alike, other) == getattr(query, other) for other in others):
                counts[getattr(alike, field)] += alike.keys
        del counts[""]
        return counts


class _Counts:
    """The objects of a type, counted as far as a facet needs it: sums tell of all of them at once."""

    def __init__(self, facts: FactSource, query: RegistryQuery, resource: ResourceType) -> None:
        self._facts = facts
        self._query = query
        self._wanted = Wanted(resource=resource.prefix, labels=query.labels.selector if query.labels.text else None)
        self._namespace = query.namespace if resource.namespaced else ""

    def by(self, field: str) -> tuple[Counter[str], bool]:
        """How many have each value of a field, and whether every object was counted."""
        others = {other for _, other in _FACETS if other != field and getattr(self._query, other)}
        found = None if self._wanted.labels else self._summed(field, others)
        if found is not None:
            return found, True
        if field == "namespace":
            everywhere, inside = self._everywhere, self._inside
            return everywhere.by(field, self._query) | inside.by(field, self._query), everywhere.whole
        return self._inside.by(field, self._query), self._inside.whole

    def _summed(self, field: str, others: set[str]) -> Counter[str] | None:
        """The same of all objects by the sums; None where these do not tell it, beside what is chosen."""
        if field in ("namespace", "state") and others <= {"namespace", "state"}:
            return self._sums.by(field, self._query)
        marks = self._facts.marks_of(self._wanted.resource) if field in ("status", "node") and not others else None
        return Counter(marks.statuses if field == "status" else marks.nodes) if marks else None

    @cached_property
    def _sums(self) -> _Counted:
        found = self._facts.totals_of(self._wanted.resource)
        return _Counted(tuple(Alike(total.namespace, total.state, "", "", total.keys) for total in found), whole=True)

    @cached_property
    def _inside(self) -> _Counted:
        """Those in the chosen namespace, one by one, COUNTED of them at the most."""
        return self._tallied(replace(self._wanted, namespace=self._namespace))

    @cached_property
    def _everywhere(self) -> _Counted:
        return self._tallied(self._wanted) if self._namespace else self._inside

    def _tallied(self, wanted: Wanted) -> _Counted:
        alike = self._facts.tally(wanted, COUNTED)
        return _Counted(alike, sum(one.keys for one in alike) < COUNTED)


def _facets(query: RegistryQuery, resource: ResourceType, counts: _Counts) -> Iterator[Facet]:
    """Those that narrow the list."""
    for name, field in _FACETS:
        if _is_of(field, resource):
            found, whole = counts.by(field)
            facet = _facet(query, name, field, found, whole=whole)
            if len(facet.values) > 1 or any(value.chosen for value in facet.values):
                yield facet


def _is_of(field: str, resource: ResourceType) -> bool:
    """Whether objects of the type may have different values of a facet."""
    kind = resource.group, resource.kind
    match field:
        case "namespace":
            return resource.namespaced
        case "state":
            return kind in HEALTH_KINDS
        case "status":
            return kind in HEALTH_KINDS and resource.kind not in _BY_NUMBERS
        case _:
            return True  # pods, and what else names one


def _facet(query: RegistryQuery, name: str, field: str, counts: Counter[str], *, whole: bool) -> Facet:
    chosen = getattr(query, field)
    shown: dict[str, int | None] = {**counts}
    if chosen and chosen not in counts:
        shown[chosen] = 0 if whole else None
    ordered = sorted(shown.items(), key=lambda pair: (pair[0] != chosen, -(pair[1] or 0), pair[0]))
    values = tuple(
        FacetValue(text, count, query.href(cursor="", **{field: "" if text == chosen else text}), text == chosen)
        for text, count in ordered[:SHOWN]
    )
    return Facet(name, values, max(0, len(ordered) - SHOWN), whole)
