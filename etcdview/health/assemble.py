"""Endpoints, as one round saw them, put together into members, membership and quorum. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from etcdview.health.facts import ClusterFacts, EndpointFacts, MemberFacts, Quorum, QuorumState
from etcdview.models import Member, Membership


def assemble(
    endpoints: Sequence[EndpointFacts],
    *,
    at: datetime,
    known: Membership | None = None,
    round_seconds: float = 0.0,
) -> ClusterFacts:
    """The cluster that the endpoints show. `known` is the membership of an earlier round, for when none can be read."""
    fresh = best_membership(endpoints)
    membership = fresh or known
    members = tuple(_members(endpoints, membership))
    return ClusterFacts(
        at=at,
        members=members,
        quorum=quorum_of(members, membership),
        membership=membership,
        membership_fresh=fresh is not None,
        round_seconds=round_seconds,
    )


def best_membership(endpoints: Iterable[EndpointFacts]) -> Membership | None:
    """The membership to believe: of a member in quorum before one without, in the highest raft term."""
    views = [(e.in_quorum, _term(e), e.membership.value) for e in endpoints if e.membership.value is not None]
    return max(views, key=lambda view: view[:2])[2] if views else None


def quorum_of(members: Sequence[MemberFacts], membership: Membership | None) -> Quorum:
    """Whether the voters have a quorum.

    One linearizable read that succeeded proves it (the member's own, where ours are denied). It is lost where none
    succeeded and those that answer are fewer than a majority, or know of no leader. Where nobody answers, or a
    majority answers but too slowly, it is unknown.
    """
    voters = sum(not m.learner for m in membership.members) if membership else len(members)
    counted = [m for m in members if not m.learner and _counts(m, membership)]
    answering, agreeing = sum(m.alive for m in counted), sum(m.healthy for m in counted)
    majority = voters // 2 + 1
    return Quorum(_state(members, answering, majority), voters, answering, majority, agreeing)


def same_address(one: str, other: str) -> bool:
    """Whether two client URLs mean one address: scheme, case and a last slash do not count."""
    return address(one) == address(other)


def address(url: str) -> str:
    """host:port of a client URL, for comparing."""
    return url.rpartition("://")[2].rstrip("/").lower()


def _state(members: Sequence[MemberFacts], answering: int, majority: int) -> QuorumState:
    voters = [m for m in members if not m.learner]
    if any(e.in_quorum for m in voters for e in m.endpoints):
        return "has"
    alive = [m for m in voters if m.alive]
    tried = any(e.read.failed for m in alive for e in m.endpoints)
    if not alive or not tried:
        return "unknown"
    leaderless = all(m.status is not None and m.status.has_raft and not m.status.leader_id for m in alive)
    return "lost" if answering < majority or leaderless else "unknown"


def _counts(member: MemberFacts, membership: Membership | None) -> bool:
    return membership is None or any(member.id == m.id for m in membership.members)


def _members(endpoints: Sequence[EndpointFacts], membership: Membership | None) -> Iterable[MemberFacts]:
    left = [replace(e, advertised=_advertised(e, membership)) for e in sorted(endpoints, key=lambda e: e.url)]
    for member in sorted(membership.members, key=lambda m: (m.name, m.id)) if membership else ():
        mine = [e for e in left if _belongs(e, member)]
        left = [e for e in left if e not in mine]
        yield MemberFacts(member, tuple(sorted(mine, key=_rank)))
    for endpoint in left:
        yield MemberFacts(None, (endpoint,))


def _advertised(endpoint: EndpointFacts, membership: Membership | None) -> bool:
    members = membership.members if membership else ()
    return any(same_address(endpoint.url, url) for member in members for url in member.client_urls)


def _belongs(endpoint: EndpointFacts, member: Member) -> bool:
    """By the ID that the endpoint answers with, or as the only one that it lists; else by its address."""
    status, listed = endpoint.status.value, endpoint.membership.value
    if status is not None:
        return status.member_id == member.id
    if listed is not None and len(listed.members) == 1:
        return listed.members[0].id == member.id
    return any(same_address(endpoint.url, url) for url in member.client_urls)


def _rank(endpoint: EndpointFacts) -> tuple[bool, bool, bool]:
    return (not endpoint.status.ok, not endpoint.in_quorum, not endpoint.advertised)


def _term(endpoint: EndpointFacts) -> int:
    return endpoint.status.value.raft_term if endpoint.status.value else 0
