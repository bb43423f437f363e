"""What Prometheus reads of the cluster: the key index as the viewer's role shows it, and the members' health."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import nlargest

from prometheus_client.core import GaugeMetricFamily, Metric

from etcdview.cluster.window import Window
from etcdview.health.prometheus import families
from etcdview.index.base import KeyIndex
from etcdview.space.report import Sizes, rows_by_resource

MOST_TYPES = 2000  # that have metrics of their own: those with the most keys


def cluster_metrics(window: Window) -> Iterator[Metric]:
    """Every metric of the cluster. Waits for no round of probes."""
    yield from _index_metrics(window.index)
    yield from _space_metrics(window)
    monitor = window.cluster.monitor
    if monitor is not None:
        yield from families(monitor.latest(wait_seconds=0))


def _space_metrics(window: Window) -> Iterator[Metric]:
    """Bytes of values by type, once the facts of all are known."""
    facts, tree = window.value_facts, window.index.tree()
    yield GaugeMetricFamily(
        "etcdview_facts_complete", "1 when the facts of all values are known", int(facts is not None)
    )
    if facts is None:
        return
    known = {found.resource.prefix: found.resource for found in tree.types}.get
    rows = nlargest(MOST_TYPES, rows_by_resource(facts.totals(), known), key=lambda row: row.keys)
    for name, text, part in _PARTS:
        family = GaugeMetricFamily(name, f"{text} by resource type", labels=("resource", "group"))
        for row in rows:
            if row.resource is not None and row.sizes is not None:
                family.add_metric((row.resource.plural, row.resource.group), part(row.sizes))
        yield family


_PARTS: tuple[tuple[str, str, Callable[[Sizes], int]], ...] = (
    ("etcdview_value_bytes", "Bytes of stored values", lambda sizes: sizes.values),
    ("etcdview_managed_fields_bytes", "Bytes of managedFields in stored values", lambda sizes: sizes.managed_fields),
    ("etcdview_annotations_bytes", "Bytes of annotations in stored values", lambda sizes: sizes.annotations),
    ("etcdview_data_bytes", "Bytes of data of ConfigMaps and Secrets", lambda sizes: sizes.data),
)


def _index_metrics(names: KeyIndex) -> Iterator[Metric]:
    freshness = names.freshness()
    yield GaugeMetricFamily("etcdview_index_revision", "Revision that the key index is true at", freshness.revision)
    yield GaugeMetricFamily("etcdview_index_age_seconds", "Time since etcd confirmed it", freshness.age_seconds)
    yield GaugeMetricFamily("etcdview_index_complete", "1 when every key name is known", int(freshness.complete))
    keys = GaugeMetricFamily("etcdview_keys", "Keys by resource type", labels=("resource", "group"))
    for counted in nlargest(MOST_TYPES, names.tree().types, key=lambda counted: counted.count):
        keys.add_metric((counted.resource.plural, counted.resource.group), counted.count)
    yield keys
