"""What each operation would do to the cluster as it is now, what it risks, and why it is refused. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal, get_args

from etcdview.kube.quantities import size_text
from etcdview.maintenance import refusals
from etcdview.maintenance.members import ClusterNow, MemberNow
from etcdview.maintenance.refusals import majority
from etcdview.models import Alarm

Operation = Literal[
    "snapshot", "compact", "defragment", "defragment-all", "move-leader", "disarm", "add-learner", "promote", "remove"
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)

LONG_DATABASE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation, ready to be confirmed by typing `confirm`. `refusal` "": it may go ahead."""

    operation: Operation
    title: str
    does: str
    risk: str
    commands: tuple[str, ...]
    confirm: str
    refusal: str = ""


def snapshot(cluster: ClusterNow) -> Plan:
    """The whole database as a file."""
    source = snapshot_source(cluster)
    return Plan(
        "snapshot",
        "Save a snapshot",
        f"Reads the whole database of {source.name if source else 'a member'} at one moment, and verifies its hash. "
        "Nothing is changed.",
        "The file holds every Secret, in plain text where it is stored so: keep it as you keep the cluster's CA key. "
        "Reading it takes bandwidth and disk of that one member.",
        (
            f"etcdctl --endpoints={_url(source)} snapshot save snapshot.db",
            "etcdview snapshot save snapshot.db",
        ),
        "snapshot",
        "" if source else "No member answers.",
    )


def snapshot_source(cluster: ClusterNow) -> MemberNow | None:
    """A follower where there is one: the leader has enough to do. A learner may be behind, and serves none.

    Where nobody takes part any more, the member that has the newest revision: then a snapshot is needed most.
    """
    voters = [m for m in cluster.voters if cluster.takes_part(m)]
    if not voters:
        return max((m for m in cluster.voters if m.status), key=_revision, default=None)
    return next((m for m in voters if not m.leader), voters[0])


def no_quorum(cluster: ClusterNow) -> str:
    """Why nothing can be written now; "" where a quorum agrees."""
    serving = [m for m in cluster.voters if cluster.takes_part(m)]
    needed = refusals.majority(len(cluster.voters))
    if len(serving) >= needed:
        return ""
    answering = sum(m.alive for m in cluster.voters)
    said = f"No quorum: {answering} of {len(cluster.voters)} voters answer"
    if answering >= needed:
        return f"{said}, but fewer than {needed} follow one leader. An election takes some seconds: try again then."
    return f"{said}, {needed} are needed. Nothing can be written."


def compact(cluster: ClusterNow, revision: int) -> Plan:
    """Drop the history before a revision."""
    refusal = no_quorum(cluster)
    if not refusal and not 1 <= revision <= cluster.revision:
        refusal = f"The revision must be between 1 and {cluster.revision}, which is the newest."
    return Plan(
        "compact",
        f"Compact up to revision {revision}",
        f"Every member drops all values that were replaced or deleted before revision {revision}. Current values "
        "stay. The database file stays as large as it is: defragmenting makes it smaller.",
        "It cannot be undone: histories and reads of the past before that revision are gone, in etcdview too. Watches "
        "that are further behind end, and their clients list everything again. The API server compacts every five "
        "minutes anyway.",
        (f"etcdctl compact {revision} --physical",),
        str(revision),
        refusal,
    )


def defragment(cluster: ClusterNow, member: MemberNow) -> Plan:
    """Rewrite one member's database file."""
    leads = member.leader and len(cluster.members) > 1
    return Plan(
        "defragment",
        f"Defragment {member.name}",
        f"{member.name} writes its database into a new, smaller file{_shrinks(member)}. The others are not changed.",
        f"{member.name} does not answer meanwhile{_lasts(member)}, and needs free disk space of the size it uses now."
        + (" It is the leader: do the followers first, or move the leader before." if leads else ""),
        (f"etcdctl --endpoints={_url(member)} defrag --command-timeout=30m",),
        member.name,
        refusals.may_rest(cluster, member),
    )


def defragment_all(cluster: ClusterNow) -> Plan:
    """One member after the other."""
    order = ", ".join(m.name for m in defragment_order(cluster))
    gone = cluster.others_away()
    return Plan(
        "defragment-all",
        "Defragment all members",
        f"One after the other writes its database into a new, smaller file, the leader last: {order}. Before each, all "
        "members are checked again; it stops if one does not answer or is cut off.",
        "A member does not answer while it is defragmented. Clients go to the others; with two members or fewer, "
        "all requests wait. When the leader's turn comes, writes wait, and another leader may be elected.",
        tuple(f"etcdctl --endpoints={_url(m)} defrag --command-timeout=30m" for m in defragment_order(cluster)),
        "defragment all",
        refusals.away(cluster, gone, "no other member can be taken offline") if gone else "",
    )


def defragment_order(cluster: ClusterNow) -> tuple[MemberNow, ...]:
    """Learners and followers, the largest database first, and the leader last."""
    return tuple(sorted(cluster.members, key=lambda m: (m.leader, -(m.status.db_size_bytes if m.status else 0))))


def move_leader(cluster: ClusterNow, member: MemberNow) -> Plan:
    """Hand the lead to another member."""
    leader = cluster.leader
    refusal = ""
    if leader is None:
        refusal = "The cluster has no leader. Bring back a majority of the members first."
    elif leader.id == member.id:
        refusal = f"{member.name} leads already."
    elif member.learner or not member.alive:
        refusal = f"{member.name} is {member.role}: it cannot lead."
    elif not cluster.takes_part(member):
        refusal = f"{cluster.apart(member)} It cannot lead."
    return Plan(
        "move-leader",
        f"Make {member.name} the leader",
        f"{leader.name if leader else 'The leader'} hands over to {member.name} and goes on as a follower.",
        "Writes and linearizable reads wait for well under a second. Nothing is lost.",
        (f"etcdctl --endpoints={_url(leader)} move-leader {member.id_hex}",),
        member.name,
        refusal,
    )


def disarm(cluster: ClusterNow, alarm: Alarm) -> Plan:
    """Put out an alarm."""
    member = cluster.by_id(alarm.member_id)
    name = member.name if member else f"{alarm.member_id:x}"
    space = alarm.kind == "NOSPACE"
    return Plan(
        "disarm",
        f"Disarm {alarm.kind} of {name}",
        "The cluster takes writes again." if space else f"{name} takes requests again.",
        "Make room first: compact, then defragment every member. Otherwise the alarm comes back with the next writes."
        if space
        else f"CORRUPT means that {name}'s data differs from the others'. Disarming repairs nothing: clients of "
        f"{name} may read wrong data. Remove the member and add it again with empty data.",
        ("etcdctl alarm list", "etcdctl alarm disarm"),
        alarm.kind,
        "" if alarm in cluster.alarms else f"The alarm {alarm.kind} of {name} is already disarmed.",
    )


def add_learner(cluster: ClusterNow, peer_url: str, name: str) -> Plan:
    """Add a member that has no vote yet."""
    shown = name or "NEW"
    return Plan(
        "add-learner",
        f"Add {shown} as a learner",
        f"The cluster expects a member at {peer_url}. It gets all data, has no vote, and does not count for the quorum "
        "until it is promoted.",
        "Until it has started, the membership shows a member without a name. Start it with empty data and "
        "--initial-cluster-state=existing, otherwise it creates a cluster of its own.",
        (f"etcdctl member add {shlex.quote(shown)} --peer-urls={shlex.quote(peer_url)} --learner",),
        peer_url,
        refusals.no_peer(cluster, peer_url) or refusals.no_learner(cluster),
    )


def promote(cluster: ClusterNow, member: MemberNow) -> Plan:
    """Give a learner its vote."""
    voters = len(cluster.voters) + 1
    return Plan(
        "promote",
        f"Promote {member.name}",
        f"{member.name} becomes a voter: {voters} voters, of which {majority(voters)} must agree.",
        f"If it then fails, it counts as failed: {_tolerance(voters)}."
        + (" An even number of voters tolerates no more failures than one voter fewer." if voters % 2 == 0 else ""),
        (f"etcdctl member promote {member.id_hex}",),
        member.name,
        refusals.not_ready(cluster, member),
    )


def remove(cluster: ClusterNow, member: MemberNow) -> Plan:
    """Take a member out of the cluster."""
    voters = len(cluster.voters) - (not member.learner)
    return Plan(
        "remove",
        f"Remove {member.name}",
        f"Removes {member.name} permanently: it stops, and its data cannot be reused. "
        f"{voters} voters remain, of which {majority(voters)} must agree.",
        f"Afterwards {_tolerance(voters)}. To return, it must be added again with empty data."
        + (" It is the leader: another is elected first." if member.leader else ""),
        (f"etcdctl member remove {member.id_hex}",),
        member.name,
        refusals.loses_quorum(cluster, member),
    )


def start_flags(cluster: ClusterNow, member: MemberNow, name: str) -> tuple[str, ...]:
    """What a member that was added must be started with, beside its own URLs and TLS files."""
    peers = [f"{m.member.name}={url}" for m in cluster.members if m.member.name for url in m.member.peer_urls]
    peers += [f"{name}={url}" for url in member.member.peer_urls]
    flags = (f"--name={name}", f"--initial-cluster={','.join(peers)}", "--initial-cluster-state=existing")
    return tuple(map(shlex.quote, flags))


def _url(member: MemberNow | None) -> str:
    """Where it answers, for a shell: zsh takes the brackets of IPv6 for a pattern."""
    return shlex.quote(member.url) if member and member.url else "URL"


def _revision(member: MemberNow) -> int:
    return member.status.revision if member.status else 0


def _shrinks(member: MemberNow) -> str:
    status = member.status
    if status is None or status.db_size_in_use_bytes is None:
        return ""
    return f": {size_text(status.db_size_bytes)} now, about {size_text(status.db_size_in_use_bytes)} then"


def _lasts(member: MemberNow) -> str:
    large = member.status is not None and member.status.db_size_bytes > LONG_DATABASE_BYTES
    return ", for minutes, its database being large" if large else ", for seconds"


def _tolerance(voters: int) -> str:
    may_fail = max(0, voters - majority(voters))
    return f"{may_fail} of {voters} voters may fail" if may_fail else "no failure is tolerated"
