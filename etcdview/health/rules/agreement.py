"""Rules about what members must agree on: leader, term, cluster, membership, data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from etcdview.health.facts import ClusterFacts, MemberFacts
from etcdview.health.findings import Finding
from etcdview.health.probes.hashing import AUTOMATIC_BYTES
from etcdview.health.rules.base import MEMBERS, STATUS, RuleContext, read_at, rule
from etcdview.kube.quantities import size_text
from etcdview.kube.words import listed
from etcdview.models import MemberStatus

NAME_LENGTH = 100  # of a member's name in a sentence
MOST_NAMED = 5


@rule("leader-missing")
def leader_missing(context: RuleContext) -> Iterator[Finding]:
    """Members answer, and none of them knows a leader."""
    reported = [m for m in _answering(context.facts) if m.status and m.status.has_raft]
    if not reported or any(m.status and m.status.leader_id for m in reported):
        return
    terms = listed(f"{m.name} in term {m.status.raft_term}" for m in reported if m.status)
    yield Finding(
        id="leader-missing",
        severity="critical",
        summary="There is no leader.",
        evidence=f"Leader 0 at {terms} {read_at(context.facts.at)}.",
        why="Without a leader, writes and linearizable reads fail.",
        action="Give an election a few seconds; then check that the members reach each other's peer URLs.",
        commands=(STATUS, MEMBERS),
    )


@rule("leader-disputed")
def leader_disputed(context: RuleContext) -> Iterator[Finding]:
    """Members of one cluster name different leaders, in this round and in the one before."""
    named = _by(context.facts, lambda s: s.leader_id or None)
    if len(named) < 2 or context.before is None or len(_by(context.before, lambda s: s.leader_id or None)) < 2:
        return
    yield Finding(
        id="leader-disputed",
        severity="critical",
        summary="Members name different leaders.",
        evidence=_spread(named, lambda leader: f"leader {leader:x}", context.facts),
        why="The members are partitioned; clients of the smaller side hang or read old data.",
        action="Check the network between the peer URLs, and whether a member was restored on its own.",
        commands=(STATUS,),
    )


@rule("term-differs")
def term_differs(context: RuleContext) -> Iterator[Finding]:
    """Members are in different raft terms, in this round and in the one before."""
    terms = _by(context.facts, lambda s: s.raft_term)
    if len(terms) < 2 or context.before is None or len(_by(context.before, lambda s: s.raft_term)) < 2:
        return
    yield Finding(
        id="term-differs",
        severity="warning",
        summary="Members are in different raft terms.",
        evidence=_spread(terms, lambda term: f"term {term}", context.facts),
        why="A member in another term has no leader, or forces elections on the others.",
        action="Check the network between the peer URLs, and the log of the member that stands alone.",
        commands=(STATUS,),
    )


@rule("cluster-id-differs")
def cluster_id_differs(context: RuleContext) -> Iterator[Finding]:
    """Endpoints answer with different cluster IDs: they are members of different clusters."""
    ids = defaultdict(list)
    for member in _answering(context.facts):
        if member.status is not None:
            ids[member.status.cluster_id].append(member.name)
    if len(ids) < 2:
        return
    parts = listed(f"{cluster:x} at {listed(names)}" for cluster, names in ids.items())
    yield Finding(
        id="cluster-id-differs",
        severity="critical",
        summary="The endpoints belong to different clusters.",
        evidence=f"Cluster {parts} {read_at(context.facts.at)}.",
        why="What is read depends on which endpoint answers: keys appear and vanish.",
        action="Give endpoints of one cluster only; a member that bootstrapped on its own must be wiped and join.",
        commands=("etcdctl endpoint status -w json", MEMBERS),
    )


@rule("membership-differs")
def membership_differs(context: RuleContext) -> Iterator[Finding]:
    """Members of one cluster hold different lists of members, in this round and in the one before."""
    views = _views(context.facts)
    if len(views) < 2 or context.before is None or len(_views(context.before)) < 2:
        return
    parts = "; ".join(f"{listed(names)}: {listed(sorted(ids))}" for ids, names in views.items())
    yield Finding(
        id="membership-differs",
        severity="critical",
        summary="Members hold different lists of members.",
        evidence=f"{parts} {read_at(context.facts.at)}.",
        why="They count different majorities; in the worst case both sides believe they have one.",
        action="Trust the side that has a quorum; remove the other member, wipe its data and add it again.",
        commands=(MEMBERS,),
    )


@rule("member-twice")
def member_twice(context: RuleContext) -> Iterator[Finding]:
    """Two members of the list have one ID, or one name."""
    members = context.facts.membership.members if context.facts.membership else ()
    ids, names = Counter(m.id for m in members), Counter(m.name for m in members if m.name)
    twice = [f"the ID {number:x}" for number, count in ids.items() if count > 1]
    named = [f"the name {name[:NAME_LENGTH]}" for name, count in names.items() if count > 1]
    if not twice and not named:
        return
    yield Finding(
        id="member-twice",
        severity="warning",
        summary="Members of the list cannot be told apart.",
        evidence=f"More than one has {listed([*twice, *named][:MOST_NAMED])} {read_at(context.facts.at)}.",
        why="What is said of one by its name may be true of the other. etcd gives every member an ID of its own.",
        action="Give each member its own --name. Two with one ID: is this an etcd, and is a proxy in front of it?",
        commands=(MEMBERS,),
    )


@rule("not-a-member")
def not_a_member(context: RuleContext) -> Iterator[Finding]:
    """An endpoint answers that the cluster's list of members does not know, such as a member that was removed."""
    facts = context.facts
    for member in facts.members:
        status = member.status
        if facts.membership is None or member.member is not None or status is None:
            continue
        if status.cluster_id != facts.membership.cluster_id:
            continue
        yield Finding(
            id="not-a-member",
            severity="warning",
            summary=f"{member.endpoint.url} answers, but is not a member of the cluster.",
            evidence=f"Its member ID {status.member_id:x} is not in the member list {read_at(facts.at)}.",
            why="It serves data that is no longer kept up to date.",
            action="Take it out of the endpoints, stop it and wipe its data.",
            commands=(MEMBERS,),
            member=member.name,
        )


@rule("data-differs")
def data_differs(context: RuleContext) -> Iterator[Finding]:
    """Members give different hashes of their data at the same revision and the same compact revision."""
    groups: dict[tuple[int, int], dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for member in context.facts.members:
        value = member.endpoint.hash.value
        if value is not None:
            groups[value.revision, value.compact_revision][value.hash].append(member.name)
    for (revision, compact), hashes in groups.items():
        if len(hashes) < 2:
            continue
        parts = listed(f"{value:x} at {listed(names)}" for value, names in hashes.items())
        at = max(m.endpoint.hash.at for m in context.facts.members if m.endpoint.hash.at)
        yield Finding(
            id="data-differs",
            severity="critical",
            summary="Members hold different data.",
            evidence=f"HashKV at revision {revision}, compact revision {compact}: {parts} {read_at(at)}.",
            why="The answer to a read depends on which member gives it; whatever is written on top makes it worse.",
            action="Take a snapshot of each, see which keys differ and which member is alone with its values, then "
            "remove that one, wipe it and add it again.",
            commands=(
                "etcdview members --diff",
                "etcdctl endpoint hashkv --cluster -w table",
                "etcdctl snapshot save backup.db",
            ),
        )


@rule("data-uncompared")
def data_uncompared(context: RuleContext) -> Iterator[Finding]:
    """The members' data has not been compared, or could not be for all of them: not known is not equal."""
    hashed = [m for m in context.facts.members if m.endpoint.hash.at is not None]
    failed = [m for m in hashed if m.endpoint.hash.failed]
    if not hashed:
        yield from _not_compared(context.facts)
        return
    states = {(v.revision, v.compact_revision) for m in hashed if (v := m.endpoint.hash.value)}
    if not failed and len(states) < 2:
        return
    problems = listed(m.endpoint.hash.problem.what for m in failed if m.endpoint.hash.problem)
    at = max(m.endpoint.hash.at for m in hashed if m.endpoint.hash.at)
    yield Finding(
        id="data-uncompared",
        severity="info",
        summary="It is unknown whether all members hold the same data.",
        evidence=f"{problems or 'They could not be compared at one compact revision.'} {read_at(at)}",
        why="Only a comparison reveals diverged data.",
        action="Compare again when all members answer.",
        commands=("etcdctl endpoint hashkv --cluster -w table",),
    )


def _not_compared(facts: ClusterFacts) -> Iterator[Finding]:
    answering = _answering(facts)
    if len(answering) < 2:
        return
    largest = max(m.status.db_size_bytes for m in answering if m.status)
    large = (
        f", more than the {size_text(AUTOMATIC_BYTES)} limit of the automatic check"
        if largest > AUTOMATIC_BYTES
        else ""
    )
    yield Finding(
        id="data-uncompared",
        severity="info",
        summary="The members' data has not been compared.",
        evidence=f"HashKV was not requested; the largest has {size_text(largest)}{large} {read_at(facts.at)}.",
        why="Only a comparison reveals diverged data.",
        action="Compare it at a quiet time: each member reads all of its data, and writes wait meanwhile.",
        commands=("etcdview health --compare-data", "etcdctl endpoint hashkv --cluster -w table"),
    )


def _answering(facts: ClusterFacts) -> list[MemberFacts]:
    return [m for m in facts.members if m.status is not None]


def _by(facts: ClusterFacts, of: Callable[[MemberStatus], int | None]) -> dict[int, list[str]]:
    """Names of members by what they say, those of the cluster only, and without those that say nothing."""
    reported: dict[int, list[str]] = defaultdict(list)
    for member in facts.members:
        if member.status is not None and member.status.cluster_id == facts.cluster_id:
            value = of(member.status)
            if value is not None:
                reported[value].append(member.name)
    return reported


def _spread(reported: dict[int, list[str]], say: Callable[[int], str], facts: ClusterFacts) -> str:
    return listed(f"{say(value)} at {listed(names)}" for value, names in reported.items()) + f" {read_at(facts.at)}."


def _views(facts: ClusterFacts) -> dict[frozenset[str], list[str]]:
    """Names of members by the set of members (in hexadecimal) that they know of."""
    views: dict[frozenset[str], list[str]] = defaultdict(list)
    for member in facts.members:
        view = member.endpoint.membership.value
        if view is not None and view.cluster_id == facts.cluster_id:
            views[frozenset(f"{m.id:x}" for m in view.members)].append(member.name)
    return views
