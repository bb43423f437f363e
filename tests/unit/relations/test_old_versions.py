"""What old releases stored under other groups and versions reads as the same kind of today: cells, relations, state."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.codec.protobuf.schema import schema
from etcdview.describe.describe import summary
from etcdview.kube.resources import BUILTIN, current_group
from etcdview.relations.graph import Graph
from etcdview.relations.model import Ref, kind_of, ref_of
from etcdview.relations.references import references
from etcdview.relations.selections import selections
from etcdview.relations.severity import severity_of
from etcdview.relations.states import state_of
from etcdview.tables import table_for

NOW = datetime(2026, 11, 29, tzinfo=UTC)
TYPES = {(r.group, r.kind): r for r in BUILTIN if r.served}
OLD = sorted(
    (version, kind)
    for version, kind in schema().kinds()
    if (found := TYPES.get((current_group(version, kind), kind))) and found.api_version != version
)

_META: dict[str, Any] = {
    "name": "x",
    "namespace": "ns",
    "uid": "u",
    "creationTimestamp": "2020-01-02T03:04:05Z",
    "labels": {"app": "web"},
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "o", "controller": True}],
}
_SELECTOR = {"matchLabels": {"app": "web"}}
_POD = {
    "serviceAccountName": "sa",
    "containers": [{"name": "c", "image": "i:1", "envFrom": [{"configMapRef": {"name": "cm"}}]}],
    "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "pvc"}}],
}
_TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": _POD}
_WORKLOAD = {
    "spec": {"replicas": 3, "selector": _SELECTOR, "template": _TEMPLATE, "serviceName": "svc"},
    "status": {"replicas": 3, "readyReplicas": 1, "desiredNumberScheduled": 3, "numberReady": 1},
}
_BACKEND = {"service": {"name": "svc", "port": {"number": 80}}}
_OLD_BACKEND = {"serviceName": "svc", "servicePort": 80}
_TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
_SCALED = {"currentReplicas": 2, "desiredReplicas": 4}
_ACTIVE = [{"type": "ScalingActive", "status": "False", "reason": "FailedGetMetrics", "message": "m"}]
_CALLED = {"name": "hook", "namespace": "ns"}
_SHOWN = {"name": "Size", "type": "integer"}


def _ingress(backend: dict[str, Any], default: str) -> dict[str, Any]:
    paths = [{"path": "/", "backend": backend}]
    rules = [{"host": "a.example.org", "http": {"paths": paths}}]
    spec = {"ingressClassName": "nginx", default: backend, "rules": rules, "tls": [{"secretName": "cert"}]}
    return {"spec": spec, "status": {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}]}}}


def _metric(kind: str, spec: dict[str, Any], status: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    member = kind[0].lower() + kind[1:]
    return {"type": kind, member: spec}, {"type": kind, member: status}


def _autoscaler(*metrics: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    spec = {"scaleTargetRef": _TARGET, "minReplicas": 1, "maxReplicas": 9, "metrics": [m[0] for m in metrics]}
    return {"spec": spec, "status": _SCALED | {"currentMetrics": [m[1] for m in metrics], "conditions": _ACTIVE}}


_METRICS = (
    _metric("Pods", {"metric": {"name": "p"}, "target": {"averageValue": "7"}}, {"current": {"averageValue": "3"}}),
    _metric(
        "Resource",
        {"name": "cpu", "target": {"averageUtilization": 60}},
        {"name": "cpu", "current": {"averageUtilization": 20}},
    ),
)
_OLD_METRICS = (
    _metric("Pods", {"metricName": "p", "targetAverageValue": "7"}, {"currentAverageValue": "3"}),
    _metric(
        "Resource",
        {"name": "cpu", "targetAverageUtilization": 60},
        {"name": "cpu", "currentAverageUtilization": 20},
    ),
)
_FIRST_AUTOSCALER = {
    "metadata": _META
    | {
        "annotations": {
            "autoscaling.alpha.kubernetes.io/metrics": json.dumps([_OLD_METRICS[0][0]]),
            "autoscaling.alpha.kubernetes.io/current-metrics": json.dumps([m[1] for m in _OLD_METRICS]),
            "autoscaling.alpha.kubernetes.io/conditions": json.dumps(_ACTIVE),
        }
    },
    "spec": {"scaleTargetRef": _TARGET, "minReplicas": 1, "maxReplicas": 9, "targetCPUUtilizationPercentage": 60},
    "status": _SCALED,
}


def _event(about: str, said: str, prefix: str, reporter: str) -> dict[str, Any]:
    names = {"count": 5, "firstTimestamp": "2026-11-28T00:00:00Z", "lastTimestamp": "2026-11-28T12:00:00Z"}
    names |= {"source": {"component": "kubelet", "host": "n1"}}
    old = {(prefix + n[0].upper() + n[1:] if prefix else n): value for n, value in names.items()}
    subject = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "ns"}
    return {about: subject, said: "no", reporter: "kubelet", "type": "Warning", "reason": "Bad", **old}


def _definition(versions: dict[str, Any], conversion: dict[str, Any]) -> dict[str, Any]:
    names = {"kind": "Backup", "plural": "backups"}
    shared = {"group": "example.org", "scope": "Namespaced", "names": names}
    return {"spec": shared | versions | {"conversion": {"strategy": "Webhook"} | conversion}}


def _levels(shares: str) -> dict[str, Any]:
    queuing = {"queues": 64, "handSize": 8, "queueLengthLimit": 50}
    limited = {shares: 30, "limitResponse": {"type": "Queue", "queuing": queuing}}
    return {"spec": {"type": "Limited", "limited": limited}}


_SLICE = {"addressType": "IPv4", "ports": [{"port": 80}], "metadata": _META | {"ownerReferences": []}}
_ENDPOINT = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": "p"}}
_VERSION = {"name": "v1", "served": True, "storage": True}

# By group and kind as they are today; other kinds are told by their metadata alone.
NEW: dict[tuple[str, str], dict[str, Any]] = {
    ("apps", "Deployment"): _WORKLOAD,
    ("apps", "DaemonSet"): _WORKLOAD,
    ("apps", "ReplicaSet"): _WORKLOAD,
    ("apps", "StatefulSet"): _WORKLOAD,
    ("apps", "ControllerRevision"): {"revision": 3},
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler(*_METRICS),
    ("batch", "CronJob"): {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": _TEMPLATE}}}},
    ("policy", "PodDisruptionBudget"): {
        "spec": {"minAvailable": 2, "selector": _SELECTOR},
        "status": {"currentHealthy": 1, "desiredHealthy": 2},
    },
    ("policy", "PodSecurityPolicy"): {
        "spec": {"privileged": True, "volumes": ["*"], "runAsUser": {"rule": "RunAsAny"}}
    },
    ("networking.k8s.io", "Ingress"): _ingress(_BACKEND, "defaultBackend"),
    ("networking.k8s.io", "IngressClass"): {"spec": {"controller": "c", "parameters": {"kind": "P", "name": "q"}}},
    ("networking.k8s.io", "NetworkPolicy"): {"spec": {"podSelector": _SELECTOR, "policyTypes": ["Ingress"]}},
    ("discovery.k8s.io", "EndpointSlice"): _SLICE | {"endpoints": [_ENDPOINT | {"nodeName": "n1", "zone": "z"}]},
    ("coordination.k8s.io", "Lease"): {"spec": {"holderIdentity": "h", "renewTime": "2020-01-01T00:00:00.000000Z"}},
    ("rbac.authorization.k8s.io", "RoleBinding"): {
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "name": "sa", "namespace": "ns"}, {"kind": "User", "name": "u"}],
    },
    ("storage.k8s.io", "StorageClass"): {"provisioner": "p", "reclaimPolicy": "Delete"},
    ("storage.k8s.io", "VolumeAttachment"): {
        "spec": {"attacher": "d", "nodeName": "n1", "source": {"persistentVolumeName": "pv"}}
    },
    ("storage.k8s.io", "CSINode"): {"spec": {"drivers": [{"name": "d"}]}},
    ("scheduling.k8s.io", "PriorityClass"): {"value": 7, "globalDefault": True},
    ("node.k8s.io", "RuntimeClass"): {"handler": "runsc"},
    ("certificates.k8s.io", "CertificateSigningRequest"): {
        "spec": {"signerName": "s", "username": "u"},
        "status": {"conditions": [{"type": "Approved", "status": "True"}]},
    },
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): {
        "webhooks": [{"name": "w", "clientConfig": {"service": _CALLED}}]
    },
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): {
        "webhooks": [{"name": "w", "clientConfig": {"service": _CALLED}}]
    },
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition(
        {"versions": [_VERSION | {"additionalPrinterColumns": [_SHOWN | {"jsonPath": ".spec.size"}]}]},
        {"webhook": {"clientConfig": {"service": _CALLED}}},
    ),
    ("apiregistration.k8s.io", "APIService"): {
        "spec": {"service": _CALLED, "group": "g", "version": "v1"},
        "status": {"conditions": [{"type": "Available", "status": "False", "reason": "Gone"}]},
    },
    ("", "Event"): _event("involvedObject", "message", "", "reportingComponent"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): _levels("nominalConcurrencyShares"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): {"spec": {"priorityLevelConfiguration": {"name": "exempt"}}},
    ("resource.k8s.io", "ResourceSlice"): {"spec": {"nodeName": "n1", "driver": "gpu", "pool": {"name": "a"}}},
}
# By the old version, where its shape is another.
SHAPES: dict[tuple[str, str], dict[str, Any]] = {
    ("autoscaling/v1", "HorizontalPodAutoscaler"): _FIRST_AUTOSCALER,
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): _autoscaler(*_OLD_METRICS),
    ("extensions/v1beta1", "Ingress"): _ingress(_OLD_BACKEND, "backend"),
    ("networking.k8s.io/v1beta1", "Ingress"): _ingress(_OLD_BACKEND, "backend"),
    ("node.k8s.io/v1alpha1", "RuntimeClass"): {"spec": {"runtimeHandler": "runsc"}},
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): _definition(
        {"version": "v1", "additionalPrinterColumns": [_SHOWN | {"JSONPath": ".spec.size"}]},
        {"webhookClientConfig": {"service": _CALLED}},
    ),
    **{
        (f"discovery.k8s.io/{version}", "EndpointSlice"): _SLICE
        | {
            "endpoints": [
                _ENDPOINT | {"topology": {"kubernetes.io/hostname": "n1", "topology.kubernetes.io/zone": "z"}}
            ]
        }
        for version in ("v1alpha1", "v1beta1")
    },
    **{
        (f"events.k8s.io/{version}", "Event"): _event("regarding", "note", "deprecated", "reportingController")
        for version in ("v1beta1", "v1")
    },
    **{
        (f"flowcontrol.apiserver.k8s.io/{version}", "PriorityLevelConfiguration"): _levels("assuredConcurrencyShares")
        for version in ("v1alpha1", "v1beta1", "v1beta2")
    },
    ("resource.k8s.io/v1alpha2", "ResourceSlice"): {"nodeName": "n1", "driverName": "gpu"},
}
# What an old version cannot say.
UNSAID = {("resource.k8s.io/v1alpha2", "ResourceSlice"): {"Pool"}}
SUMMED_UP_ALIKE = ("apps", "batch", "policy", "networking.k8s.io", "discovery.k8s.io", "autoscaling", "")


def _object(api_version: str, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": _META, **fields}


def _pair(version: str, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    today = TYPES[current_group(version, kind), kind]
    fields = NEW.get((today.group, kind), {})
    old = _object(version, kind, SHAPES.get((version, kind), fields))
    return old, _object(today.api_version, kind, fields)


def _cells(obj: dict[str, Any]) -> dict[str, Any]:
    table = table_for(TYPES[kind_of(obj)])
    return dict(zip((c.name for c in table.columns), table.cells(obj, NOW), strict=False))


@pytest.mark.parametrize(("version", "kind"), OLD)
def test_an_old_form_has_the_cells_relations_and_state_of_the_new_one(version: str, kind: str) -> None:
    old, new = _pair(version, kind)

    unsaid = UNSAID.get((version, kind), set())
    assert {n: c for n, c in _cells(old).items() if n not in unsaid} == {
        n: c for n, c in _cells(new).items() if n not in unsaid
    }
    assert ref_of(old) == ref_of(new)
    assert references(old) == references(new)
    assert selections(old) == selections(new)
    assert state_of(old, NOW) == state_of(new, NOW)
    assert severity_of(old, NOW) == severity_of(new, NOW)


@pytest.mark.parametrize(
    ("version", "kind"), [pair for pair in OLD if TYPES[current_group(*pair), pair[1]].group in SUMMED_UP_ALIKE]
)
def test_an_old_form_has_the_summary_of_the_new_one(version: str, kind: str) -> None:
    old, new = _pair(version, kind)

    def shown(obj: dict[str, Any]) -> list[Any]:
        return [(s.title, s.fields, s.rows, s.severities) for s in summary(obj, NOW) if s.title != "Annotations"]

    assert shown(old) == shown(new)


def test_every_version_that_a_release_stored_is_among_them() -> None:
    named = {f"{version} {kind}" for version, kind in OLD}
    assert named >= {
        "extensions/v1beta1 Deployment",
        "extensions/v1beta1 DaemonSet",
        "extensions/v1beta1 ReplicaSet",
        "extensions/v1beta1 Ingress",
        "extensions/v1beta1 NetworkPolicy",
        "extensions/v1beta1 PodSecurityPolicy",
        "apps/v1beta1 StatefulSet",
        "apps/v1beta2 DaemonSet",
        "policy/v1beta1 PodDisruptionBudget",
        "batch/v1beta1 CronJob",
        "batch/v2alpha1 CronJob",
        "networking.k8s.io/v1beta1 Ingress",
        "autoscaling/v1 HorizontalPodAutoscaler",
        "autoscaling/v2beta1 HorizontalPodAutoscaler",
        "autoscaling/v2beta2 HorizontalPodAutoscaler",
        "rbac.authorization.k8s.io/v1alpha1 RoleBinding",
        "events.k8s.io/v1beta1 Event",
    }
    assert {key for key in SHAPES if key not in OLD} == set()


def test_an_empty_selector_of_an_old_budget_guards_nothing() -> None:
    old = _object("policy/v1beta1", "PodDisruptionBudget", {"spec": {"selector": {}}})
    assert selections(old) == ()
    assert len(selections(old | {"apiVersion": "policy/v1"})) == 1


@pytest.mark.parametrize("version", ["extensions/v1beta1", "apps/v1beta2", "apps/v1"])
def test_owners_and_targets_are_found_whatever_version_names_them(version: str) -> None:
    owner = {"apiVersion": version, "kind": "ReplicaSet", "name": "web-1", "uid": "r"}
    pod = _object("v1", "Pod", {"metadata": _META | {"ownerReferences": [owner]}, "spec": {}})
    replica_set = _object("apps/v1", "ReplicaSet", {"metadata": _META | {"name": "web-1", "uid": "r"}})
    target = {"scaleTargetRef": {"apiVersion": version, "kind": "ReplicaSet", "name": "web-1"}}
    scaler = _object("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": target})
    graph = Graph([pod, replica_set, scaler])

    assert graph.broken(pod) == ()
    assert graph.owned(replica_set) == (ref_of(pod),)
    assert Ref("apps", "ReplicaSet", "ns", "web-1") in [r.ref for r in references(scaler)]
