"""All members as they are at this moment: what an operation is judged by. Older facts would not do."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from etcdview.errors import EtcdviewError, UnreachableError
from etcdview.models import Alarm, Member, MemberStatus
from etcdview.stores.protocols import Maintainable, MemberProbe

LOOK_SECONDS = 1.0
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class MemberNow:
    """One member. `url` is where it answers, "" where it does not; `trouble` why not, or why it serves no read."""

    member: Member
    url: str = ""
    status: MemberStatus | None = None
    alarms: tuple[Alarm, ...] = ()
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
        """It answers for itself; whether it takes part, the Sight says."""
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
class Sight:
    """The cluster at one moment."""

    members: tuple[MemberNow, ...]

    @property
    def leader(self) -> MemberNow | None:
        """The leader of the highest term; None where nobody leads."""
        leaders = [(m.status.raft_term, m) for m in self.members if m.status is not None and m.leader]
        return max(leaders, key=lambda pair: pair[0])[1] if leaders else None

    @property
    def voters(self) -> tuple[MemberNow, ...]:
        return tuple(m for m in self.members if not m.learner)

    @property
    def revision(self) -> int:
        """The newest revision that any member has; 0 where none answers."""
        return max((m.status.revision for m in self.members if m.status is not None), default=0)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Each alarm once."""
        found = {alarm for m in self.members for alarm in m.alarms}
        return tuple(sorted(found, key=lambda alarm: (alarm.kind, alarm.member_id)))

    def apart(self, member: MemberNow) -> str:
        """Why the member counts for nothing in the cluster now; "" where it takes part.

        Its own word is not enough: a member that is cut off from its peers goes on answering Status.
        """
        if member.status is None:
            return f"{member.name} does not answer."
        leader = self.leader
        if leader is None or leader.status is None:
            return "Nobody leads."
        if (member.status.leader_id, member.status.raft_term) != (leader.id, leader.status.raft_term):
            return f"{member.name} answers, but does not follow {leader.name}: it is cut off from its peers."
        if member.problem:
            return f"{member.name} answers, but cannot read what the others agreed on: {member.problem}"
        return ""

    def takes_part(self, member: MemberNow) -> bool:
        """Whether it counts: it follows the leader in the leader's term, and serves linearizable reads."""
        return not self.apart(member)

    def by_id(self, member_id: int) -> MemberNow | None:
        """The member; None where there is none with that ID."""
        return next((m for m in self.members if m.id == member_id), None)

    def others_away(self, member: MemberNow | None = None) -> tuple[MemberNow, ...]:
        """Members that do not take part, `member` left out."""
        return tuple(m for m in self.members if not self.takes_part(m) and (member is None or m.id != member.id))


def look(store: Maintainable) -> Sight:
    """Ask every member, all at once. Raises EtcdviewError where not even the membership can be read."""
    membership = store.members()
    with ThreadPoolExecutor(_AT_ONCE, "etcdview-look") as pool:
        given = list(pool.map(lambda url: _ask(store, url), store.endpoints))
        found = {answer.status.member_id: answer for answer in given if answer.status is not None}
        missing = [m for m in membership.members if m.id not in found]
        rest = pool.map(lambda member: _ask_any(store, member), missing)
        found |= {member.id: answer for member, answer in zip(missing, rest, strict=True)}
    return Sight(tuple(_now(member, found[member.id]) for member in membership.members))


@dataclass(frozen=True, slots=True)
class _Answer:
    url: str
    status: MemberStatus | None = None
    alarms: tuple[Alarm, ...] = ()
    problem: str = ""


def _ask(store: Maintainable, url: str) -> _Answer:
    try:
        probe = store.probe(url)
    except EtcdviewError as error:
        return _Answer(url, problem=error.what)
    try:
        status = probe.status(LOOK_SECONDS)
        return _Answer(url, status, _alarms(status), "" if status.learner else _unread(probe))
    except EtcdviewError as error:
        return _Answer(url, problem=error.what)
    finally:
        probe.close()


def _unread(probe: MemberProbe) -> str:
    """Why the member serves no linearizable read; "" where it does. A learner never does.

    Status is answered from memory, by a member without peers and by one that is being defragmented too.
    """
    try:
        probe.read(LOOK_SECONDS, serializable=False)
    except UnreachableError as error:
        return error.what
    except EtcdviewError:  # etcd permits no read, or knows no such: nothing against the member
        return ""
    return ""


def _ask_any(store: Maintainable, member: Member) -> _Answer:
    """By the addresses that the member advertises, the first that is its own."""
    answer = _Answer("", problem="It advertises no client URL: it has never started.")
    for url in member.client_urls:
        answer = _ask(store, url)
        if answer.status is not None and answer.status.member_id == member.id:
            return answer
        if answer.status is not None:
            answer = _Answer(url, problem=f"Another member answers at {url}.")
    return answer


def _now(member: Member, answer: _Answer) -> MemberNow:
    if answer.status is None:
        return MemberNow(member, problem=answer.problem)
    return MemberNow(member, answer.url, answer.status, answer.alarms, answer.problem)


def _alarms(status: MemberStatus) -> tuple[Alarm, ...]:
    """The alarms among a Status answer's errors: `memberID:123 alarm:NOSPACE `, as etcd 3.4 and later put them."""
    return tuple(alarm for text in status.errors for alarm in _alarm(text))


def _alarm(text: str) -> Iterable[Alarm]:
    fields = dict(part.split(":", 1) for part in text.split() if ":" in part)
    if fields.get("alarm", "NONE") != "NONE" and fields.get("memberID", "").isdecimal():
        yield Alarm(int(fields["memberID"]), fields["alarm"])
