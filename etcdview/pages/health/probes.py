"""Every probe of every endpoint, and its answer: rows and cells of the health page's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from etcdview.health.facts import (
    NOT_PERMITTED,
    ClusterFacts,
    EndpointFacts,
    MemberFacts,
    Probe,
    Problem,
    alarms_in,
)
from etcdview.health.metrics import Histogram, MetricFacts

Tone = Literal["good", "bad", "warning", "quiet"]

# The questions, in the order in which a row answers them: what stands above the column, and what it proves.
QUESTIONS = (
    ("TCP", "The machine is up, and something listens on the port"),
    ("TLS", "Duration and version of the handshake"),
    ("Status", "The member answers from its own memory; proves nothing about quorum"),
    ("Serializable read", "It reads its own data; proves that the process works"),
    ("Linearizable read", "A majority agreed to it: proves quorum"),
    ("Members", "The member list"),
    ("Alarms", "Alarms that this member knows"),
    ("HashKV", "The hash of all its data, compared at one revision; checked rarely, because it reads everything"),
    ("/health", "What it reports over HTTP on the client port"),
    ("/metrics", "Its own metrics"),
)
UNSUPPORTED = "not supported by this server"

# Few enough words for a cell; the whole sentence stands below the row.
_SHORT = {
    "DeadlineError": "no answer",
    "RefusedError": "refused",
    "ResolveError": "unknown host",
    "DeniedError": "denied",
    "NotPermittedError": "denied",
    "NoQuorumError": "no quorum",
    "UnsupportedError": UNSUPPORTED,
    "ClientCertificateError": "client certificate refused",
    "UntrustedError": "untrusted",
    "ValidityError": "expired",
    "NameMismatchError": "wrong name",
    "SchemeError": "http and https mixed",
    "TlsError": "TLS failed",
}
_NONE = (None, "")


@dataclass(frozen=True, slots=True)
class Answer:
    """A cell: a tone that has a sign, the time it took if it was answered, and a few words."""

    tone: Tone
    text: str = ""
    seconds: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One endpoint. `kind` says how it is known; `problems` are sentences about what failed, with their remedies."""

    member: str
    url: str
    kind: str
    healthy: bool
    answers: tuple[Answer, ...]
    problems: tuple[Problem, ...]

    @property
    def address(self) -> str:
        """Host and port."""
        return self.url.partition("://")[2]


@dataclass(frozen=True, slots=True)
class CounterRow:
    """What a member counts of itself. Times are seconds, p99 of the last two minutes where two samples are there.

    None is what its release does not tell, or what could not be read.
    """

    member: str
    at: datetime | None
    fsync_p99: float | None = None
    commit_p99: float | None = None
    peer_p99: float | None = None
    leader_changes: int | None = None
    pending: int | None = None
    failed: int | None = None
    slow_applies: int | None = None
    slow_reads: int | None = None
    watchers: int | None = None
    keys: int | None = None
    open_fds: int | None = None
    max_fds: int | None = None


def probe_rows(facts: ClusterFacts) -> tuple[ProbeRow, ...]:
    """A row for each endpoint, by member."""
    return tuple(_row(m, e) for m in facts.members for e in m.endpoints)


def counter_rows(facts: ClusterFacts) -> tuple[CounterRow, ...]:
    """A row for each member whose metrics were read; none where no member serves them."""
    return tuple(_counters(m) for m in facts.members if m.metrics is not None)


def _row(member: MemberFacts, endpoint: EndpointFacts) -> ProbeRow:
    return ProbeRow(
        member=member.name,
        url=endpoint.url,
        kind=_kind(endpoint),
        healthy=member.healthy,
        answers=_answers(member, endpoint),
        problems=_problems(endpoint),
    )


def _kind(endpoint: EndpointFacts) -> str:
    if endpoint.given and endpoint.advertised:
        return "given and advertised"
    return "given" if endpoint.given else "advertised"


def _answers(member: MemberFacts, endpoint: EndpointFacts) -> tuple[Answer, ...]:
    wire = endpoint.wire
    read = endpoint.read
    is_learner = member.learner and read.at is None and endpoint.status.ok
    return (
        _tcp(endpoint),
        _tls(endpoint),
        _answer(endpoint.status),
        _read(endpoint.local_read),
        Answer("quiet", "a learner does not serve it") if is_learner else _read(read),
        _answer(endpoint.membership),
        _alarms(endpoint),
        _hash(endpoint),
        _health(endpoint),
        _answer(wire.metrics),
    )


def _answer(probe: Probe[Any], text: str = "") -> Answer:
    if probe.problem is not None:
        tone: Tone = "quiet" if probe.problem.unsupported else "bad"
        return Answer(tone, _SHORT.get(probe.problem.kind, "failed"), at=probe.at)
    if probe.value is None:
        return Answer("quiet", "not asked")
    return Answer("good", text, probe.latency_seconds, probe.at)


def _read(probe: Probe[int]) -> Answer:
    """A read that got as far as the permissions proves what the probe is for."""
    if probe.problem is not None and probe.problem.kind == NOT_PERMITTED:
        return Answer("good", "key denied", probe.latency_seconds, probe.at)
    return _answer(probe)


def _tcp(endpoint: EndpointFacts) -> Answer:
    """A handshake that failed in TLS did connect; which of the two it was, its problem says."""
    probe = endpoint.wire.handshake
    if probe.value is not None:
        return Answer("good", "", probe.value.tcp_seconds, probe.at)
    if probe.problem is not None and probe.problem.kind == "TlsError":
        return Answer("good", "connects", at=probe.at)
    return _answer(probe)


def _tls(endpoint: EndpointFacts) -> Answer:
    probe = endpoint.wire.handshake
    if probe.value is None:
        is_tls = probe.problem is not None and probe.problem.kind == "TlsError"
        return _answer(probe) if is_tls else Answer("quiet", "not asked")
    if probe.value.tls_seconds is None:
        return Answer("warning", "plain http", at=probe.at)
    return Answer("good", probe.value.tls_version, probe.value.tls_seconds, probe.at)


def _alarms(endpoint: EndpointFacts) -> Answer:
    """Status names them for nothing; the Alarm call is made only where somebody wants it."""
    if endpoint.status.value is None:
        return Answer("quiet", "not asked")
    raised = {a.kind for a in alarms_in(endpoint.status.value)}
    return Answer("bad", " ".join(sorted(raised))) if raised else Answer("good", "none", at=endpoint.status.at)


def _hash(endpoint: EndpointFacts) -> Answer:
    value = endpoint.hash.value
    if value is None:
        return _answer(endpoint.hash)
    text = f"{value.hash:08x} at rev {value.revision:,}"
    # Compared every ten minutes: of a member that is silent now, it was heard before.
    return _answer(endpoint.hash, text) if endpoint.status.ok else Answer("quiet", f"was {text}", at=endpoint.hash.at)


def _health(endpoint: EndpointFacts) -> Answer:
    probe = endpoint.wire.health
    if probe.value is None or probe.value.healthy:
        return _answer(probe, "true" if probe.value else "")
    return Answer("bad", "false", probe.latency_seconds, probe.at)


def _problems(endpoint: EndpointFacts) -> tuple[Problem, ...]:
    wire = endpoint.wire
    reads = () if endpoint.agreed else (endpoint.local_read, endpoint.read)
    probes: tuple[Probe[Any], ...] = (
        endpoint.status,
        *reads,
        endpoint.membership,
        endpoint.hash,
        wire.handshake,
        wire.health,
        wire.metrics,
    )
    problems = dict.fromkeys(p.problem for p in probes if p.problem is not None)
    said = wire.health.value
    if said is not None and not said.healthy and said.reason not in _NONE:
        problems[Problem("HealthFalse", f"{endpoint.url}/health says: {said.reason}.")] = None
    return tuple(problems)


def _counters(member: MemberFacts) -> CounterRow:
    endpoint = next(e for e in member.endpoints if e.wire.metrics.value is not None)
    reported = endpoint.wire.metrics.value or MetricFacts()
    before = endpoint.metrics_before.value or MetricFacts()
    trips = [_recent(h, before.peer_round_trip.get(peer, Histogram())) for peer, h in reported.peer_round_trip.items()]
    return CounterRow(
        member=member.name,
        at=endpoint.wire.metrics.at,
        fsync_p99=_recent(reported.fsync, before.fsync),
        commit_p99=_recent(reported.commit, before.commit),
        peer_p99=max((t for t in trips if t is not None), default=None),
        leader_changes=_whole(reported.leader_changes),
        pending=_whole(reported.proposals_pending),
        failed=_whole(reported.proposals_failed),
        slow_applies=_whole(reported.slow_applies),
        slow_reads=_whole(reported.slow_reads),
        watchers=_whole(reported.watchers),
        keys=_whole(reported.keys),
        open_fds=_whole(reported.open_fds),
        max_fds=_whole(reported.max_fds),
    )


def _recent(reported: Histogram, before: Histogram) -> float | None:
    """The 99th percentile lately; of all since the start where nothing happened lately."""
    lately = reported.since(before)
    return (lately if lately.count else reported).quantile(0.99)


def _whole(counted: float | None) -> int | None:
    return None if counted is None else int(counted)
