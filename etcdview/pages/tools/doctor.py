"""From the settings, or this machine's own etcd, to a diagnosis of each endpoint."""

from __future__ import annotations

from etcdview.cluster.sources import open_etcd
from etcdview.config import Resolved
from etcdview.deployment.on_disk import find_deployments
from etcdview.health.doctor import Diagnosis, Findings, Target, examine_endpoints, target_from
from etcdview.kube.keys import KeySpace

__all__ = ["Diagnosis", "Findings", "examine", "find_target"]


def examine(resolved: Resolved) -> Findings:
    """Each endpoint through its steps: files, name, TCP, TLS, client certificate, permission, quorum."""
    settings, target = resolved.settings, find_target(resolved)
    store = open_etcd(settings, target.endpoints, target.tls)
    try:
        return examine_endpoints(store, target, KeySpace(settings.etcd_prefix).root, settings.timeout_seconds)
    finally:
        store.close()


def find_target(resolved: Resolved) -> Target:
    """What the settings say; where nobody set the endpoints, what this machine's own etcd is started with."""
    settings = resolved.settings
    sources = {o.row.field: o.source for o in resolved.origins}
    if sources["endpoints"] == "default" and not settings.tls.given:
        found = target_from(find_deployments())
        if found is not None:
            return found
    return Target(settings.endpoints, settings.tls, sources["endpoints"])
