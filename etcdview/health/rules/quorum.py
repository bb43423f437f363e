"""Rules about who answers, and whether the voters can agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from etcdview.health.facts import MemberFacts, Probe
from etcdview.health.findings import Finding
from etcdview.health.rules.base import HEALTH, MEMBERS, STATUS, RuleContext, read_at, rule
from etcdview.kube.words import listed


@rule("quorum-lost")
def quorum_lost(context: RuleContext) -> Iterator[Finding]:
    """No linearizable read succeeds, and those that answer are fewer than a majority or know of no leader."""
    facts, quorum = context.facts, context.facts.quorum
    if quorum.state != "lost":
        return
    silent = listed(m.name for m in facts.voters if not m.alive) or "nobody"
    yield Finding(
        id="quorum-lost",
        severity="critical",
        summary=f"No quorum: {quorum.answering} of {quorum.voters} voters answer, {quorum.majority} must agree.",
        evidence=f"A linearizable read failed on every voter that answers; silent: {silent} {read_at(facts.at)}.",
        why="Nothing can be written, and kube-apiserver can neither read nor write: the control plane is down.",
        action="Bring back enough of the silent members; if they are permanently lost, restore a snapshot.",
        commands=(HEALTH, STATUS),
    )


@rule("quorum-unknown")
def quorum_unknown(context: RuleContext) -> Iterator[Finding]:
    """Nobody answers, or a majority answers but no linearizable read ended in time: unknown is not fine."""
    facts, quorum = context.facts, context.facts.quorum
    if quorum.state != "unknown":
        return
    silent = _all_silent(context)
    # the problems of silent members beside others that answer are member-down's
    found = [m.problem.what for m in facts.members if m.problem and (silent or m.alive)]
    problems = " ".join(dict.fromkeys(found)) or "No endpoint was probed."
    reason = "no member answers" if silent else "no linearizable read succeeded"
    yield Finding(
        id="quorum-unknown",
        severity="critical",
        summary=f"Whether the cluster has a quorum is unknown: {reason}.",
        evidence=f"{problems} {read_at(facts.at)}",
        why="Only a linearizable read proves that the members agree; without one the state is unknown.",
        action=_first_remedy(facts.members) or "Check the endpoints, and the network between here and them.",
        commands=("etcdview doctor", HEALTH),
    )


@rule("unsupported")
def unsupported(context: RuleContext) -> Iterator[Finding]:
    """The server lacks some of the calls, as kine (the etcd of k3s) does: what they would tell is unknown."""
    lacking = {call: m for m in context.facts.members for call in _lacks(m)}
    if not lacking:
        return
    yield Finding(
        id="unsupported",
        severity="info",
        summary=f"Not supported by this server: {listed(lacking)}.",
        evidence=f"{listed({m.name for m in lacking.values()})} answered so {read_at(context.facts.at)}.",
        why="The facts that these calls report about members, peers and data are unavailable.",
        action="Nothing for kine and other replacements of etcd: monitor the database behind it.",
        commands=(STATUS,),
    )


@rule("member-down")
def member_down(context: RuleContext) -> Iterator[Finding]:
    """A member was probed and did not answer, others did: it is stopped, hangs, or cannot be reached from here."""
    if _all_silent(context):
        return  # quorum-unknown tells it, once
    for member in context.facts.members:
        problem = member.endpoint.problem
        if not member.started or not member.probed or member.alive or problem is None:
            continue
        if member.member is None and context.facts.membership is not None:
            continue
        yield Finding(
            id="member-down",
            severity="warning" if member.learner else "critical",
            summary=f"Member {member.name} does not answer.",
            evidence=f"{problem.what} {_wire_says(member)}{read_at(member.endpoint.status.at)}",
            why="Each voter that is down brings the cluster nearer to losing its quorum.",
            action=problem.remedy or "Look at its process and its log, and start it again.",
            commands=(f"etcdctl --endpoints={member.endpoint.url} endpoint status", HEALTH),
            member=member.name,
        )


@rule("endpoint-dead")
def endpoint_dead(context: RuleContext) -> Iterator[Finding]:
    """A given endpoint does not answer, and no member advertises it: it is stale, mistyped, or of a removed member."""
    for member in context.facts.members:
        problem = member.endpoint.problem
        if context.facts.membership is None or member.member is not None or member.alive or problem is None:
            continue
        yield Finding(
            id="endpoint-dead",
            severity="warning",
            summary=f"The endpoint {member.endpoint.url} does not answer, and belongs to no member.",
            evidence=f"{problem.what} {read_at(member.endpoint.status.at)}",
            why="A client that tries it first loses time; a client without another endpoint fails.",
            action=f"Remove it from the endpoints, or correct it. {problem.remedy}".strip(),
            commands=(MEMBERS,),
            member=member.name,
        )


@rule("read-denied")
def read_denied(context: RuleContext) -> Iterator[Finding]:
    """etcd does not let us in: a member's health is then only what its own /health says."""
    denied = [m for m in context.facts.members if m.endpoint.denial is not None]
    if not denied:
        return

    denial = denied[0].endpoint.denial
    yield Finding(
        id="read-denied",
        severity="warning",
        summary="etcd denies access to etcdview.",
        evidence=f"{denial.what if denial else ''} {read_at(denied[0].endpoint.status.at)}",
        why="A linearizable read proves that the members agree; without it etcdview relies on their reports.",
        action=(denial.remedy if denial else "") or "Give etcdview a user with read permission.",
        commands=("etcdctl auth status", "etcdctl user get NAME --detail"),
    )


@rule("member-cut-off")
def member_cut_off(context: RuleContext) -> Iterator[Finding]:
    """A voter answers for itself but serves no linearizable read, though others do: it is cut off from its peers.

    Only a warning while it was merely late, in this round alone, and still knows a leader: it may be slow.
    """
    if context.facts.quorum.state != "has":
        return
    for member in context.facts.voters:
        read = member.endpoint.read
        if not member.alive or member.healthy or read.problem is None:
            continue
        late = _only_late(member, context)
        leader = f"{member.status.leader_id:x}" if member.status and member.status.leader_id else "none"
        cut_off = f"Member {member.name} is running but cut off from the quorum."
        yield Finding(
            id="member-cut-off",
            severity="warning" if late else "critical",
            summary=f"A read through member {member.name} timed out: it is slow, or cut off." if late else cut_off,
            evidence=f"Its linearizable read: {read.problem.what} The leader it knows: {leader} {read_at(read.at)}.",
            why="Clients that are connected to it hang; until then it counts as lost for the quorum.",
            action="Check the network and the peer certificates between its peer URL and the others', then its log.",
            commands=(STATUS, MEMBERS),
            member=member.name,
        )


@rule("no-spare")
def no_spare(context: RuleContext) -> Iterator[Finding]:
    """With two voters or more, no further voter may fail."""
    facts, quorum = context.facts, context.facts.quorum
    if quorum.state != "has" or quorum.may_fail or quorum.voters < 2:
        return
    yield Finding(
        id="no-spare",
        severity="warning",
        summary="No further failure is tolerated.",
        evidence=f"{quorum.agreeing} of {quorum.voters} voters serve linearizable reads, {quorum.majority} must "
        f"{read_at(facts.at)}.",
        why="The next failure stops all writes and, with them, the control plane.",
        action="Bring back what is down, or add a voter where there are only two.",
        commands=(HEALTH, MEMBERS),
    )


@rule("single-member")
def single_member(context: RuleContext) -> Iterator[Finding]:
    """The cluster has one voter only. Of kine, which has no cluster, nothing is said: its database decides."""
    facts = context.facts
    if facts.membership is None or facts.quorum.voters != 1 or not facts.has_raft:
        return
    yield Finding(
        id="single-member",
        severity="info",
        summary="The cluster has one voter: no failure is tolerated.",
        evidence=f"The membership lists one voter {read_at(facts.at)}.",
        why="If its machine or disk fails, the control plane is down and only the last backup remains.",
        action="Add two members on other machines, or take snapshots often and keep them elsewhere.",
        commands=("etcdctl snapshot save backup.db", "kubeadm join --control-plane …"),
    )


@rule("even-voters")
def even_voters(context: RuleContext) -> Iterator[Finding]:
    """The number of voters is even: one more machine that can fail, and no more failures survived."""
    facts, voters = context.facts, context.facts.quorum.voters
    if facts.membership is None or voters % 2:
        return
    yield Finding(
        id="even-voters",
        severity="warning" if voters == 2 else "info",
        summary=f"{voters} voters tolerate no more failures than {voters - 1} would.",
        evidence=f"{voters} voters, a majority is {facts.quorum.majority} {read_at(facts.at)}.",
        why="A majority of an even number is larger: the extra machine adds risk but no tolerance.",
        action=f"Go to {voters + 1} voters, or back to {voters - 1}.",
        commands=(MEMBERS,),
    )


@rule("learner")
def learner(context: RuleContext) -> Iterator[Finding]:
    """A member is a learner: it copies the data, but has no vote. It is ready when it has nearly all of the log."""
    leader = context.facts.leader
    for member in context.facts.members:
        if not member.learner or not member.started:
            continue
        ready = _caught_up(member, leader)
        reported = f"raft index {member.status.raft_index}" if member.status else "its raft index is unknown"
        ahead = f", the leader's {leader.status.raft_index}" if leader and leader.status else ""
        yield Finding(
            id="learner",
            severity="info",
            summary=f"Member {member.name} is a learner{', and ready to vote' if ready else ''}.",
            evidence=f"{reported}{ahead} {read_at(member.endpoint.status.at)}.",
            why="A learner has no vote: until it is promoted, it adds no failure tolerance.",
            action="Promote it." if ready else "Wait until it has caught up, then promote it.",
            commands=(f"etcdctl member promote {member.id_hex}",),
            member=member.name,
        )


@rule("member-unstarted")
def member_unstarted(context: RuleContext) -> Iterator[Finding]:
    """A member was added and has never joined. As a voter it counts against the quorum all the same."""
    for member in context.facts.members:
        if member.started:
            continue
        yield Finding(
            id="member-unstarted",
            severity="info" if member.learner else "warning",
            summary=f"Member {member.id_hex} was added and has never started.",
            evidence=f"The membership lists it with {listed(member.peer_urls)} and no name "
            f"{read_at(context.facts.at)}.",
            why="It counts as a voter that is down." if not member.learner else "As a learner it does no harm.",
            action="Start it with --initial-cluster-state=existing, or remove it.",
            commands=(MEMBERS, f"etcdctl member remove {member.id_hex}"),
            member=member.id_hex,
        )


@rule("membership-unread")
def membership_unread(context: RuleContext) -> Iterator[Finding]:
    """Members answer, but none reports the membership: the other members to probe are not known for certain."""
    facts = context.facts
    answering = [m for m in facts.members if m.alive and m.endpoint.membership.failed]
    if facts.membership_fresh or not answering:
        return
    problems = listed(e.membership.problem.what for m in answering for e in m.endpoints if e.membership.problem)
    basis = "the list of an earlier round is used" if facts.membership else "only the given endpoints are known"
    yield Finding(
        id="membership-unread",
        severity="warning",
        summary=f"The list of members cannot be read; {basis}.",
        evidence=f"{problems or 'The request was not answered.'} {read_at(facts.at)}",
        why="Unknown members are not probed, and the quorum depends on how many there are.",
        action="Allow the user to read the member list, or check the members' log.",
        commands=(MEMBERS,),
    )


def _lacks(member: MemberFacts) -> Iterator[str]:
    endpoint = member.endpoint

    probes: dict[str, Probe[Any]] = {
        "Status": endpoint.status,
        "MemberList": endpoint.membership,
        "HashKV": endpoint.hash,
        "/health": endpoint.wire.health,
        "/metrics": endpoint.wire.metrics,
    }
    for call, probe in probes.items():
        if probe.problem is not None and probe.problem.unsupported:
            yield call
    if member.status is not None and not member.status.has_raft:
        yield "raft (leader, term, index)"


def _only_late(member: MemberFacts, context: RuleContext) -> bool:
    """Whether nothing but one read that was late speaks against the member."""
    read, status = member.endpoint.read, member.status
    if read.problem is None or read.problem.kind != "DeadlineError" or status is None or not status.leader_id:
        return False
    return context.before is None or all(m.healthy for m in context.before.members if m.id == member.id)


def _all_silent(context: RuleContext) -> bool:
    return context.facts.quorum.state == "unknown" and not any(m.alive for m in context.facts.members)


def _first_remedy(members: tuple[MemberFacts, ...]) -> str:
    return next((m.problem.remedy for m in members if m.problem and m.problem.remedy), "")


def _wire_says(member: MemberFacts) -> str:
    """What a handshake after the failure tells besides."""
    handshake, status_at = member.endpoint.wire.handshake, member.endpoint.status.at
    if handshake.value is None or handshake.at is None or status_at is None or handshake.at < status_at:
        return ""
    return "TCP and TLS work, so its process runs. " if handshake.value.tls_version else "TCP works. "


def _caught_up(member: MemberFacts, leader: MemberFacts | None) -> bool:
    """etcd lets a learner be promoted when it has 90 % of the leader's log (readyPercent in server.go)."""
    if member.status is None or leader is None or leader.status is None:
        return False
    return member.status.raft_index >= 0.9 * leader.status.raft_index
