"""Rules about how well members keep up: disk, raft, elections, proposals.

What a member counts, it counts since it started; the rules look at the last two minutes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etcdview.health.facts import MemberFacts
from etcdview.health.findings import Finding
from etcdview.health.metrics import Histogram, MetricFacts
from etcdview.health.rules.base import STATUS, Sight, listed, millis, plural, read_at, rule

_FSYNC_SECONDS = 0.010  # the limits etcd's own documentation gives, for the 99th percentile
_COMMIT_SECONDS = 0.025
_ENOUGH = 100  # observations that a percentile needs to mean anything
_HEARTBEAT_SECONDS = 0.1  # etcd's default heartbeat interval
_FEW_TRIPS = 2  # etcd notes the round trip to each peer, smoothed, every thirty seconds only
_LAG_ENTRIES = 1000
_GIVE_UP_ENTRIES = 5000  # etcd refuses requests when applying lags so far behind (maxGapBetweenApplyAndCommitIndex)


@dataclass(frozen=True, slots=True)
class Window:
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


def windows(sight: Sight) -> Iterator[Window]:
    """The members whose metrics were read twice."""
    for member in sight.facts.members:
        first, last = member.endpoint.metrics_before, member.endpoint.wire.metrics
        if first.value and last.value and first.at and last.at and last.at > first.at:
            yield Window(member, first.value, last.value, (last.at - first.at).total_seconds())


@rule("fsync-slow")
def fsync_slow(sight: Sight) -> Iterator[Finding]:
    """The 99th percentile of a member's WAL fsync was over 10 ms in the last two minutes."""
    for window in windows(sight):
        p99 = window.p99(lambda m: m.fsync)
        if p99 is None or p99 <= _FSYNC_SECONDS:
            continue
        yield Finding(
            id="fsync-slow",
            severity="warning",
            summary=f"The disk of {window.member.name} is slow to write its log.",
            evidence=f"WAL fsync p99 {millis(p99)}, limit {millis(_FSYNC_SECONDS)}, {window.when}.",
            why="Every write waits for it on a majority of members; when it is slow enough, leaders are lost.",
            action="Give etcd a disk of its own, an SSD, and look for what else writes to this one.",
            commands=("iostat -x 1", "fio --rw=write --ioengine=sync --fdatasync=1 --size=22m --bs=2300 --name=etcd"),
            member=window.member.name,
        )


@rule("commit-slow")
def commit_slow(sight: Sight) -> Iterator[Finding]:
    """The 99th percentile of a member's backend commit was over 25 ms in the last two minutes."""
    for window in windows(sight):
        p99 = window.p99(lambda m: m.commit)
        if p99 is None or p99 <= _COMMIT_SECONDS:
            continue
        yield Finding(
            id="commit-slow",
            severity="warning",
            summary=f"The disk of {window.member.name} is slow to write its database.",
            evidence=f"Backend commit p99 {millis(p99)}, limit {millis(_COMMIT_SECONDS)}, {window.when}.",
            why="While it commits, it applies no further writes; reads wait as well.",
            action="Give etcd a faster disk, or find out who writes so much.",
            commands=("iostat -x 1", STATUS),
            member=window.member.name,
        )


@rule("leader-changes")
def leader_changes(sight: Sight) -> Iterator[Finding]:
    """The leader changed; a warning from three changes within the last hour."""
    seen = max((int(w.grown(lambda m: m.leader_changes)) for w in windows(sight)), default=0)
    changes = max(seen, sight.history.leader_changes())
    if not changes:
        return
    yield Finding(
        id="leader-changes",
        severity="warning" if changes >= 3 else "info",
        summary=f"The leader changed {plural(changes, 'time')} within the last hour.",
        evidence=f"{changes} in what was seen of the hour up to {read_at(sight.facts.at)[6:-1]}.",
        why="Each election stops all writes for about a second; many of them point to a slow disk or network.",
        action="Look at fsync, at the round trip between the members, and at their logs around an election.",
        commands=(STATUS,),
    )


@rule("proposals-pending")
def proposals_pending(sight: Sight) -> Iterator[Finding]:
    """More than 100 proposals wait at a member, in both samples."""
    for window in windows(sight):
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
def proposals_failed(sight: Sight) -> Iterator[Finding]:
    """Proposals failed at a member in the last two minutes."""
    for window in windows(sight):
        failed = window.grown(lambda m: m.proposals_failed)
        if failed < 1:
            continue
        yield Finding(
            id="proposals-failed",
            severity="info",
            summary=f"Writes failed at {window.member.name}.",
            evidence=f"{plural(failed, 'proposal')} failed {window.when}.",
            why="They were not agreed on: for want of a leader, or of a quorum.",
            action="Look for elections, and for members that are down.",
            commands=(STATUS,),
            member=window.member.name,
        )


@rule("applies-slow")
def applies_slow(sight: Sight) -> Iterator[Finding]:
    """More than one in a hundred writes, and ten at least, took a member longer than 100 ms to apply."""
    for window in windows(sight):
        slow, all_of_them = window.grown(lambda m: m.slow_applies), window.grown(lambda m: m.proposals_committed)
        if slow < 10 or slow <= all_of_them / 100:
            continue
        yield Finding(
            id="applies-slow",
            severity="warning",
            summary=f"{window.member.name} is slow to apply writes.",
            evidence=f"{slow:.0f} of {plural(all_of_them, 'write')} took longer than 100 ms {window.when}.",
            why="Watches and reads on this member are late by as much.",
            action="Look for expensive range requests, and at the CPU and the disk of its machine.",
            commands=(STATUS,),
            member=window.member.name,
        )


@rule("heartbeats-late")
def heartbeats_late(sight: Sight) -> Iterator[Finding]:
    """The leader failed to send heartbeats in time, ten times or more in the last two minutes."""
    for window in windows(sight):
        late = window.grown(lambda m: m.heartbeat_send_failures)
        if late < 10:
            continue
        yield Finding(
            id="heartbeats-late",
            severity="warning",
            summary=f"{window.member.name} sends its heartbeats late.",
            evidence=f"{plural(late, 'heartbeat')} late {window.when}.",
            why="Followers that hear nothing elect another leader; it is a sign of a slow disk or too little CPU.",
            action="Look at fsync, at the CPU, and at what else runs on the machine.",
            commands=(STATUS,),
            member=window.member.name,
        )


@rule("peers-slow")
def peers_slow(sight: Sight) -> Iterator[Finding]:
    """Half of the round trips between two members took longer than the heartbeat interval of 100 ms."""
    names = {m.id_hex: m.name for m in sight.facts.members}
    for window in windows(sight):
        for peer, lately in window.after.peer_round_trip.items():
            recent = lately.since(window.before.peer_round_trip.get(peer, Histogram()))
            median = recent.quantile(0.5) if recent.count >= _FEW_TRIPS else None
            if median is None or median <= _HEARTBEAT_SECONDS:
                continue
            yield Finding(
                id="peers-slow",
                severity="warning",
                summary=f"The way from {window.member.name} to {names.get(peer, peer)} and back is slow.",
                evidence=f"Round trip {millis(median)}, the median of {plural(recent.count, 'probe')} {window.when}.",
                why="It is longer than the heartbeat interval: elections follow, and every write is that slow.",
                action="Keep members near each other, or raise --heartbeat-interval and --election-timeout on all.",
                commands=(STATUS,),
                member=window.member.name,
            )


@rule("raft-lag")
def raft_lag(sight: Sight) -> Iterator[Finding]:
    """A member is more than 1,000 entries behind the leader's log, in this round and in the one before."""
    behind_before = _behind(sight.before.members) if sight.before else {}
    for member_id, (member, lag) in _behind(sight.facts.members).items():
        if member_id not in behind_before:
            continue
        yield Finding(
            id="raft-lag",
            severity="warning",
            summary=f"Member {member.name} is {lag} entries behind the leader.",
            evidence=f"{lag} entries, and {behind_before[member_id][1]} a round before "
            f"{read_at(member.endpoint.status.at)}.",
            why="It serves old data to watches and serializable reads; far enough behind, it needs a full snapshot.",
            action="Look at its disk, its CPU and its network.",
            commands=(STATUS,),
            member=member.name,
        )


@rule("apply-lag")
def apply_lag(sight: Sight) -> Iterator[Finding]:
    """A member has 1,000 entries or more that it has not applied; at 5,000 etcd refuses requests."""
    for member in sight.facts.members:
        status = member.status
        if status is None or status.raft_applied_index is None:
            continue
        gap = status.raft_index - status.raft_applied_index
        if gap < _LAG_ENTRIES:
            continue
        yield Finding(
            id="apply-lag",
            severity="critical" if gap >= _GIVE_UP_ENTRIES else "warning",
            summary=f"Member {member.name} has {gap} entries still to apply.",
            evidence=f"raft index {status.raft_index}, applied {status.raft_applied_index} "
            f"{read_at(member.endpoint.status.at)}.",
            why=f"From {_GIVE_UP_ENTRIES} on it answers writes with `too many requests`.",
            action="Look at its disk and its CPU, and for expensive requests.",
            commands=(STATUS,),
            member=member.name,
        )


@rule("read-slow")
def read_slow(sight: Sight) -> Iterator[Finding]:
    """A linearizable read through a member took longer than 500 ms, in this round and in the one before."""
    before = {m.id for m in sight.before.members if (m.latency_seconds or 0) > 0.5} if sight.before else set()
    for member in sight.facts.members:
        latency = member.latency_seconds
        if latency is None or latency <= 0.5 or member.id not in before:
            continue
        yield Finding(
            id="read-slow",
            severity="warning",
            summary=f"Reads through {member.name} are slow.",
            evidence=f"A linearizable read took {millis(latency)} {read_at(member.endpoint.read.at)}.",
            why="Every request of kube-apiserver that goes through this member takes that long at least.",
            action="Look at its disk, its CPU, and its network to the leader.",
            commands=(STATUS,),
            member=member.name,
        )


@rule("files-near")
def files_near(sight: Sight) -> Iterator[Finding]:
    """A member has opened 80 % of the files that it may open."""
    for member in sight.facts.members:
        told = member.metrics
        if told is None or not told.max_fds or told.open_fds is None or told.open_fds < 0.8 * told.max_fds:
            continue
        yield Finding(
            id="files-near",
            severity="warning",
            summary=f"Member {member.name} has nearly as many files open as it may.",
            evidence=f"{told.open_fds:.0f} of {told.max_fds:.0f} {read_at(member.endpoint.wire.metrics.at)}.",
            why="When there are none left it takes no connection, from clients or from peers.",
            action="Raise LimitNOFILE of its service, and find out who opens so many connections.",
            commands=("ss -tn state established sport = :2379 | wc -l",),
            member=member.name,
        )


@rule("http-unhealthy")
def http_unhealthy(sight: Sight) -> Iterator[Finding]:
    """A member's own /health says no, though a linearizable read through it succeeds and no alarm explains it."""
    for member in sight.facts.members:
        probe = member.endpoint.wire.health
        if probe.value is None or probe.value.healthy or not member.healthy or sight.facts.alarms:
            continue
        yield Finding(
            id="http-unhealthy",
            severity="warning",
            summary=f"Member {member.name} calls itself unhealthy.",
            evidence=f"/health: {probe.value.reason or 'no reason given'} {read_at(probe.at)}.",
            why="kubelet and load balancers go by it: the member is restarted, or gets no traffic.",
            action="Look at its log, and again in a moment.",
            commands=(f"curl --cacert … --cert … --key … {member.endpoint.url}/health",),
            member=member.name,
        )


@rule("restarted")
def restarted(sight: Sight) -> Iterator[Finding]:
    """A member started less than ten minutes before its metrics were read, and others did not."""
    ages = {
        m.name: probe.at.timestamp() - probe.value.started_at
        for m in sight.facts.members
        if (probe := m.endpoint.wire.metrics).value and probe.at and probe.value.started_at
    }
    young = {name: age for name, age in ages.items() if age < 600}
    if not young or len(young) == len(ages):
        return
    yield Finding(
        id="restarted",
        severity="info",
        summary=f"{listed(young)} started a short time ago.",
        evidence=f"{listed(f'{name} {age:.0f} s' for name, age in young.items())} ago {read_at(sight.facts.at)}.",
        why="When nobody meant it to, it crashed or was killed, and may do so again.",
        action="Look at the end of its earlier log, and at the kernel's for out of memory.",
        commands=("crictl ps -a --name etcd", "journalctl -u kubelet"),
    )


def _behind(members: tuple[MemberFacts, ...]) -> dict[int, tuple[MemberFacts, int]]:
    """Members more than so many entries behind the furthest of all, by ID."""
    top = max((m.status.raft_index for m in members if m.status), default=0)
    lags = {m.id: (m, top - m.status.raft_index) for m in members if m.status}
    return {member_id: pair for member_id, pair in lags.items() if pair[1] > _LAG_ENTRIES}
