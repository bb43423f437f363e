"""What a list can be narrowed by, with counts: namespace, state, status and node, as facts know them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError
from etcdview.index.facts.reading import Alike, Wanted
from etcdview.kube.resources import ResourceType
from etcdview.pages.registry.query import RegistryQuery
from etcdview.relations.states import HEALTH_KINDS

COUNTED = 20_000  # objects that a page counts: some tens of milliseconds
SHOWN = 12  # values of one facet
# The name of the facet, the parameter that it sets, and the field of what is counted.
_FACETS = (("Namespace", "namespace"), ("State", "state"), ("Status", "status"), ("Node", "node"))
_BY_NUMBERS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "DaemonSet"})


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value, how many objects have it, and the list of these; of the chosen one the list without it."""

    text: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet, its most frequent values first. `more` values are not shown."""

    name: str
    values: tuple[FacetValue, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """All facets of a list. `counted` is 0 where every object was counted, else how many were."""

    facets: tuple[Facet, ...] = ()
    counted: int = 0


NO_FACETS = Facets()


def facets_of(window: Window, query: RegistryQuery, resource: ResourceType) -> Facets:
    """The facets by the facts of all values; none before these are known, and for words, which facts cannot count.

    Each counts what the other facets leave.
    """
    facts = window.value_facts
    if facts is None or query.text:
        return NO_FACETS
    labels = query.labels.selector if query.labels.text else None
    try:
        found = facts.tally(Wanted(resource=resource.prefix, labels=labels), COUNTED)
    except EtcdviewError:  # facts are being read again at this moment
        return NO_FACETS
    total = sum(alike.keys for alike in found)
    return Facets(tuple(_facets(query, resource, found)), COUNTED if total >= COUNTED else 0)


def _facets(query: RegistryQuery, resource: ResourceType, found: Iterable[Alike]) -> Iterator[Facet]:
    judged = (resource.group, resource.kind) in HEALTH_KINDS
    for name, field in _FACETS:
        if (field == "namespace" and not resource.namespaced) or (field in ("state", "status") and not judged):
            continue
        if field == "status" and resource.kind in _BY_NUMBERS:
            continue
        facet = _facet(query, name, field, found)
        if len(facet.values) > 1 or any(value.chosen for value in facet.values):
            yield facet


def _facet(query: RegistryQuery, name: str, field: str, found: Iterable[Alike]) -> Facet:
    others = [other for _, other in _FACETS if other != field and getattr(query, other)]
    counts: Counter[str] = Counter()
    for alike in found:
        if all(getattr(alike, other) == getattr(query, other) for other in others):
            counts[getattr(alike, field)] += alike.keys
    del counts[""]
    chosen = getattr(query, field)
    if chosen and chosen not in counts:
        counts[chosen] = 0
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] != chosen, -pair[1], pair[0]))
    values = tuple(
        FacetValue(text, count, query.href(cursor="", **{field: "" if text == chosen else text}), text == chosen)
        for text, count in ordered[:SHOWN]
    )
    return Facet(name, values, max(0, len(ordered) - SHOWN))
