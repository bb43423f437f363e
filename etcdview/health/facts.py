"""What one round of probes saw, as frozen dataclasses; nothing here knows how it was fetched.

A probe has a value or a problem. One that failed, or was not made, is unknown, never healthy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from etcdview.errors import EtcdviewError
from etcdview.health.metrics import MetricFacts
from etcdview.models import Alarm, KvHash, Member, Membership, MemberStatus

T = TypeVar("T")
QuorumState = Literal["has", "lost", "unknown"]
Role = Literal["leader", "follower", "learner", "unknown"]

NOT_PERMITTED = "NotPermittedError"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a probe has no value. `kind` is the class of the error that it was, for rules and tests."""

    kind: str
    what: str
    remedy: str = ""

    @classmethod
    def of(cls, error: EtcdviewError) -> Problem:
        return cls(type(error).__name__, error.what, error.remedy)

    @property
    def unsupported(self) -> bool:
        """Whether the server does not have the call at all: no sign of ill health."""
        return self.kind == "UnsupportedError"

    @property
    def denied(self) -> bool:
        """Whether etcd answered, and did not let us: for want of a login, or of the permission for that key."""
        return self.kind in ("DeniedError", NOT_PERMITTED)


@dataclass(frozen=True, slots=True)
class Probe(Generic[T]):
    """One question to one endpoint, sent at `at` (None: not sent): a value, or a problem."""

    value: T | None = None
    problem: Problem | None = None
    latency_seconds: float = 0.0
    at: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether it was answered."""
        return self.value is not None

    @property
    def failed(self) -> bool:
        """Whether it was sent and not answered; not so for what the server does not support."""
        return self.problem is not None and not self.problem.unsupported


@dataclass(frozen=True, slots=True)
class Handshake:
    """How connecting went: TCP, and for https TLS, with the certificate that the member presents (DER).

    `chain_der` are those that it sends with it: claims, and no reason to trust it.
    """

    url: str
    tcp_seconds: float
    tls_seconds: float | None = None
    tls_version: str = ""
    cipher: str = ""
    certificate_der: bytes = b""
    chain_der: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpHealth:
    """What /health says. `clock_ahead_seconds`: its clock before ours, to half a second; None if it tells none."""

    healthy: bool
    reason: str = ""
    clock_ahead_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class WireFacts:
    """What the client port shows apart from gRPC; read less often than the rest."""

    handshake: Probe[Handshake] = field(default_factory=Probe)
    health: Probe[HttpHealth] = field(default_factory=Probe)
    metrics: Probe[MetricFacts] = field(default_factory=Probe)


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """One client URL, probed over a connection of its own.

    `given`: by the settings; `advertised`: by a member, in the membership.
    `read` is linearizable and proves quorum; `local_read` is serializable and proves that the member lives.
    `hash` and `wire` may be of an earlier round; `metrics_before` is the sample a minute or two older than wire's.
    """

    url: str
    given: bool = False
    advertised: bool = False
    status: Probe[MemberStatus] = field(default_factory=Probe)
    read: Probe[int] = field(default_factory=Probe)
    local_read: Probe[int] = field(default_factory=Probe)
    membership: Probe[Membership] = field(default_factory=Probe)
    hash: Probe[KvHash] = field(default_factory=Probe)
    wire: WireFacts = field(default_factory=WireFacts)
    metrics_before: Probe[MetricFacts] = field(default_factory=Probe)

    @property
    def probed(self) -> bool:
        """Whether the endpoint was probed in this round."""
        return self.status.at is not None or self.status.problem is not None

    @property
    def denied(self) -> bool:
        """Whether etcd answers that it does not let us ask: no sign of ill health, and it lives."""
        return any(p.problem is not None and p.problem.denied for p in (self.status, self.local_read, self.read))

    @property
    def denial(self) -> Problem | None:
        """What etcd said when it did not let us in for want of a login; newer releases deny Status as well."""
        problems = (p.problem for p in (self.status, self.local_read, self.read))
        return next((t for t in problems if t is not None and t.kind == "DeniedError"), None)

    @property
    def agreed(self) -> bool:
        """Whether our linearizable read got the members to agree.

        It did also where etcd does not permit this user the key: etcd looks at that only once a majority has
        confirmed the read (Range in v3_server.go), and `etcdctl endpoint health` counts it as healthy too.
        """
        return _answered(self.read)

    @property
    def in_quorum(self) -> bool:
        """Whether a linearizable read succeeds here: ours, or where that is denied the member's own."""
        own = self.wire.health.value
        read_denied = self.read.problem is not None and self.read.problem.denied
        return self.agreed or (read_denied and own is not None and own.healthy)

    @property
    def problem(self) -> Problem | None:
        """The first thing that went wrong here, as exactly as it is known; None where nothing did."""
        probes = (self.status, self.local_read, self.read)
        first = next((p.problem for p in probes if p.failed), None)
        recent = self.wire.handshake.at and self.status.at and self.wire.handshake.at >= self.status.at
        shaken = self.wire.handshake.problem if recent else None
        vague = first is not None and first.kind in ("UnreachableError", "DeadlineError")
        return shaken if vague and shaken is not None else first


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A member and the endpoints that lead to it, the best answering first.

    `member` is None for an endpoint that does not answer and that no member advertises: whose it is, is not known.
    """

    member: Member | None
    endpoints: tuple[EndpointFacts, ...]

    @property
    def endpoint(self) -> EndpointFacts:
        """The endpoint that answers best; of an unstarted member, one without an address."""
        return self.endpoints[0] if self.endpoints else EndpointFacts("")

    @property
    def status(self) -> MemberStatus | None:
        return self.endpoint.status.value

    @property
    def id(self) -> int:
        """The member's ID; 0 where it is not known."""
        if self.member is not None:
            return self.member.id
        return self.status.member_id if self.status else 0

    @property
    def id_hex(self) -> str:
        """The ID as etcdctl prints it; empty where it is not known."""
        return f"{self.id:x}" if self.id else ""

    @property
    def name(self) -> str:
        """The member's name, else its address, else its ID."""
        if self.member is not None and self.member.name:
            return self.member.name
        return self.endpoint.url.partition("://")[2] or self.id_hex

    @property
    def peer_urls(self) -> tuple[str, ...]:
        return self.member.peer_urls if self.member else ()

    @property
    def client_urls(self) -> tuple[str, ...]:
        return self.member.client_urls if self.member else tuple(e.url for e in self.endpoints)

    @property
    def learner(self) -> bool:
        return (self.member is not None and self.member.learner) or (self.status is not None and self.status.learner)

    @property
    def started(self) -> bool:
        """False for a member that was added and has never joined: it has no name yet."""
        return self.member is None or bool(self.member.name)

    @property
    def is_leader(self) -> bool:
        return self.status is not None and self.status.leader_id == self.status.member_id != 0

    @property
    def role(self) -> Role:
        if self.learner:
            return "learner"
        if self.status is None or not self.status.leader_id:
            return "unknown"
        return "leader" if self.is_leader else "follower"

    @property
    def probed(self) -> bool:
        """Whether any endpoint of the member was probed in this round."""
        return any(e.probed for e in self.endpoints)

    @property
    def alive(self) -> bool:
        """Whether it answers from its own memory; says nothing about quorum."""
        return any(e.status.ok or e.local_read.ok or e.read.ok or e.denied for e in self.endpoints)

    @property
    def healthy(self) -> bool:
        """Whether a linearizable read through this very member succeeds; of a learner, which has none, a local one."""
        if self.learner:
            return any(_answered(e.local_read) for e in self.endpoints)
        return any(e.in_quorum for e in self.endpoints)

    @property
    def metrics(self) -> MetricFacts | None:
        """Its own metrics, as last read; None where it was not."""
        return next((e.wire.metrics.value for e in self.endpoints if e.wire.metrics.value), None)

    @property
    def quota_bytes(self) -> int | None:
        """The limit of its database file: from Status since etcd 3.6, else from its metrics; None where unknown."""
        if self.status is not None and self.status.quota_bytes:
            return self.status.quota_bytes
        reported = self.metrics.quota_bytes if self.metrics else None
        return int(reported) if reported else None

    @property
    def latency_seconds(self) -> float | None:
        """How long the read took that `healthy` rests on; None where it failed."""
        probe = self.endpoint.local_read if self.learner else self.endpoint.read
        return probe.latency_seconds if _answered(probe) else None

    @property
    def problem(self) -> Problem | None:
        """Why it is not healthy; None where it is."""
        return None if self.healthy else self.endpoint.problem


@dataclass(frozen=True, slots=True)
class Quorum:
    """Whether a majority of the voters can agree, proved by a linearizable read.

    `answering` of `voters` answer for themselves, `agreeing` of them serve linearizable reads; `majority` of them are
    needed.
    """

    state: QuorumState
    voters: int
    answering: int
    majority: int
    agreeing: int = 0

    @property
    def may_fail(self) -> int:
        """How many more voters may fail before quorum is lost; one that is cut off has failed already."""
        return max(0, self.agreeing - self.majority) if self.state == "has" else 0


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """All members as one round saw them; `at` is when the round ended, and took `round_seconds`.

    `membership` is the newest that could be read, None if none ever was; it is of an earlier round where not
    `membership_fresh`.
    """

    at: datetime
    members: tuple[MemberFacts, ...]
    quorum: Quorum
    membership: Membership | None = None
    membership_fresh: bool = True
    round_seconds: float = 0.0

    @property
    def voters(self) -> tuple[MemberFacts, ...]:
        return tuple(m for m in self.members if m.member is not None and not m.learner)

    @property
    def leader(self) -> MemberFacts | None:
        """The member that says it leads in the highest term; None where none does."""
        leaders = [(m.status.raft_term, m) for m in self.members if m.status and m.is_leader]
        return max(leaders, key=lambda pair: pair[0])[1] if leaders else None

    @property
    def has_raft(self) -> bool:
        """False where all that answers has no ID: kine has one database, and no members that agree."""
        ids = [s.has_raft for m in self.members if (s := m.status) is not None]
        listed = self.membership is not None and bool(self.membership.cluster_id)
        return listed or any(ids) or (self.membership is None and not ids)

    @property
    def cluster_id(self) -> int:
        """The cluster's ID; 0 where it is not known."""
        if self.membership is not None:
            return self.membership.cluster_id
        return next((m.status.cluster_id for m in self.members if m.status), 0)

    @property
    def revision(self) -> int:
        """The newest revision that any member has; 0 where none answers."""
        return max((m.status.revision for m in self.members if m.status), default=0)

    @property
    def common_revision(self) -> int:
        """The newest revision that every member that answers has; 0 where none answers."""
        return min((m.status.revision for m in self.members if m.status), default=0)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Alarms that any member knows of, each once."""
        return tuple(sorted({a for m in self.members for a in _alarms(m)}, key=lambda a: (a.kind, a.member_id)))


def _answered(read: Probe[int]) -> bool:
    """Whether a read was served, up to the point where etcd looks whether this user may have the key."""
    return read.ok or (read.problem is not None and read.problem.kind == NOT_PERMITTED)


def _alarms(member: MemberFacts) -> tuple[Alarm, ...]:
    return tuple(a for e in member.endpoints for a in alarms_in(e.status.value))


def alarms_in(status: MemberStatus | None) -> tuple[Alarm, ...]:
    """The alarms that a Status answer names among its errors (etcd 3.4 and later).

    Each is a pb.AlarmMember as text, such as `memberID:10276657743932975437 alarm:NOSPACE`. Asking for them so costs
    the cluster nothing; the Alarm call, even to list, goes through raft.
    """
    if status is None:
        return ()
    return tuple(alarm for alarm in map(_alarm, status.errors) if alarm is not None)


def _alarm(text: str) -> Alarm | None:
    fields = dict(part.split(":", 1) for part in text.split() if ":" in part)
    kind = fields.get("alarm", "")
    if not kind or kind == "NONE":
        return None
    member = fields.get("memberID", "")
    return Alarm(int(member) if member.isdecimal() and len(member) <= 20 else 0, kind)
