"""Verdict, findings and members as Prometheus metrics, so that alerts can be built on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import get_args

from prometheus_client.core import GaugeMetricFamily

from etcdview.health.facts import MemberFacts
from etcdview.health.findings import Severity, Status
from etcdview.health.metrics import MetricFacts
from etcdview.health.monitor import Report
from etcdview.models import MemberStatus

_MEMBER = ("member", "id")

_OfMember = Callable[[MemberFacts], float | None]


def _said(of: Callable[[MemberStatus], float | None]) -> _OfMember:
    return lambda member: of(member.status) if member.status else None


def _counted(of: Callable[[MetricFacts], float | None]) -> _OfMember:
    return lambda member: of(member.metrics) if member.metrics else None


def _tls_seconds(member: MemberFacts) -> float | None:
    handshake = member.endpoint.wire.handshake.value
    return handshake.tls_seconds if handshake else None


_OF_MEMBER: tuple[tuple[str, str, _OfMember], ...] = (
    ("up", "Whether the member answers from its own memory.", lambda m: m.alive if m.probed else None),
    ("healthy", "Whether a linearizable read through the member succeeds.", lambda m: m.healthy if m.probed else None),
    ("learner", "Whether the member is a learner.", lambda m: m.learner),
    ("leader", "Whether the member leads.", lambda m: m.is_leader if m.status else None),
    ("read_seconds", "How long a linearizable read through the member took.", lambda m: m.latency_seconds),
    ("quota_bytes", "At which size the member refuses writes.", lambda m: m.quota_bytes),
    ("db_size_bytes", "Size of the member's database file.", _said(lambda s: s.db_size_bytes)),
    ("db_size_in_use_bytes", "How much of the database file is in use.", _said(lambda s: s.db_size_in_use_bytes)),
    ("raft_term", "The raft term that the member is in.", _said(lambda s: s.raft_term)),
    ("raft_index", "The newest entry of the member's log.", _said(lambda s: s.raft_index)),
    ("raft_applied_index", "The newest entry that the member has applied.", _said(lambda s: s.raft_applied_index)),
    ("revision", "The newest revision that the member has.", _said(lambda s: s.revision)),
    ("fsync_p99_seconds", "99th percentile of WAL fsync since its start.", _counted(lambda m: m.fsync.quantile(0.99))),
    ("commit_p99_seconds", "99th percentile of commits since its start.", _counted(lambda m: m.commit.quantile(0.99))),
    ("watchers", "Open watchers at the member.", _counted(lambda m: m.watchers)),
    ("tls_handshake_seconds", "How long the TLS handshake took.", _tls_seconds),
)


def families(report: Report) -> Iterator[GaugeMetricFamily]:
    """The report as gauges; what is not known, or not any more, has no sample."""
    verdict = report.verdict
    yield _family("etcdview_verdict", "The verdict: 1 for the one that holds.", ("verdict",), _one_of(verdict.status))
    counts = ((s, sum(f.severity == s for f in verdict.findings)) for s in get_args(Severity))
    yield _family("etcdview_findings", "Findings by severity.", ("severity",), (((s,), float(n)) for s, n in counts))
    each = {(f.id, f.severity, f.member): 1.0 for f in verdict.findings}
    yield _family(
        "etcdview_finding", "1 for each finding that stands.", ("finding", "severity", "member"), each.items()
    )
    ends: dict[tuple[str, ...], float] = {}
    for entry in report.certificates.entries:  # the first to expire comes first, and counts where a file holds several
        for object_key in entry.places:
            ends.setdefault((entry.name, object_key.where), entry.certificate.ends.timestamp())
    help_text = "When the certificate expires."
    yield _family("etcdview_certificate_expires_timestamp_seconds", help_text, ("name", "where"), ends.items())
    facts = report.facts
    if facts is None:
        return
    yield _gauge("etcdview_facts_age_seconds", "How old the facts are that all this rests on.", report.age_seconds)
    yield _gauge("etcdview_round_seconds", "How long the last round of probes took.", facts.round_seconds)
    if report.stale:
        return
    quorum = facts.quorum
    if quorum.state != "unknown":
        yield _gauge("etcdview_quorum", "Whether the voters have a quorum.", float(quorum.state == "has"))
        yield _gauge("etcdview_voters_may_fail", "How many more voters may fail.", float(quorum.may_fail))
    yield _gauge("etcdview_voters", "How many voters the membership lists.", float(quorum.voters))
    yield _gauge("etcdview_voters_answering", "How many voters answer.", float(quorum.answering))
    for name, help_text, of in _OF_MEMBER:
        samples = (((m.name, m.id_hex), of(m)) for m in facts.members)
        reported = [(labels, float(value)) for labels, value in samples if value is not None]
        yield _family(f"etcdview_member_{name}", help_text, _MEMBER, reported)


def _family(
    name: str, help_text: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def _one_of(status: Status) -> Iterator[tuple[tuple[str, ...], float]]:
    return (((each,), float(each == status)) for each in get_args(Status))
