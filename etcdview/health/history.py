"""The last hour, in memory: a few numbers per member and round, and series of them for small pictures.

And what the verdicts were, which is kept for a day: one that came and went should leave a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low
from typing import Literal

from etcdview.health.facts import ClusterFacts, MemberFacts
from etcdview.health.findings import Finding, Status, Verdict

KEPT = timedelta(hours=1)
VERDICTS_KEPT = timedelta(days=1)
MOST_VERDICTS = 200
UNSEEN = timedelta(seconds=45)  # with no round for so long, the verdict is unknown
LEAST = timedelta(minutes=30)  # over less than this, a rate of growth may be one burst
Quantity = Literal["latency_seconds", "db_size_bytes", "raft_applied_index", "leader"]


@dataclass(frozen=True, slots=True)
class MemberSample:
    """A member in one round; None where it did not say. `leader` is 1.0 while it leads, else 0.0.

    `leader_changes` is the member's own count since it started.
    """

    id: int
    latency_seconds: float | None = None
    db_size_bytes: float | None = None
    raft_applied_index: float | None = None
    leader: float | None = None
    leader_id: int = 0
    in_use_bytes: float | None = None
    leader_changes: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """All members in one round."""

    at: datetime
    members: tuple[MemberSample, ...]

    def member(self, member_id: int) -> MemberSample | None:
        return next((m for m in self.members if m.id == member_id), None)


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """A verdict that stood from `since` to `until`, and the warnings and critical findings that made it."""

    since: datetime
    until: datetime
    status: Status
    findings: tuple[Finding, ...] = ()

    @property
    def reasons(self) -> frozenset[tuple[str, str, str]]:
        """What tells it from another: the findings without their numbers."""
        return frozenset((f.id, f.severity, f.member) for f in self.findings)


@dataclass(frozen=True, slots=True)
class Point:
    """A moment and a value; None where there is none, which breaks the line."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """Points in order of time, with the lowest and highest value among them (0 where there is none)."""

    points: tuple[Point, ...]
    low: float
    high: float

    @property
    def last(self) -> float | None:
        """The newest value, if the newest point has one."""
        return self.points[-1].value if self.points else None


@dataclass(frozen=True, slots=True)
class History:
    """Samples of the last hour, and verdicts of the last day, the oldest first."""

    samples: tuple[Sample, ...] = ()
    verdicts: tuple[PastVerdict, ...] = ()

    def add(self, facts: ClusterFacts) -> History:
        """The history with one more round, without what is older than an hour."""
        sample = Sample(facts.at, tuple(_sample(m) for m in facts.members if m.id))
        kept = tuple(s for s in self.samples if s.at > facts.at - KEPT)
        return History((*kept, sample), self.verdicts)

    def judged(self, verdict: Verdict) -> History:
        """The history with the verdict of the newest round; one that is like the last prolongs it."""
        made_it = tuple(f for f in verdict.findings if f.severity != "info")
        new = PastVerdict(verdict.at, verdict.at, verdict.status, made_it)
        kept = [v for v in self.verdicts if v.until > verdict.at - VERDICTS_KEPT]
        if kept and verdict.at - kept[-1].until <= UNSEEN:
            last = replace(kept.pop(), until=verdict.at)
            same = (last.status, last.reasons) == (new.status, new.reasons)
            kept += [last] if same else [last, new]
        else:
            kept.append(new)
        return History(self.samples, tuple(kept[-MOST_VERDICTS:]))

    def series(self, member_id: int, quantity: Quantity, points: int = 120) -> Series:
        """One quantity of one member, thinned to at most `points`: the highest of each stretch of them."""
        found = [Point(s.at, getattr(m, quantity) if (m := s.member(member_id)) else None) for s in self.samples]
        size = -(-len(found) // points) if found else 1
        thin = tuple(_highest(found[i : i + size]) for i in range(0, len(found), size))
        values = [p.value for p in thin if p.value is not None]
        return Series(thin, min(values, default=0.0), max(values, default=0.0))

    def growth_bytes_per_second(self, member_id: int) -> float | None:
        """How fast what is in use of the member's database grew; None with less than half an hour to go by.

        The file size is not a measure: it grows in steps, and etcd fills the room in it before it grows again.
        """
        sizes = ((s.at, m.in_use_bytes) for s in self.samples if (m := s.member(member_id)))
        reported = [(at, size) for at, size in sizes if size is not None]
        if not reported or reported[-1][0] - reported[0][0] < LEAST:
            return None
        return (reported[-1][1] - reported[0][1]) / (reported[-1][0] - reported[0][0]).total_seconds()

    @property
    def seconds(self) -> float:
        """How much of the hour has been seen."""
        return (self.samples[-1].at - self.samples[0].at).total_seconds() if self.samples else 0.0

    def leader_changes(self) -> int:
        """How often the leader changed: as rounds saw it, or more often where most members count more.

        A member counts also when it starts, and when it loses its leader and finds the same one again; so a change
        that only some of them count is ignored.
        """
        leaders = [next((m.leader_id for m in s.members if m.leader), 0) for s in self.samples]
        reported = [leader for leader in leaders if leader]
        seen = sum(a != b for a, b in pairwise(reported))
        counted = [self._counted(m.id) for m in self.samples[-1].members] if self.samples else []
        return max(seen, int(median_low(counted)) if counted else 0)

    def _counted(self, member_id: int) -> float:
        """By how much the member's own count grew; a start sets it back, and is left out."""
        counts = [m.leader_changes for s in self.samples if (m := s.member(member_id))]
        reported = [count for count in counts if count is not None]
        return sum(max(0.0, b - a) for a, b in pairwise(reported))


def polylines(series: Series, width: float, height: float) -> tuple[str, ...]:
    """The series as values for the `points` of SVG polylines in a box: one for each unbroken stretch.

    Time runs to the right over the whole width, values upward from the lowest to the highest.
    """
    if not series.points:
        return ()
    first, last = series.points[0].at, series.points[-1].at
    seconds = (last - first).total_seconds() or 1.0
    span = (series.high - series.low) or 1.0

    def object_key(point: Point, value: float) -> str:
        x = (point.at - first).total_seconds() / seconds * width
        return f"{x:.1f},{height - (value - series.low) / span * height:.1f}"

    stretches = _stretches(series.points)
    return tuple(" ".join(object_key(p, p.value) for p in stretch if p.value is not None) for stretch in stretches)


def _sample(member: MemberFacts) -> MemberSample:
    status = member.status
    if status is None:
        return MemberSample(member.id)
    return MemberSample(
        id=member.id,
        latency_seconds=member.latency_seconds,
        db_size_bytes=float(status.db_size_bytes),
        raft_applied_index=None if status.raft_applied_index is None else float(status.raft_applied_index),
        leader=1.0 if member.is_leader else 0.0,
        leader_id=status.leader_id,
        in_use_bytes=None if status.db_size_in_use_bytes is None else float(status.db_size_in_use_bytes),
        leader_changes=member.metrics.leader_changes if member.metrics else None,
    )


def _highest(points: Sequence[Point]) -> Point:
    return max(points, key=lambda p: (p.value is not None, p.value or 0.0))


def _stretches(points: Sequence[Point]) -> list[list[Point]]:
    stretches: list[list[Point]] = [[]]
    for point in points:
        if point.value is not None:
            stretches[-1].append(point)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]
