"""All members as they are at this moment: what an operation is judged by. Older facts would not do."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.errors import DeniedError, EtcdviewError, RefusedError, UnreachableError
from etcdview.health.facts import ClusterFacts, EndpointFacts, MemberFacts
from etcdview.health.once import facts_now
from etcdview.health.probes.probing import ProbeSource
from etcdview.models import Alarm, Member, MemberStatus


@dataclass(frozen=True, slots=True)
class MemberNow:
    """One member. `url` is where it answers, "" where it does not; `problem` why not, or why it serves no read."""

    member: Member
    url: str = ""
    status: MemberStatus | None = None
    problem: str = ""

    @property
    def id(self) -> int:
        return self.member.id

    @property
    def id_hex(self) -> str:
        """As etcdctl prints it."""
        return f"{self.member.id:x}"

    @property
    def name(self) -> str:
        """Its name; its ID for one that has never started, which has no name yet."""
        return self.member.name or self.id_hex

    @property
    def alive(self) -> bool:
        """It answers for itself; whether it takes part, ClusterNow says."""
        return self.status is not None

    @property
    def learner(self) -> bool:
        return self.member.learner

    @property
    def leader(self) -> bool:
        return self.status is not None and self.status.leader_id == self.member.id

    @property
    def role(self) -> str:
        """leader, follower, learner, or down."""
        if not self.alive:
            return "down" if self.member.name else "not started"
        return "learner" if self.learner else "leader" if self.leader else "follower"


@dataclass(frozen=True, slots=True)
class ClusterNow:
    """The cluster at one moment; `alarms` holds each alarm once."""

    members: tuple[MemberNow, ...]
    alarms: tuple[Alarm, ...] = ()

    @property
    def leader(self) -> MemberNow | None:
        """The leader of the highest term; None where no member leads."""
        leaders = [(m.status.raft_term, m) for m in self.members if m.status is not None and m.leader]
        return max(leaders, key=lambda pair: pair[0])[1] if leaders else None

    @property
    def voters(self) -> tuple[MemberNow, ...]:
        return tuple(m for m in self.members if not m.learner)

    @property
    def revision(self) -> int:
        """The newest revision that any member has; 0 where none answers."""
        return max((m.status.revision for m in self.members if m.status is not None), default=0)

    def apart(self, member: MemberNow) -> str:
        """Why the member counts for nothing in the cluster now; "" where it takes part.

        Its own word is not enough: a member that is cut off from its peers goes on answering Status.
        """
        if member.status is None:
            return f"{member.name} does not answer."
        leader = self.leader
        if leader is None or leader.status is None:
            return "The cluster has no leader."
        if (member.status.leader_id, member.status.raft_term) != (leader.id, leader.status.raft_term):
            return f"{member.name} answers but does not follow {leader.name}: it is cut off from its peers."
        if member.problem:
            return f"{member.name} answers but linearizable reads through it fail: {member.problem}"
        return ""

    def takes_part(self, member: MemberNow) -> bool:
        """Whether it counts: it follows the leader in the leader's term, and serves linearizable reads."""
        return not self.apart(member)

    def by_id(self, member_id: int) -> MemberNow | None:
        """The member; None where no member has that ID."""
        return next((m for m in self.members if m.id == member_id), None)

    def others_away(self, member: MemberNow | None = None) -> tuple[MemberNow, ...]:
        """Members that do not take part, `member` left out."""
        return tuple(m for m in self.members if not self.takes_part(m) and (member is None or m.id != member.id))


def look(source: ProbeSource) -> ClusterNow:
    """Ask every member, all at once. Raises EtcdviewError where not even the membership can be read."""
    return judged(facts_now(source))


def judged(facts: ClusterFacts) -> ClusterNow:
    """What one round of health's probes says of the members. Raises as `look`."""
    if facts.membership is None or not facts.membership_fresh:
        raise _unknown(facts)
    return ClusterNow(tuple(_now(m.member, m) for m in facts.members if m.member is not None), facts.alarms)


def _now(member: Member, facts: MemberFacts) -> MemberNow:
    endpoint = facts.endpoint
    if endpoint.status.value is None:
        return MemberNow(member, problem=_silence(member, endpoint))
    return MemberNow(member, endpoint.url, endpoint.status.value, _unread(endpoint))


def _silence(member: Member, endpoint: EndpointFacts) -> str:
    """Why the member does not answer."""
    if endpoint.problem is not None:
        return endpoint.problem.what
    if not member.client_urls:
        return "It advertises no client URL: it has never started."
    return f"It does not answer at {', '.join(member.client_urls)}."


def _unread(endpoint: EndpointFacts) -> str:
    """Why the member serves no linearizable read; "" where it does. A learner never does.

    Status is answered from memory, by a member without peers and by one that is being defragmented too.
    """
    problem = endpoint.read.problem
    if endpoint.agreed or problem is None or problem.unsupported or problem.denied:
        return ""  # where etcd permits no read, or knows no such, that is nothing against the member
    return problem.what


def _unknown(facts: ClusterFacts) -> EtcdviewError:
    """The error that says why the membership cannot be read."""
    probes = [probe for m in facts.members for e in m.endpoints for probe in (e.status, e.membership)]
    problems = [probe.problem for probe in probes if probe.problem is not None]
    denied = next((p for p in problems if p.denied), None)
    if denied is not None:
        return DeniedError(denied.what, denied.remedy)
    what = " ".join(dict.fromkeys(p.what for p in problems)) or "No endpoint answered."
    if problems and all(p.kind == "RefusedError" for p in problems):
        return RefusedError(what, problems[0].remedy)
    remedies = tuple(dict.fromkeys(p.remedy for p in problems if p.remedy))
    return UnreachableError(
        what, remedies[0] if len(remedies) == 1 else "`etcdview doctor` finds out why, step by step."
    )
