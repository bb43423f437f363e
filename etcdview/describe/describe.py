"""The summary of an object: what all objects have, what its kind has, and its conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from etcdview.describe import access, machinery, network, nodes, pods, storage, workloads
from etcdview.describe.sections import Field, Section, Text, ago, field, fields, show, table
from etcdview.kube.fields import dig, items, mapping, text
from etcdview.relations.model import Object, kind_of
from etcdview.relations.references import references
from etcdview.relations.severity import condition_severity, severity_of
from etcdview.tables import age
from etcdview.tables.autoscaling import autoscaler_conditions

Describer = Callable[[Object, datetime], Iterator[Section]]


def summary(obj: Object, now: datetime) -> tuple[Section, ...]:
    """All sections that say something, ages as of `now`."""
    describer = _DESCRIBERS.get(kind_of(obj), _anything)
    problems = _PROBLEMS.get(describer)
    first = problems(obj, now) if problems else ()
    sections = (*first, _metadata(obj, now), _annotations(obj), *describer(obj, now), _conditions(obj, now))
    return tuple(s for s in sections if s.fields or s.rows or s.texts or s.note)


def _metadata(obj: Object, now: datetime) -> Section:
    metadata = mapping(obj, "metadata")
    owners = [Field("Owned by", str(r.ref), r.ref) for r in references(obj) if r.relation == "owner"]
    deleted = dig(metadata, "deletionTimestamp")
    words = f"since {age(deleted, now)} ({deleted})" if deleted else ""
    deletion = Field("Being deleted", words, severity=severity_of(obj, now))
    return fields(
        "Object",
        field("Name", dig(metadata, "name")),
        field("Namespace", dig(metadata, "namespace")),
        ago("Created", dig(metadata, "creationTimestamp"), now),
        deletion,
        field("Finalizers", dig(metadata, "finalizers")),
        field("Labels", dig(metadata, "labels")),
        *owners,
    )


def _annotations(obj: Object) -> Section:
    found = mapping(obj, "metadata", "annotations")
    return Section("Annotations", texts=tuple(Text(name, str(found[name])) for name in sorted(found)))


def _conditions(obj: Object, now: datetime) -> Section:
    stated = autoscaler_conditions(obj) if kind_of(obj) == _AUTOSCALER else items(obj, "status", "conditions")
    found = [c for c in stated if isinstance(c, Mapping)]
    rows = (
        (
            c.get("type"),
            c.get("status"),
            age(c.get("lastTransitionTime") or c.get("lastUpdateTime"), now),
            c.get("reason"),
            c.get("message"),
        )
        for c in found
    )
    if not found and text(obj, "kind") == "Pod":
        return Section("Conditions", note="No conditions are stored for it.")
    section = table("Conditions", ("Type", "Status", "For", "Reason", "Message"), rows)
    return replace(section, severities=tuple(map(condition_severity, found)))


def _anything(obj: Object, now: datetime) -> Iterator[Section]:
    """Whatever stands beside the metadata, two levels deep."""
    loose = {name: value for name, value in obj.items() if name not in _SAID and not isinstance(value, Mapping)}
    yield fields("Values", *(field(name, value) for name, value in loose.items()))
    for name, value in obj.items():
        if name not in _SAID and isinstance(value, Mapping):
            yield fields(name.capitalize(), *_flat(value))


def _flat(values: Mapping[str, Any]) -> Iterator[Field]:
    for name, value in values.items():
        if name != "conditions":
            yield Field(name, _short(show(value)))


def _short(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


_SAID = ("apiVersion", "kind", "metadata")
_AUTOSCALER = ("autoscaling", "HorizontalPodAutoscaler")

_RBAC = "rbac.authorization.k8s.io"
_DESCRIBERS: dict[tuple[str, str], Describer] = {
    ("", "Pod"): pods.pod,
    ("", "PodTemplate"): pods.pod_template,
    ("", "Node"): nodes.node,
    ("", "Namespace"): nodes.namespace,
    ("", "Event"): nodes.event,
    ("", "ResourceQuota"): nodes.resource_quota,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("", "ReplicationController"): workloads.replica_set,
    ("batch", "Job"): workloads.job,
    ("batch", "CronJob"): workloads.cron_job,
    _AUTOSCALER: workloads.autoscaler,
    ("policy", "PodDisruptionBudget"): workloads.budget,
    ("", "Service"): network.service,
    ("", "Endpoints"): network.endpoints,
    ("discovery.k8s.io", "EndpointSlice"): network.endpoint_slice,
    ("networking.k8s.io", "Ingress"): network.ingress,
    ("networking.k8s.io", "NetworkPolicy"): network.network_policy,
    ("", "PersistentVolumeClaim"): storage.claim,
    ("", "PersistentVolume"): storage.volume,
    ("storage.k8s.io", "StorageClass"): storage.storage_class,
    ("", "ConfigMap"): storage.config_map,
    ("", "Secret"): storage.secret,
    (_RBAC, "Role"): access.role,
    (_RBAC, "ClusterRole"): access.role,
    (_RBAC, "RoleBinding"): access.binding,
    (_RBAC, "ClusterRoleBinding"): access.binding,
    ("", "ServiceAccount"): access.service_account,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): machinery.definition,
    ("coordination.k8s.io", "Lease"): machinery.lease,
    ("apiregistration.k8s.io", "APIService"): machinery.api_service,
}
# What stands above all else, by the describer.
_PROBLEMS: dict[Describer, Describer] = {pods.pod: pods.problems, nodes.node: nodes.problems}
