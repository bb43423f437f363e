"""Rules about how a single member is: how far behind, how slow to read, how near its limits, how long up."""

from __future__ import annotations

from collections.abc import Iterator

from etcdview.health.facts import ClusterFacts, MemberFacts
from etcdview.health.findings import Finding
from etcdview.health.rules.base import STATUS, RuleContext, curl, millis, read_at, rule
from etcdview.kube.words import listed

_LAG_ENTRIES = 1000
_GIVE_UP_ENTRIES = 5000  # etcd refuses requests when applying lags so far behind (maxGapBetweenApplyAndCommitIndex)


@rule("raft-lag")
def raft_lag(context: RuleContext) -> Iterator[Finding]:
    """A member is more than 1,000 entries behind the leader's log, in this round and in the one before."""
    behind_before = _behind(context.before) if context.before else {}
    for member_id, (member, lag) in _behind(context.facts).items():
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
def apply_lag(context: RuleContext) -> Iterator[Finding]:
    """A member has 1,000 entries or more that it has not applied; at 5,000 etcd refuses requests."""
    for member in context.facts.members:
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
def read_slow(context: RuleContext) -> Iterator[Finding]:
    """A linearizable read through a member took longer than 500 ms, in this round and in the one before."""
    before = {m.id for m in context.before.members if (m.latency_seconds or 0) > 0.5} if context.before else set()
    for member in context.facts.members:
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
def files_near(context: RuleContext) -> Iterator[Finding]:
    """A member has opened 80 % of the files that it may open."""
    for member in context.facts.members:
        reported = member.metrics
        if (
            reported is None
            or not reported.max_fds
            or reported.open_fds is None
            or reported.open_fds < 0.8 * reported.max_fds
        ):
            continue
        yield Finding(
            id="files-near",
            severity="warning",
            summary=f"Member {member.name} has nearly reached its limit of open files.",
            evidence=f"{reported.open_fds:.0f} of {reported.max_fds:.0f} {read_at(member.endpoint.wire.metrics.at)}.",
            why="At the limit it accepts no connections from clients or peers.",
            action="Raise LimitNOFILE of its service, and find out what opens so many connections.",
            commands=("ss -tn state established sport = :2379 | wc -l",),
            member=member.name,
        )


@rule("http-unhealthy")
def http_unhealthy(context: RuleContext) -> Iterator[Finding]:
    """A member's own /health says no, though a linearizable read through it succeeds and no alarm explains it."""
    for member in context.facts.members:
        probe = member.endpoint.wire.health
        if probe.value is None or probe.value.healthy or not member.healthy or context.facts.alarms:
            continue
        yield Finding(
            id="http-unhealthy",
            severity="warning",
            summary=f"Member {member.name} reports itself unhealthy.",
            evidence=f"/health: {probe.value.reason or 'no reason given'} {read_at(probe.at)}.",
            why="kubelet and load balancers use it: the member is restarted, or gets no traffic.",
            action="Check its log, and check again in a moment.",
            commands=(curl(member.endpoint.url, "health"),),
            member=member.name,
        )


@rule("restarted")
def restarted(context: RuleContext) -> Iterator[Finding]:
    """A member started less than ten minutes before its metrics were read, and others did not."""
    ages = {
        m.name: probe.at.timestamp() - probe.value.started_at
        for m in context.facts.members
        if (probe := m.endpoint.wire.metrics).value and probe.at and probe.value.started_at
    }
    young = {name: age for name, age in ages.items() if age < 600}
    if not young or len(young) == len(ages):
        return
    yield Finding(
        id="restarted",
        severity="info",
        summary=f"{listed(young)} restarted recently.",
        evidence=f"{listed(f'{name} {age:.0f} s' for name, age in young.items())} ago {read_at(context.facts.at)}.",
        why="If this was not planned, it crashed or was killed, and may do so again.",
        action="Check the end of its previous log, and the kernel log for out of memory.",
        commands=("crictl ps -a --name etcd", "journalctl -u kubelet"),
    )


def _behind(facts: ClusterFacts) -> dict[int, tuple[MemberFacts, int]]:
    """Members more than so many entries behind the furthest of their cluster, by ID."""
    of_cluster = [m for m in facts.members if m.status and m.status.cluster_id == facts.cluster_id]
    members = [m for m in of_cluster if m.member is not None or facts.membership is None]
    top = max((m.status.raft_index for m in members if m.status), default=0)
    lags = {m.id: (m, top - m.status.raft_index) for m in members if m.status}
    return {member_id: pair for member_id, pair in lags.items() if pair[1] > _LAG_ENTRIES}
