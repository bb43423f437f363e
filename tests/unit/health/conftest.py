"""Facts built by hand: a healthy cluster of three, and ways to bend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from etcdview.health.assemble import assemble
from etcdview.health.certificate_inventory import CertificateEntry, CertificateInventory, Location
from etcdview.health.facts import ClusterFacts, EndpointFacts, Handshake, HttpHealth, Probe, Problem, WireFacts
from etcdview.health.history import History, MemberSample, Sample
from etcdview.health.metrics import Histogram, MetricFacts
from etcdview.health.rules import RuleContext
from etcdview.models import KvHash, Member, Membership, MemberStatus
from etcdview.tls.certificates import Certificate

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
CLUSTER_ID = 0xCDF818194E3A8C32
SILENT = Problem("DeadlineError", "https://10.0.0.9:2379 did not answer within 1 s.", "Look at the member.")
BOUNDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, float("inf"))


def ok(value: Any, latency: float = 0.002, at: datetime = NOW) -> Probe[Any]:
    return Probe(value, latency_seconds=latency, at=at)


def failed(problem: Problem = SILENT) -> Probe[Any]:
    return Probe(problem=problem, latency_seconds=1.0, at=NOW)


def member(number: int, **changes: Any) -> Member:
    host = f"10.0.0.{number}"
    made = Member(
        id=0xA0 + number,
        name=f"cp{number}",
        peer_urls=(f"https://{host}:2380",),
        client_urls=(f"https://{host}:2379",),
    )
    return replace(made, **changes)


def status(number: int, **changes: Any) -> MemberStatus:
    made = MemberStatus(
        cluster_id=CLUSTER_ID,
        member_id=0xA0 + number,
        revision=1201,
        version="3.6.16",
        db_size_bytes=20_000_000,
        leader_id=0xA1,
        raft_term=3,
        raft_index=5000,
        raft_applied_index=5000,
        db_size_in_use_bytes=15_000_000,
        storage_version="3.6.0",
        quota_bytes=2_147_483_648,
        downgrade_enabled=False,
    )
    return replace(made, **changes)


def histogram(counts: dict[float, float]) -> Histogram:
    """Observations given as {seconds: how many}, in etcd's buckets."""
    return Histogram(BOUNDS, tuple(sum(n for s, n in counts.items() if s <= bound) for bound in BOUNDS))


def metrics(**changes: Any) -> MetricFacts:
    made = MetricFacts(
        fsync=histogram({0.0015: 1000}),
        commit=histogram({0.003: 1000}),
        peer_round_trip={"a2": histogram({0.001: 50})},
        quota_bytes=2_147_483_648,
        leader_changes=1,
        proposals_committed=10_000,
        proposals_failed=0,
        proposals_pending=0,
        slow_applies=0,
        heartbeat_send_failures=0,
        open_fds=60,
        max_fds=1024,
        started_at=NOW.timestamp() - 86_400,
    )
    return replace(made, **changes)


def wire(**changes: Any) -> WireFacts:
    """What a healthy client port shows; `health` and `metrics` are values, not probes."""
    return WireFacts(
        handshake=ok(Handshake("https://10.0.0.1:2379", 0.0002, 0.003, "TLSv1.3", "TLS_AES_128_GCM_SHA256")),
        health=ok(changes.get("health", HttpHealth(True, clock_ahead_seconds=0.1))),
        metrics=ok(changes.get("metrics", metrics())),
    )


def endpoint(number: int, members: tuple[Member, ...], **changes: Any) -> EndpointFacts:
    status_changes = changes.pop("status", {})
    made = EndpointFacts(
        url=f"https://10.0.0.{number}:2379",
        given=True,
        status=ok(status(number, **status_changes)) if isinstance(status_changes, dict) else status_changes,
        read=ok(1201),
        local_read=ok(1201),
        membership=ok(Membership(CLUSTER_ID, members)),
        hash=ok(KvHash(0xA0 + number, 0xFEED, 1201, 900)),
        wire=wire(),
        metrics_before=ok(metrics(), at=NOW - timedelta(minutes=2)),
    )
    return replace(made, **changes)


def silent(number: int, problem: Problem = SILENT) -> EndpointFacts:
    return EndpointFacts(f"https://10.0.0.{number}:2379", given=True, status=failed(problem))


def cluster(
    size: int = 3,
    *,
    members: tuple[Member, ...] | None = None,
    bend: dict[int, dict[str, Any]] | None = None,
    down: tuple[int, ...] = (),
    more: tuple[EndpointFacts, ...] = (),
    known: Membership | None = None,
) -> ClusterFacts:
    """A healthy cluster of `size`; `bend` changes the endpoint of a member, `down` makes members silent."""
    given = members or tuple(member(n) for n in range(1, size + 1))
    endpoints = [
        silent(n) if n in down else endpoint(n, given, **(bend or {}).get(n, {}))
        for n, m in enumerate(given, 1)
        if m.client_urls
    ]
    return assemble([*endpoints, *more], at=NOW, known=known or Membership(CLUSTER_ID, given))


def context(facts: ClusterFacts, **more: Any) -> RuleContext:
    """The facts with a round before that was just the same, unless another is given."""
    return RuleContext(facts, **{"before": facts, **more})


def history(
    sizes: list[float],
    minutes: float = 60,
    leaders: list[int] | None = None,
    counts: dict[int, list[float | None]] | None = None,
) -> History:
    """Samples of the member cp1, evenly over the last `minutes`; `counts` of leader changes by member, as many."""
    step = timedelta(minutes=minutes) / max(1, len(sizes) - 1)
    first = NOW - timedelta(minutes=minutes)
    leaders = leaders or [0xA1] * len(sizes)
    return History(
        tuple(
            Sample(
                first + i * step,
                tuple(
                    MemberSample(0xA0 + n, 0.002, s, 5000.0, float(n == 1), leaders[i], s, reported[i])
                    for n, reported in (counts or {1: [None] * len(sizes)}).items()
                ),
            )
            for i, s in enumerate(sizes)
        )
    )


def certificate(**changes: Any) -> Certificate:
    made = Certificate(
        subject="CN=cp2",
        issuer="CN=etcd-ca",
        common_name="cp2",
        names=("cp2", "10.0.0.2"),
        begins=NOW - timedelta(days=265),
        ends=NOW + timedelta(days=100),
        serial="1",
        key="RSA 2048",
        usages=("server", "client"),
        authority=False,
        fingerprint="f",
        der=b"",
    )
    return replace(made, **changes)


def entry(
    *, trusted: bool | None = True, key_fits: bool | None = True, host: str = "10.0.0.2", **changes: Any
) -> CertificateEntry:
    """A certificate that a member presents."""
    object_key = Location(
        "https://10.0.0.2:2379", "server certificate of cp2", "kubeadm certs renew etcd-server", key_fits, host
    )
    return CertificateEntry(certificate(**changes), (object_key,), ("CN=cp2", "CN=etcd-ca"), trusted)


def with_entry(**changes: Any) -> RuleContext:
    """A healthy cluster and one certificate."""
    facts = cluster()
    return RuleContext(facts, facts, certificates=CertificateInventory((entry(**changes),)))


@pytest.fixture
def build() -> SimpleNamespace:
    """The makers of facts above, by name."""
    made = (ok, failed, member, status, histogram, metrics, wire, endpoint, silent, cluster, context, history)
    made = (*made, certificate, entry, with_entry, replace)
    return SimpleNamespace(now=NOW, cluster_id=CLUSTER_ID, **{maker.__name__: maker for maker in made})
