"""From the settings, or this machine's own etcd, to a diagnosis of each endpoint."""

from __future__ import annotations

from dataclasses import replace

from etcdview.cluster.sources import open_etcd
from etcdview.config import Resolved
from etcdview.deployment.on_disk import find_deployments
from etcdview.errors import NotFoundError, UnreachableError
from etcdview.health.doctor import REGISTRY, Diagnosis, Findings, Target, examine_endpoints, target_from
from etcdview.kube.keys import KeySpace
from etcdview.stores.prefixes import check_registry
from etcdview.stores.protocols import Store
from etcdview.tls.diagnosis import Step

__all__ = ["REGISTRY", "Diagnosis", "Findings", "examine", "find_target"]


def examine(resolved: Resolved) -> Findings:
    """Each endpoint through its steps: files, name, TCP, TLS, client certificate, permission, quorum."""
    settings, target = resolved.settings, find_target(resolved)
    store = open_etcd(settings, target.endpoints, target.tls)
    try:
        keyspace = KeySpace(settings.etcd_prefix)
        findings = examine_endpoints(store, target, keyspace.root, settings.timeout_seconds)
        return _with_registry(findings, store, keyspace)
    finally:
        store.close()


def _with_registry(findings: Findings, store: Store, keyspace: KeySpace) -> Findings:
    """A last step that fails, where keys can be read, and all of them are below other prefixes than the registry's."""
    if all(diagnosis.failed for diagnosis in findings.diagnoses):
        return findings
    try:
        check_registry(store, keyspace)
    except NotFoundError as error:
        step = Step(REGISTRY, False, error.what, error.remedy, error=error)
        return replace(
            findings,
            diagnoses=tuple(d if d.failed else replace(d, steps=(*d.steps, step)) for d in findings.diagnoses),
        )
    except UnreachableError:  # it was there a moment ago
        pass
    return findings


def find_target(resolved: Resolved) -> Target:
    """What the settings say; where nobody set the endpoints, what this machine's own etcd is started with."""
    settings = resolved.settings
    sources = {o.row.field: o.source for o in resolved.origins}
    if sources["endpoints"] == "default" and not settings.tls.given:
        found = target_from(find_deployments())
        if found is not None:
            return found
    return Target(settings.endpoints, settings.tls, sources["endpoints"])
