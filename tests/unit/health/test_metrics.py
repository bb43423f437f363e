"""A member's /metrics, read and compared, and our own metrics about it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace as Build

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from etcdview.health.metrics import Histogram, parse_metrics
from etcdview.health.monitor import Report
from etcdview.health.prometheus import families
from etcdview.health.rules import RuleContext, examine

TEXT = """
# HELP etcd_disk_wal_fsync_duration_seconds The latency distributions of fsync called by WAL.
# TYPE etcd_disk_wal_fsync_duration_seconds histogram
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 90
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.002"} 98
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.004"} 100
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 100
etcd_disk_wal_fsync_duration_seconds_sum 0.07
etcd_disk_wal_fsync_duration_seconds_count 100
# TYPE etcd_network_peer_round_trip_time_seconds histogram
etcd_network_peer_round_trip_time_seconds_bucket{To="a2",le="0.1"} 3
etcd_network_peer_round_trip_time_seconds_bucket{To="a2",le="+Inf"} 4
etcd_network_peer_round_trip_time_seconds_bucket{To="a3",le="0.1"} 7
etcd_network_peer_round_trip_time_seconds_bucket{To="a3",le="+Inf"} 7
# TYPE etcd_server_heartbeat_send_failures_total counter
etcd_server_heartbeat_send_failures_total{To="a2"} 3
etcd_server_heartbeat_send_failures_total{To="a3"} 4
# TYPE etcd_cluster_version gauge
etcd_cluster_version{cluster_version="3.5"} 1
# TYPE etcd_server_quota_backend_bytes gauge
etcd_server_quota_backend_bytes 2.147483648e+09
# TYPE go_goroutines gauge
go_goroutines 43
this line is of a family that nobody looks at { and is no metric
"""


def test_the_families_of_use_are_read() -> None:
    reported = parse_metrics(TEXT)
    assert reported.quota_bytes == 2_147_483_648
    assert reported.cluster_version == "3.5"
    assert reported.heartbeat_send_failures == 7
    assert {peer: h.count for peer, h in reported.peer_round_trip.items()} == {"a2": 4, "a3": 7}
    assert reported.slow_applies is None


def test_a_quantile_is_interpolated_in_its_bucket() -> None:
    fsync = parse_metrics(TEXT).fsync
    assert fsync.quantile(0.99) == pytest.approx(0.003)
    assert fsync.quantile(0.45) == pytest.approx(0.0005)
    assert Histogram().quantile(0.99) is None


def test_what_lies_beyond_the_last_bound_is_given_as_that_bound() -> None:
    assert Histogram((0.1, float("inf")), (0, 10)).quantile(0.99) == 0.1


def test_a_difference_holds_what_came_after_and_all_after_a_restart() -> None:
    before, after = Histogram((1.0, float("inf")), (5, 8)), Histogram((1.0, float("inf")), (6, 10))
    assert after.since(before) == Histogram((1.0, float("inf")), (1, 2))
    assert before.since(after) == before


@pytest.mark.parametrize("text", ["<html>not found</html>", "", "go_goroutines 43"])
def test_an_answer_that_is_none_of_etcds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="none of etcd's"):
        parse_metrics(text)


class Scraped(Collector):
    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        yield from families(self._report)


def exposed(report: Report) -> str:
    """What a scrape of the report is answered with."""
    registry = CollectorRegistry()
    registry.register(Scraped(report))
    return generate_latest(registry).decode()


def test_our_own_metrics_tell_verdict_findings_and_members(build: Build) -> None:
    facts = build.cluster(down=(3,))
    text = exposed(Report(facts, examine(RuleContext(facts)), 2.5))
    assert 'etcdview_verdict{verdict="degraded"} 1.0' in text
    assert 'etcdview_verdict{verdict="healthy"} 0.0' in text
    assert 'etcdview_finding{finding="member-down",member="cp3",severity="critical"} 1.0' in text
    assert 'etcdview_member_up{id="a3",member="cp3"} 0.0' in text
    assert 'etcdview_member_db_size_bytes{id="a3"' not in text
    assert 'etcdview_member_db_size_bytes{id="a1",member="cp1"} 2e+07' in text
    assert "etcdview_voters_may_fail 0.0" in text


def test_a_quorum_that_is_not_known_has_no_sample(build: Build) -> None:
    facts = build.cluster(down=(1, 2, 3))
    names = [f.name for f in families(Report(facts, examine(RuleContext(facts))))]
    assert "etcdview_quorum" not in names
    assert "etcdview_verdict" in names


def test_certificates_are_given_with_the_moment_they_expire(build: Build) -> None:
    context = build.with_entry()
    text = "".join(str(f.samples) for f in families(Report(None, examine(context), certificates=context.certificates)))
    assert "server certificate of cp2" in text
    assert str(context.certificates.entries[0].certificate.ends.timestamp()) in text
