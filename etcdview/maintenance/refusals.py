"""Why an operation is refused as the cluster is now: a sentence, "" where nothing stands against it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from etcdview.maintenance.members import MemberNow, Sight

# etcd promotes a learner that has at least this part of the leader's log (server.go: readyPercent)
CAUGHT_UP = 0.9


def loses_quorum(sight: Sight, member: MemberNow) -> str:
    """Why removing the member would cost the cluster its quorum; "" where it would not."""
    if member.learner:
        return "" if sight.leader else "Nobody leads: the cluster can decide nothing, a removal neither."
    left = [m for m in sight.voters if m.id != member.id]
    missing = [m for m in left if not sight.takes_part(m)]
    there, needed = len(left) - len(missing), majority(len(left))
    if not left:
        return f"{member.name} is the last voter: without it there is no cluster."
    if sight.leader is None:
        return "Nobody leads: the cluster can decide nothing, a removal neither."
    if there < needed:
        return (
            f"Without {member.name}, {there} of {len(left)} voters would take part, and {needed} must: the quorum "
            f"would be lost. {_reasons(sight, missing)} Bring it back first, or remove what is down."
        )
    return ""


def not_ready(sight: Sight, member: MemberNow) -> str:
    """Why the learner cannot be promoted."""
    leader = sight.leader
    if not member.learner:
        return f"{member.name} votes already."
    if member.status is None:
        return f"{member.name} does not answer. Start it first; it must have caught up."
    if leader is None or leader.status is None:
        return "Nobody leads: the cluster can decide nothing, a promotion neither."
    applied = member.status.raft_applied_index or member.status.raft_index
    if applied < CAUGHT_UP * leader.status.raft_index:
        part = 100 * applied // max(1, leader.status.raft_index)
        return (
            f"{member.name} has {part} % of the leader's log; etcd wants {CAUGHT_UP:.0%}. Wait until it has caught up."
        )
    return ""


def no_learner(sight: Sight) -> str:
    """Why no learner can be added now."""
    learner = next((m for m in sight.members if m.learner), None)
    if learner is not None:
        return f"{learner.name} is a learner already, and etcd takes one at a time: promote or remove it first."
    gone = sight.others_away()
    return away(sight, gone, "etcd adds nobody while a member is away") if gone else ""


def no_peer(sight: Sight, peer_url: str) -> str:
    """Why no member can be at that peer URL."""
    try:
        parts = urlsplit(peer_url)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port and not parts.path.strip("/")
    except ValueError:
        whole = False
    if not whole or any(c.isspace() for c in peer_url):
        return "A peer URL is scheme, host and port, such as https://10.0.0.4:2380."
    used = {url: m.name for m in sight.members for url in m.member.peer_urls}
    if peer_url in used:
        return f"{peer_url} belongs to {used[peer_url]}."
    schemes = {urlsplit(url).scheme for url in used}
    if schemes and urlsplit(peer_url).scheme not in schemes:
        return f"The other members speak {', '.join(sorted(schemes))} among each other: this one must too."
    return ""


def may_rest(sight: Sight, member: MemberNow) -> str:
    """Why the member cannot be spared for a while."""
    if not member.alive:
        return f"{member.name} does not answer: there is nothing to defragment."
    gone = sight.others_away(member)
    return away(sight, gone, f"{member.name} may not rest as well") if gone else ""


def away(sight: Sight, members: Sequence[MemberNow], why: str) -> str:
    """These members do not take part, and so what is asked for is refused."""
    return f"{_reasons(sight, members)} So {why}. Bring back or remove what is away first."


def _reasons(sight: Sight, members: Sequence[MemberNow]) -> str:
    return " ".join(dict.fromkeys(sight.apart(m) for m in members))


def majority(voters: int) -> int:
    """How many voters must agree."""
    return voters // 2 + 1
