"""What Prometheus reads of the cluster: the key index as the viewer's role shows it, and the members' health."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from etcdview.cluster.window import Window
from etcdview.health.prometheus import families
from etcdview.index.base import KeyIndex


def cluster_metrics(window: Window) -> Iterator[Metric]:
    """Every metric of the cluster. Waits for no round of probes."""
    yield from _index_metrics(window.index)
    monitor = window.cluster.monitor
    if monitor is not None:
        yield from families(monitor.latest(wait_seconds=0))


def _index_metrics(names: KeyIndex) -> Iterator[Metric]:
    freshness = names.freshness()
    yield GaugeMetricFamily("etcdview_index_revision", "Revision that the key index is true at", freshness.revision)
    yield GaugeMetricFamily("etcdview_index_age_seconds", "Time since etcd confirmed it", freshness.age_seconds)
    yield GaugeMetricFamily("etcdview_index_complete", "1 when every key name is known", int(freshness.complete))
    keys = GaugeMetricFamily("etcdview_keys", "Keys by resource type", labels=("resource", "group"))
    for counted in names.tree().types:
        keys.add_metric((counted.resource.plural, counted.resource.group), counted.count)
    yield keys
