"""Small pictures of the last hour: a member's numbers as lines and bands in a box, with the words that say the same.

Time runs to the right over the whole width of the box; all pictures of one page begin and end at the same moments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from etcdview.health.facts import ClusterFacts
from etcdview.health.history import History, MemberSample, Quantity, polylines

WIDTH, HEIGHT = 120, 24
POINTS = 120


@dataclass(frozen=True, slots=True)
class ChartSpan:
    """A stretch of time as a place in the box."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Spark:
    """One quantity: `lines` are points of SVG polylines, `silent` where no value was reported. None: never."""

    lines: tuple[str, ...] = ()
    silent: tuple[ChartSpan, ...] = ()
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    first: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True)
class Reign:
    """When the member led: `spans` in the box, `part` of the time, and how often it became the leader."""

    spans: tuple[ChartSpan, ...]
    silent: tuple[ChartSpan, ...]
    part: float | None
    times: int


@dataclass(frozen=True, slots=True)
class MemberHour:
    """One member's last hour; `applied_per_second` is None with less than two readings."""

    name: str
    latency: Spark
    db_size: Spark
    applied: Spark
    applied_per_second: float | None
    reign: Reign


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour of all members, from `since` to `until`; `leader_changes` is of the cluster."""

    since: datetime
    until: datetime
    rounds: int
    leader_changes: int
    members: tuple[MemberHour, ...]
    width: int = WIDTH
    height: int = HEIGHT


def hour_of(history: History, facts: ClusterFacts) -> Hour | None:
    """The pictures; None before there are two rounds to draw between."""
    if len(history.samples) < 2:
        return None
    since, until = history.samples[0].at, history.samples[-1].at
    members = tuple(_member(history, m.id, m.name) for m in facts.members if m.id)
    return Hour(since, until, len(history.samples), history.leader_changes(), members)


def _member(history: History, member_id: int, name: str) -> MemberHour:
    applied = _spark(history, member_id, "raft_applied_index")
    return MemberHour(
        name=name,
        latency=_spark(history, member_id, "latency_seconds"),
        db_size=_spark(history, member_id, "db_size_bytes"),
        applied=applied,
        applied_per_second=_per_second(history, member_id),
        reign=_reign(history, member_id),
    )


def _spark(history: History, member_id: int, quantity: Quantity) -> Spark:
    values = [v for _, v in _values(history, member_id, quantity)]
    silent = _spans(history, lambda s: _value(s, quantity) is None, member_id)
    if not values:
        return Spark(silent=silent)
    return Spark(
        lines=polylines(history.series(member_id, quantity, POINTS), WIDTH, HEIGHT),
        silent=silent,
        low=min(values),
        middle=median(values),
        high=max(values),
        first=values[0],
        last=values[-1],
    )


def _reign(history: History, member_id: int) -> Reign:
    reported = [v for _, v in _values(history, member_id, "leader")]
    began = sum(a < b for a, b in zip([0.0, *reported], reported, strict=False))
    return Reign(
        spans=_spans(history, lambda s: _value(s, "leader") == 1.0, member_id),
        silent=_spans(history, lambda s: _value(s, "leader") is None, member_id),
        part=sum(reported) / len(reported) if reported else None,
        times=began,
    )


def _per_second(history: History, member_id: int) -> float | None:
    reported = _values(history, member_id, "raft_applied_index")
    if len(reported) < 2:
        return None
    (begun, first), (ended, last) = reported[0], reported[-1]
    return max(0.0, last - first) / ((ended - begun).total_seconds() or 1.0)


def _values(history: History, member_id: int, quantity: Quantity) -> list[tuple[datetime, float]]:
    found = ((s.at, _value(s.member(member_id), quantity)) for s in history.samples)
    return [(at, value) for at, value in found if value is not None]


def _value(sample: MemberSample | None, quantity: Quantity) -> float | None:
    value: float | None = getattr(sample, quantity) if sample is not None else None
    return value


def _spans(history: History, holds: Callable[[MemberSample | None], bool], member_id: int) -> tuple[ChartSpan, ...]:
    """The stretches in which `holds`: each reading stands for the time up to the next one."""
    samples = history.samples
    seconds = (samples[-1].at - samples[0].at).total_seconds() or 1.0
    places = [(s.at - samples[0].at).total_seconds() / seconds * WIDTH for s in samples]
    spans: list[ChartSpan] = []
    open_at: float | None = None

    for x, sample in zip(places, samples, strict=True):
        if holds(sample.member(member_id)):
            open_at = x if open_at is None else open_at
        elif open_at is not None:
            spans.append(_span(open_at, x))
            open_at = None
    if open_at is not None:
        spans.append(_span(open_at, WIDTH))
    return tuple(spans)


def _span(begin: float, end: float) -> ChartSpan:
    """At least one unit wide, so that a short span is visible."""
    width = max(end - begin, 1.0)
    return ChartSpan(round(min(begin, WIDTH - width), 1), round(width, 1))
