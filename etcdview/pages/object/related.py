"""What belongs to an object and what it belongs to: read in few short ranges, all at one revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from etcdview.cluster.window import Window
from etcdview.kube.fields import number, text
from etcdview.objects import surroundings
from etcdview.pages.parts.links import ref_href
from etcdview.relations import Graph, Ref, Related, ref_of
from etcdview.relations.severity import Severity, severity_of
from etcdview.tables import age

EVENT_KINDS = frozenset({"Event"})


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
    kinds that lie outside of the viewer's role, or of what etcd's user may read, in part or as a whole.
    """

    relations: tuple[Relation, ...]
    events: tuple[EventRow, ...]
    owners: Branch | None
    cut: tuple[str, ...]
    outside: tuple[str, ...] = ()


def around(window: Window, obj: dict[str, Any], revision: int, now: datetime) -> Around:
    """What is related to `obj`, all read at `revision`."""
    found = surroundings(window.objects, window.definitions, obj, revision=revision, covers=partial(_covers, window))
    related = found.graph.related(obj, now)
    return Around(
        relations=tuple(_relation(window, found.graph, r, now) for r in related if r.ref.kind not in EVENT_KINDS),
        events=tuple(_events(window, found.graph, related, now)),
        owners=_owners(window, found.graph, obj, now),
        cut=tuple(part.kind for part in found.cut),
        outside=tuple(sorted({part.kind for part in found.outside})),
    )


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
        text(event, "lastTimestamp"),
        text(event, "eventTime"),
        text(event, "firstTimestamp"),
        text(event, "metadata", "creationTimestamp"),
    )
    return next((t for t in times if t), "")
