"""For machines: /healthz (this process answers), /readyz (it can show the cluster), /metrics (Prometheus)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from etcdview.pages.metrics import cluster_metrics
from webapp.accounts.identify import current_viewer
from webapp.runtime import current_cluster, current_window

bp = Blueprint("machines", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Whether the cluster can be shown."""
    freshness = current_cluster().index.freshness()
    ready = freshness.state in ("static", "live", "bounded")
    if current_viewer() is None:
        return jsonify(ready=ready), 200 if ready else 503
    body = jsonify(ready=ready, index=freshness.state, revision=freshness.revision, problem=freshness.problem)
    return body, 200 if ready else 503


@bp.get("/metrics")
def metrics() -> Response:
    """Everything in Prometheus' text format."""
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


class _OfCluster(Collector):
    """Metrics of the cluster as far as the viewer's role covers it, read at each scrape."""

    def collect(self) -> Iterator[Metric]:
        yield from cluster_metrics(current_window())


@cache
def _registry() -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_OfCluster())
    return registry
