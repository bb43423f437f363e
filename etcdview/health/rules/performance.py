"""Rules about what members count of themselves: disk, elections, proposals, peers.

What a member counts, it counts since it started; the rules look at the last two minutes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from etcdview.health.facts import MemberFacts, Problem
from etcdview.health.findings import Finding
from etcdview.health.metrics import Histogram, MetricFacts
from etcdview.health.rules.base import STATUS, RuleContext, curl, millis, plural, read_at, rule
from etcdview.kube.words import listed

_FSYNC_SECONDS = 0.010  # the limits etcd's own documentation gives, for the 99th percentile
_COMMIT_SECONDS = 0.025
_ENOUGH = 100  # observations that a percentile needs to mean anything
_HEARTBEAT_SECONDS = 0.1  # etcd's default heartbeat interval
_FEW_TRIPS = 2  # etcd notes the round trip to each peer, smoothed, every thirty seconds only


@dataclass(frozen=True, slots=True)
class SamplePair:
    """Two samples of one member's metrics, some time apart."""

    member: MemberFacts
    before: MetricFacts
    after: MetricFacts
    seconds: float

    def grown(self, of: Callable[[MetricFacts], float | None]) -> float:
        """By how much a counter grew; 0 where it is not told, or was set back by a restart."""
        first, last = of(self.before), of(self.after)
        return max(0.0, last - first) if first is not None and last is not None else 0.0

    def p99(self, of: Callable[[MetricFacts], Histogram]) -> float | None:
        """The 99th percentile in the window, in seconds; None with too few observations to say."""
        lately = of(self.after).since(of(self.before))
        return lately.quantile(0.99) if lately.count >= _ENOUGH else None

    @property
    def when(self) -> str:
        """The window, as evidence ends with it."""
        return f"in {self.seconds:.0f} s up to {read_at(self.member.endpoint.wire.metrics.at)[6:-1]}"


def windows(context: RuleContext) -> Iterator[SamplePair]:
    """The members whose metrics were read twice."""
    for member in context.facts.members:
        first, last = member.endpoint.metrics_before, member.endpoint.wire.metrics
        if first.value and last.value and first.at and last.at and last.at > first.at:
            yield SamplePair(member, first.value, last.value, (last.at - first.at).total_seconds())


@rule("metrics-unread")
def metrics_unread(context: RuleContext) -> Iterator[Finding]:
    """A member that answers did not tell its /health or /metrics: what they would show is unknown.

    Only a note the first time, and where the port serves no HTTP by configuration.
    """
    for elsewhere in (False, True):
        found = {
            m.id: (m, t) for m in context.facts.members if (t := _untold(m)) and _serves_no_http(t, m) == elsewhere
        }
        if not found:
            continue
        members = [m for m, _ in found.values()]
        before = {m.id for m in context.before.members if _untold(m)} if context.before else set(found)
        names = listed(m.name for m in members)
        yield Finding(
            id="metrics-unread",
            severity="info" if elsewhere or not before & set(found) else "warning",
            summary=f"{names} {'serve' if len(members) > 1 else 'serves'} no /health and /metrics at the client port."
            if elsewhere
            else f"The metrics of {names} could not be read.",
            evidence=f"{' '.join(dict.fromkeys(t.what for _, t in found.values()))} "
            f"{read_at(members[0].endpoint.wire.handshake.at)}",
            why=f"Not judged there: {_unjudged(members)}.",
            action="With --listen-client-http-urls this is expected: monitor /metrics there."
            if elsewhere
            else "Check the load of the member and its machine, then the network in between.",
            commands=(curl(members[0].endpoint.url, "metrics"),),
            member=names if len(members) == 1 else "",
        )


@rule("fsync-slow")
def fsync_slow(context: RuleContext) -> Iterator[Finding]:
    """The 99th percentile of a member's WAL fsync was over 10 ms in the last two minutes."""
    for window in windows(context):
        p99 = window.p99(lambda m: m.fsync)
        if p99 is None or p99 <= _FSYNC_SECONDS:
            continue
        yield Finding(
            id="fsync-slow",
            severity="warning",
            summary=f"The disk of {window.member.name} is slow to write its log.",
            evidence=f"WAL fsync p99 {millis(p99)}, limit {millis(_FSYNC_SECONDS)}, {window.when}.",
            why="Every write waits for it on a majority of members; when it is slow enough, leaders are lost.",
            action="Give etcd a disk of its own, an SSD, and check what else writes to this one.",
            commands=("iostat -x 1", "fio --rw=write --ioengine=sync --fdatasync=1 --size=22m --bs=2300 --name=etcd"),
            member=window.member.name,
        )


@rule("commit-slow")
def commit_slow(context: RuleContext) -> Iterator[Finding]:
    """The 99th percentile of a member's backend commit was over 25 ms in the last two minutes."""
    for window in windows(context):
        p99 = window.p99(lambda m: m.commit)
        if p99 is None or p99 <= _COMMIT_SECONDS:
            continue
        yield Finding(
            id="commit-slow",
            severity="warning",
            summary=f"The disk of {window.member.name} is slow to write its database.",
            evidence=f"Backend commit p99 {millis(p99)}, limit {millis(_COMMIT_SECONDS)}, {window.when}.",
            why="While it commits, it applies no further writes; reads wait as well.",
            action="Give etcd a faster disk, or find out what writes so much.",
            commands=("iostat -x 1", STATUS),
            member=window.member.name,
        )


@rule("leader-changes")
def leader_changes(context: RuleContext) -> Iterator[Finding]:
    """The leader changed within the last hour, as rounds saw it and as most members count; a warning from three."""
    changes = context.history.leader_changes()
    if not changes:
        return
    minutes = context.history.seconds / 60
    when = "within the last hour" if minutes >= 55 else f"in the last {plural(max(1, minutes), 'minute')}"
    yield Finding(
        id="leader-changes",
        severity="warning" if changes >= 3 else "info",
        summary=f"The leader changed {plural(changes, 'time')} {when}.",
        evidence=f"{changes} seen in the hour up to {read_at(context.facts.at)[6:-1]}.",
        why="Each election stops all writes for about a second; many of them point to a slow disk or network.",
        action="Look at fsync, at the round trip between the members, and at their logs around an election.",
        commands=(STATUS,),
    )


@rule("proposals-pending")
def proposals_pending(context: RuleContext) -> Iterator[Finding]:
    """More than 100 proposals wait at a member, in both samples."""
    for window in windows(context):
        first, last = window.before.proposals_pending or 0, window.after.proposals_pending or 0
        if min(first, last) <= 100:
            continue
        yield Finding(
            id="proposals-pending",
            severity="warning",
            summary=f"Writes queue up at {window.member.name}.",
            evidence=f"{last:.0f} proposals pending, and {first:.0f} at the beginning, {window.when}.",
            why="Clients see it as slow writes, then as timeouts.",
            action="Look at fsync and at the network between the members; find out who writes so much.",
            commands=(STATUS,),
            member=window.member.name,
        )


@rule("proposals-failed")
def proposals_failed(context: RuleContext) -> Iterator[Finding]:
    """Proposals failed at a member in the last two minutes."""
    for window in windows(context):
        failed = window.grown(lambda m: m.proposals_failed)
        if failed < 1:
            continue
        yield Finding(
            id="proposals-failed",
            severity="info",
            summary=f"Writes failed at {window.member.name}.",
            evidence=f"{plural(failed, 'proposal')} failed {window.when}.",
            why="They were not committed: there was no leader or no quorum.",
            action="Look for elections, and for members that are down.",
            commands=(STATUS,),
            member=window.member.name,
        )


@rule("applies-slow")
def applies_slow(context: RuleContext) -> Iterator[Finding]:
    """More than one in a hundred writes, and ten at least, took a member longer than 100 ms to apply."""
    for window in windows(context):
        slow, all_of_them = window.grown(lambda m: m.slow_applies), window.grown(lambda m: m.proposals_committed)
        if slow < 10 or slow <= all_of_them / 100:
            continue
        yield Finding(
            id="applies-slow",
            severity="warning",
            summary=f"{window.member.name} is slow to apply writes.",
            evidence=f"{plural(slow, 'request')}, reads included, took longer than 100 ms {window.when}. "
            f"{plural(all_of_them, 'write')} were committed in that time.",
            why="Watches and reads on this member are late by as much.",
            action="Look for expensive range requests, and at the CPU and the disk of its machine.",
            commands=(STATUS,),
            member=window.member.name,
        )


@rule("heartbeats-late")
def heartbeats_late(context: RuleContext) -> Iterator[Finding]:
    """The leader failed to send heartbeats in time, ten times or more in the last two minutes."""
    for window in windows(context):
        late = window.grown(lambda m: m.heartbeat_send_failures)
        if late < 10:
            continue
        yield Finding(
            id="heartbeats-late",
            severity="warning",
            summary=f"{window.member.name} sends its heartbeats late.",
            evidence=f"{plural(late, 'heartbeat')} late {window.when}.",
            why="Followers without heartbeats elect another leader. Usual causes: a slow disk, too little CPU.",
            action="Look at fsync, at the CPU, and at what else runs on the machine.",
            commands=(STATUS,),
            member=window.member.name,
        )


@rule("peers-slow")
def peers_slow(context: RuleContext) -> Iterator[Finding]:
    """Half of the round trips between two members took longer than the heartbeat interval of 100 ms."""
    names = {m.id_hex: m.name for m in context.facts.members}
    for window in windows(context):
        for peer, lately in window.after.peer_round_trip.items():
            recent = lately.since(window.before.peer_round_trip.get(peer, Histogram()))
            median = recent.quantile(0.5) if recent.count >= _FEW_TRIPS else None
            if median is None or median <= _HEARTBEAT_SECONDS:
                continue
            yield Finding(
                id="peers-slow",
                severity="warning",
                summary=f"The round trip from {window.member.name} to {names.get(peer, peer)} and back is slow.",
                evidence=f"Round trip {millis(median)}, the median of {plural(recent.count, 'probe')} {window.when}.",
                why="It exceeds the heartbeat interval: elections follow, and every write takes at least that long.",
                action="Keep members near each other, or raise --heartbeat-interval and --election-timeout on all.",
                commands=(STATUS,),
                member=window.member.name,
            )


def _untold(member: MemberFacts) -> Problem | None:
    """Why /health or /metrics of a member that answers is not known; None where it is, or has no such thing."""
    wire = member.endpoint.wire
    if not member.alive or any(e.wire.health.ok and e.wire.metrics.ok for e in member.endpoints):
        return None
    if wire.handshake.at is None:
        return Problem("DeadlineError", f"No time was left to probe {member.endpoint.url}.")
    return next((p.problem for p in (wire.handshake, wire.health, wire.metrics) if p.failed), None)


def _serves_no_http(problem: Problem, member: MemberFacts) -> bool:
    """Whether the port takes the connection, answers gRPC, and closes on HTTP, as with --listen-client-http-urls."""
    return problem.kind == "UnreachableError" and member.endpoint.wire.handshake.ok


def _unjudged(members: Sequence[MemberFacts]) -> str:
    """What rules see in nothing but /health and /metrics."""
    lost = ["the disks", "proposals", "applying", "heartbeats", "round trips", "open files", "restarts", "clocks"]
    return listed([*lost, *(["the quota"] if any(m.quota_bytes is None for m in members) else [])])
