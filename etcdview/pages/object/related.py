"""What belongs to an object and what it belongs to: read in few short ranges, all at one revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.errors import UnreachableError
from etcdview.index.facts.reading import Wanted
from etcdview.kube.fields import number, text
from etcdview.kube.words import listed
from etcdview.objects import surroundings
from etcdview.objects.surroundings import Surroundings
from etcdview.pages.parts.links import ref_href
from etcdview.relations import Graph, Ref, Related, ref_of, users_of
from etcdview.relations.model import kind_of
from etcdview.relations.severity import Severity, severity_of
from etcdview.tables import age

EVENT_KINDS = frozenset({"Event"})
MOST_OWNED = 500  # objects that are shown below their owner
MOST_ABOVE = 10  # owners of owners; Kubernetes has three


@dataclass(frozen=True, slots=True)
class Relation:
    """One related object: the relation in words, the object, where it leads, and how it is."""

    words: str
    ref: Ref
    href: str
    state: str
    severity: Severity
    missing: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event about the object."""

    href: str
    kind: str
    severity: Severity
    reason: str
    message: str
    count: int
    age: str
    source: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One object in the tree of owners; `current` is the object of the page."""

    ref: Ref
    href: str
    state: str
    severity: Severity
    current: bool
    children: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """All that is related.

    `cut` names kinds of which more exist than were read: of these something may be missing. So it is with `outside`,
    kinds that lie outside of the viewer's role, or of what etcd's user may read, in part or as a whole. `more_owned`:
    how many more objects it owns than are shown. `unused` says that nothing was found that uses it, and what was not
    checked; "" where something does, or where use is not what matters.
    """

    relations: tuple[Relation, ...]
    events: tuple[EventRow, ...]
    owners: Branch | None
    cut: tuple[str, ...]
    outside: tuple[str, ...] = ()
    more_owned: int = 0
    unused: str = ""


def around(window: Window, obj: dict[str, Any], revision: int, now: datetime) -> Around:
    """What is related to `obj`, all read at `revision`."""
    family, more = _family(window, obj)
    found = surroundings(
        window.objects, window.definitions, obj, revision=revision, also=family, covers=partial(_covers, window)
    )
    related = found.graph.related(obj, now)
    return Around(
        relations=tuple(_relation(window, found.graph, r, now) for r in related if r.ref.kind not in EVENT_KINDS),
        events=tuple(_events(window, found.graph, related, now)),
        owners=_owners(window, found.graph, obj, now),
        cut=tuple(part.kind for part in found.cut),
        outside=tuple(sorted({part.kind for part in found.outside})),
        more_owned=more,
        unused=_unused(obj, found, related),
    )


def _unused(obj: dict[str, Any], found: Surroundings, related: Iterable[Related]) -> str:
    """What to say where no object uses this one."""
    users, kind = users_of(kind_of(obj)), text(obj, "kind")
    if not users or any(r.direction == "in" and (r.ref.group, r.ref.kind) in users for r in related):
        return ""
    reasons = {
        "there are too many objects of kind {}": found.cut,
        "your role, or that of etcd's user, does not cover all objects of kind {}": found.outside,
        "some values of kind {} cannot be decoded": found.undecoded,
    }
    gaps = [
        words.format(listed(kinds))
        for words, parts in reasons.items()
        if (kinds := dict.fromkeys(part.kind for part in parts if (part.group, part.kind) in users))
    ]
    if gaps:
        return f"Nothing was found that uses this {kind}, but not all objects were checked: {'; '.join(gaps)}."
    named = listed((name for _, name in users), "or")
    others = "Volume drivers and custom resources" if kind == "Secret" else "Custom resources"
    return f"Nothing was found that uses this {kind}: no {named} refers to it. {others} are not checked."


def _family(window: Window, obj: dict[str, Any]) -> tuple[tuple[bytes, ...], int]:
    """Keys of what the object owns and of the chain of its owners, by the facts; and how many more it owns."""
    facts, uid = window.value_facts, text(obj, "metadata", "uid")
    if facts is None or not uid:
        return (), 0
    try:
        owned = facts.count(Wanted(owner=uid))
        keys = facts.keys(Wanted(owner=uid), limit=MOST_OWNED) if owned else ()
        return (*keys, *_above(facts, uid)), owned - len(keys)
    except UnreachableError:  # mostly because they are being read again
        return (), 0


def _above(facts: FactSource, uid: str) -> Iterator[bytes]:
    """The chain of owners, the nearest first."""
    seen = {uid}
    current = facts.facts(Wanted(uid=uid), limit=1)
    while current and (above := current[0].owner) and above not in seen and len(seen) < MOST_ABOVE:
        seen.add(above)
        current = facts.facts(Wanted(uid=above), limit=1)
        yield from (fact.key for fact in current)


def _covers(window: Window, start: bytes, end: bytes) -> bool:
    """Whether the viewer's scope and etcd's user may read all of a range."""
    return window.covers(start, end) and window.cluster.may_read(start, end)


def _relation(window: Window, graph: Graph, related: Related, now: datetime) -> Relation:
    href = "" if related.missing else ref_href(window, related.ref)
    obj = graph.get(related.ref)
    severity: Severity = "error" if related.state.healthy is False else "unknown"
    if obj is not None and not related.missing:
        severity = severity_of(obj, now)
    return Relation(related.words, related.ref, href, related.state.text, severity, related.missing)


def _events(window: Window, graph: Graph, related: Iterable[Related], now: datetime) -> Iterator[EventRow]:
    refs = [r.ref for r in related if r.ref.kind in EVENT_KINDS]
    events = [(ref, event) for ref in refs if (event := graph.get(ref)) is not None]
    for ref, event in sorted(events, key=lambda pair: _last_seen(pair[1]), reverse=True):
        yield EventRow(
            href=ref_href(window, ref),
            kind=text(event, "type"),
            severity=severity_of(event, now),
            reason=text(event, "reason"),
            message=text(event, "message") or text(event, "note"),
            count=number(event, "count") or number(event, "deprecatedCount") or 1,
            age=age(_last_seen(event), now),
            source=text(event, "source", "component") or text(event, "reportingComponent"),
        )


def _owners(window: Window, graph: Graph, obj: dict[str, Any], now: datetime) -> Branch | None:
    """The chain of owners above the object, and what it owns below it; None where there is neither."""
    below = tuple(_branch(window, graph, ref, now) for ref in graph.owned(obj))
    chain = graph.owners(obj)
    if not below and not chain:
        return None
    tree = _branch(window, graph, ref_of(obj), now, current=True, children=below)
    for ref in chain:
        tree = _branch(window, graph, ref, now, children=(tree,))
    return tree


def _branch(
    window: Window, graph: Graph, ref: Ref, now: datetime, *, current: bool = False, children: tuple[Branch, ...] = ()
) -> Branch:
    obj = graph.get(ref)
    state = graph.state(ref, now)
    severity: Severity = severity_of(obj, now) if obj is not None else "unknown"
    return Branch(ref, "" if current else ref_href(window, ref), state.text, severity, current, children)


def _last_seen(event: Any) -> str:
    times = (
        text(event, "series", "lastObservedTime"),
        text(event, "lastTimestamp") or text(event, "deprecatedLastTimestamp"),
        text(event, "eventTime"),
        text(event, "firstTimestamp") or text(event, "deprecatedFirstTimestamp"),
        text(event, "metadata", "creationTimestamp"),
    )
    return next((t for t in times if t), "")
