"""For machines: /healthz (this process answers), /readyz (it can show the cluster), /metrics (Prometheus)."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from etcdview.health.prometheus import families
from etcdview.index.base import KeyIndex
from webapp.accounts.identify import current_viewer
from webapp.runtime import current_cluster, current_window


def init_app(app: Flask) -> None:
    """Register the three addresses."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Lazily())

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        freshness = current_cluster().index.freshness()
        ready = freshness.state in ("static", "live", "bounded")
        if current_viewer() is None:
            return jsonify(ready=ready), 200 if ready else 503
        body = jsonify(ready=ready, index=freshness.state, revision=freshness.revision, problem=freshness.problem)
        return body, 200 if ready else 503

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Lazily(Collector):
    """Metrics of the cluster as far as the asker's role covers it, read when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        cluster = current_cluster()
        yield from _index_metrics(current_window().index)
        if cluster.monitor is not None:
            yield from families(cluster.monitor.latest(wait_seconds=0))


def _index_metrics(names: KeyIndex) -> Iterator[Metric]:
    freshness = names.freshness()
    yield GaugeMetricFamily("etcdview_index_revision", "Revision that the key index is true at", freshness.revision)
    yield GaugeMetricFamily("etcdview_index_age_seconds", "Since etcd confirmed it", freshness.age_seconds)
    yield GaugeMetricFamily("etcdview_index_complete", "1 when every key name is known", int(freshness.complete))
    keys = GaugeMetricFamily("etcdview_keys", "Keys by resource type", labels=("resource", "group"))
    for counted in names.tree().types:
        keys.add_metric((counted.resource.plural, counted.resource.group), counted.count)
    yield keys
