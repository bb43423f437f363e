"""Why an operation is refused as the cluster is now: a sentence, "" where nothing stands against it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from etcdview.endpoints import split_url
from etcdview.maintenance.members import ClusterNow, MemberNow

# etcd promotes a learner that has at least this part of the leader's log (server.go: readyPercent)
CAUGHT_UP = 0.9


def loses_quorum(cluster: ClusterNow, member: MemberNow) -> str:
    """Why removing the member would cost the cluster its quorum; "" where it would not."""
    if member.learner:
        return "" if cluster.leader else "The cluster has no leader, so no member can be removed."
    left = [m for m in cluster.voters if m.id != member.id]
    missing = [m for m in left if not cluster.takes_part(m)]
    there, needed = len(left) - len(missing), majority(len(left))
    if not left:
        return f"{member.name} is the last voter: the cluster cannot exist without it."
    if cluster.leader is None:
        return "The cluster has no leader, so no member can be removed."
    if there < needed:
        return (
            f"Without {member.name}, {there} of {len(left)} voters would remain, and {needed} are needed: the "
            f"quorum would be lost. {_reasons(cluster, missing)} Bring it back first, or remove members that are down."
        )
    return ""


def not_ready(cluster: ClusterNow, member: MemberNow) -> str:
    """Why the learner cannot be promoted."""
    leader = cluster.leader
    if not member.learner:
        return f"{member.name} votes already."
    if member.status is None:
        return f"{member.name} does not answer. Start it first; it must have caught up."
    if leader is None or leader.status is None:
        return "The cluster has no leader, so no learner can be promoted."
    applied = member.status.raft_applied_index or member.status.raft_index
    if applied < CAUGHT_UP * leader.status.raft_index:
        part = 100 * applied // max(1, leader.status.raft_index)
        return (
            f"{member.name} has {part} % of the leader's log; etcd wants {CAUGHT_UP:.0%}. Wait until it has caught up."
        )
    return ""


def no_learner(cluster: ClusterNow) -> str:
    """Why no learner can be added now."""
    learner = next((m for m in cluster.members if m.learner), None)
    if learner is not None:
        return f"{learner.name} is already a learner, and etcd allows one at a time: promote or remove it first."
    gone = cluster.others_away()
    return away(cluster, gone, "etcd adds no member while another is down") if gone else ""


def no_peer(cluster: ClusterNow, peer_url: str) -> str:
    """Why no member can be at that peer URL."""
    parts = split_url(peer_url)
    whole = parts.scheme in ("http", "https") and parts.hostname and parts.port and not parts.path.strip("/")
    if not whole or any(c.isspace() for c in peer_url):
        return "A peer URL is scheme, host and port, such as https://10.0.0.4:2380."
    used = {url: m.name for m in cluster.members for url in m.member.peer_urls}
    if peer_url in used:
        return f"{peer_url} belongs to {used[peer_url]}."
    schemes = {scheme for scheme in (split_url(url).scheme for url in used) if scheme}
    if schemes and parts.scheme not in schemes:
        return f"The other members use {', '.join(sorted(schemes))} between peers: this one must too."
    return ""


def may_rest(cluster: ClusterNow, member: MemberNow) -> str:
    """Why the member cannot be spared for a while."""
    if not member.alive:
        return f"{member.name} does not answer: there is nothing to defragment."
    gone = cluster.others_away(member)
    return away(cluster, gone, f"{member.name} cannot be taken offline too") if gone else ""


def away(cluster: ClusterNow, members: Sequence[MemberNow], why: str) -> str:
    """These members do not take part, and so the operation is refused."""
    return f"{_reasons(cluster, members)} So {why}. Bring back or remove the members that are down first."


def _reasons(cluster: ClusterNow, members: Sequence[MemberNow]) -> str:
    return " ".join(dict.fromkeys(cluster.apart(m) for m in members))


def majority(voters: int) -> int:
    """How many voters must agree."""
    return voters // 2 + 1
