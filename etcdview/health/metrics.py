"""A member's own /metrics: the few families that say how it feels, read with prometheus_client's parser.

Counters and histograms run since the member started; what it did lately is the difference of two samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_PEER_RTT = "etcd_network_peer_round_trip_time_seconds"
_FSYNC = "etcd_disk_wal_fsync_duration_seconds"
_COMMIT = "etcd_disk_backend_commit_duration_seconds"

# Parsing all 1,500 lines of an answer takes longer than all the rest of a round; these are what is looked at.
_WANTED = (
    _FSYNC,
    _COMMIT,
    _PEER_RTT,
    "etcd_cluster_version",
    "etcd_debugging_mvcc_compact_revision",
    "etcd_debugging_mvcc_keys_total",
    "etcd_debugging_mvcc_watcher_total",
    "etcd_mvcc_db_total_size_in_bytes",
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    "etcd_server_heartbeat_send_failures_total",
    "etcd_server_leader_changes_seen_total",
    "etcd_server_proposals_committed_total",
    "etcd_server_proposals_failed_total",
    "etcd_server_proposals_pending",
    "etcd_server_quota_backend_bytes",
    "etcd_server_slow_apply_total",
    "etcd_server_slow_read_indexes_total",
    "process_max_fds",
    "process_open_fds",
    "process_start_time_seconds",
)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations by bucket: `counts[i]` were at most `bounds[i]` seconds, cumulative; the last bound is infinite."""

    bounds: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()

    @property
    def count(self) -> float:
        """How many observations there are in all."""
        return self.counts[-1] if self.counts else 0.0

    def since(self, earlier: Histogram) -> Histogram:
        """The observations made after `earlier`; all of them where the member has started anew in between."""
        if earlier.bounds != self.bounds or earlier.count > self.count:
            return self
        return Histogram(self.bounds, tuple(b - a for a, b in zip(earlier.counts, self.counts, strict=True)))

    def quantile(self, q: float) -> float | None:
        """The value that the share `q` of the observations does not exceed, interpolated in its bucket like Prometheus.

        None without observations; the last finite bound where it lies beyond that.
        """
        wanted, below, low = q * self.count, 0.0, 0.0
        if self.count <= 0:
            return None
        for bound, count in zip(self.bounds, self.counts, strict=True):
            if count >= wanted and count > below:
                return low if bound == float("inf") else low + (bound - low) * (wanted - below) / (count - below)
            below, low = count, (low if bound == float("inf") else bound)
        return low


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """What a member counts of itself; None where its release does not have the family.

    Sizes are bytes, times seconds; `started_at` is seconds since 1970, by the member's clock.
    """

    fsync: Histogram = field(default_factory=Histogram)
    commit: Histogram = field(default_factory=Histogram)
    peer_round_trip: Mapping[str, Histogram] = field(default_factory=dict)  # by the peer's ID in hexadecimal
    cluster_version: str = ""
    compact_revision: float | None = None
    keys: float | None = None
    watchers: float | None = None
    db_size_bytes: float | None = None
    db_size_in_use_bytes: float | None = None
    quota_bytes: float | None = None
    heartbeat_send_failures: float | None = None
    leader_changes: float | None = None
    proposals_committed: float | None = None
    proposals_failed: float | None = None
    proposals_pending: float | None = None
    slow_applies: float | None = None
    slow_reads: float | None = None
    max_fds: float | None = None
    open_fds: float | None = None
    started_at: float | None = None


def parse_metrics(text: str) -> MetricFacts:
    """The families of a /metrics answer that are of use here. Raises ValueError for other text."""
    wanted = "\n".join(line for line in text.splitlines() if _family(line).startswith(_WANTED)) + "\n"
    samples = [s for family in text_string_to_metric_families(wanted) for s in family.samples]
    if not samples:
        raise ValueError("it holds none of etcd's metric families")
    peers = sorted({s.labels["To"] for s in samples if s.name == _PEER_RTT + "_bucket" and "To" in s.labels})
    return MetricFacts(
        fsync=_histogram(samples, _FSYNC),
        commit=_histogram(samples, _COMMIT),
        peer_round_trip={peer: _histogram(samples, _PEER_RTT, peer) for peer in peers},
        cluster_version=next(
            (s.labels.get("cluster_version", "") for s in samples if s.name == "etcd_cluster_version"), ""
        ),
        **{name: _sum(samples, family) for name, family in _PLAIN.items()},
    )


_PLAIN = {
    "compact_revision": "etcd_debugging_mvcc_compact_revision",
    "keys": "etcd_debugging_mvcc_keys_total",
    "watchers": "etcd_debugging_mvcc_watcher_total",
    "db_size_bytes": "etcd_mvcc_db_total_size_in_bytes",
    "db_size_in_use_bytes": "etcd_mvcc_db_total_size_in_use_in_bytes",
    "quota_bytes": "etcd_server_quota_backend_bytes",
    "heartbeat_send_failures": "etcd_server_heartbeat_send_failures_total",
    "leader_changes": "etcd_server_leader_changes_seen_total",
    "proposals_committed": "etcd_server_proposals_committed_total",
    "proposals_failed": "etcd_server_proposals_failed_total",
    "proposals_pending": "etcd_server_proposals_pending",
    "slow_applies": "etcd_server_slow_apply_total",
    "slow_reads": "etcd_server_slow_read_indexes_total",
    "max_fds": "process_max_fds",
    "open_fds": "process_open_fds",
    "started_at": "process_start_time_seconds",
}


def _family(line: str) -> str:
    """The name that a line is about: of a sample, or of its HELP or TYPE."""
    return line.split(" ", 3)[2] if line.startswith("# ") and line.count(" ") >= 2 else line


def _histogram(samples: Iterable[Sample], family: str, peer: str = "") -> Histogram:
    buckets = [
        (float(s.labels["le"]), s.value)
        for s in samples
        if s.name == family + "_bucket" and (not peer or s.labels.get("To") == peer)
    ]
    buckets.sort()
    return Histogram(tuple(bound for bound, _ in buckets), tuple(count for _, count in buckets))


def _sum(samples: Iterable[Sample], family: str) -> float | None:
    values = [s.value for s in samples if s.name == family]
    return sum(values) if values else None
