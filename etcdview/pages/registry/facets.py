"""What a list can be narrowed by, with counts: namespace, state, status and node, as facts know them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    labels = query.labels.selector if query.labels.text else None
    wanted = Wanted(resource=resource.prefix, labels=labels)
    inside = replace(wanted, namespace=query.namespace if resource.namespaced else "")
    try:
        everywhere = found = _Counted(facts.tally(wanted, COUNTED))
        if inside != wanted:
            found = _Counted(facts.tally(inside, COUNTED))
    except EtcdviewError:  # mostly because facts are being read again
        return NO_FACETS
    facets = tuple(_facets(query, resource, found, everywhere))
    return Facets(facets, 0 if all(facet.whole for facet in facets) else COUNTED)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Objects that were counted, COUNTED of them at the most."""

    alike: tuple[Alike, ...]

    @property
    def whole(self) -> bool:
        """Whether these are all."""
        return sum(alike.keys for alike in self.alike) < COUNTED

    def by(self, field: str, query: RegistryQuery) -> Counter[str]:
        """How many have each value of a field, of those that the other facets leave."""
        others = [other for _, other in _FACETS if other != field and getattr(query, other)]
        counts: Counter[str] = Counter()
        for alike in self.alike:
            if all(getattr(alike, other) == getattr(query, other) for other in others):
                counts[getattr(alike, field)] += alike.keys
        del counts[""]
        return counts


def _facets(query: RegistryQuery, resource: ResourceType, found: _Counted, everywhere: _Counted) -> Iterator[Facet]:
    """Those that narrow the list; `found` are in the chosen namespace, if there is one."""
    judged = (resource.group, resource.kind) in HEALTH_KINDS
    for name, field in _FACETS:
        if (field == "namespace" and not resource.namespaced) or (field in ("state", "status") and not judged):
            continue
        if field == "status" and resource.kind in _BY_NUMBERS:
            continue
        counts = found.by(field, query)
        whole = found.whole
        if field == "namespace":
            counts, whole = everywhere.by(field, query) | counts, everywhere.whole
        facet = _facet(query, name, field, counts, whole=whole)
        if len(facet.values) > 1 or any(value.chosen for value in facet.values):
            yield facet


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
