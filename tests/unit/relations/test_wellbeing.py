"""Namespace by namespace: each rule where it fires, and where it does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from etcdview.relations.wellbeing import RULES, NamespaceView, namespace_views


def make(api_version: str, kind: str, name: str = "x", **members: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "ns"} | members.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **members}


def pod(ready: bool = True, **members: Any) -> dict[str, Any]:
    status = {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": str(ready)}],
        "containerStatuses": [{"name": "c", "ready": ready, "state": {"running": {}}}],
    }
    spec = {"nodeName": "n", "containers": [{"name": "c", **members.pop("container", {})}]}
    return make("v1", "Pod", "p", spec=spec, status=status, **members)


def namespace(**members: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "status": {"phase": "Active"},
        "metadata": {"name": "ns"},
    } | members


def hpa(active: str) -> dict[str, Any]:
    condition = {
        "type": "ScalingActive",
        "status": active,
        "reason": "FailedGetResourceMetric",
        "message": "no metrics",
    }
    return make("autoscaling/v2", "HorizontalPodAutoscaler", status={"conditions": [condition]})


def event(kind: str, when: str) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": "ns", "name": "p"}
    return make("v1", "Event", type=kind, reason="BackOff", message="again", involvedObject=about, lastTimestamp=when)


def service_and_slice(ready: bool) -> list[dict[str, Any]]:
    labels = {"labels": {"kubernetes.io/service-name": "web"}}
    slice_ = make("discovery.k8s.io/v1", "EndpointSlice", metadata=labels, endpoints=[{"conditions": {"ready": ready}}])
    return [make("v1", "Service", "web", spec={"selector": {"app": "web"}}), slice_]


def quota(used: str) -> dict[str, Any]:
    return make("v1", "ResourceQuota", status={"hard": {"requests.cpu": "2"}, "used": {"requests.cpu": used}})


def reading(config: str) -> list[dict[str, Any]]:
    reader = pod(container={"envFrom": [{"configMapRef": {"name": config}}]})
    account = make("v1", "ServiceAccount", "default")
    return [reader, account, make("v1", "ConfigMap", "there")]


DEPLOY = {"spec": {"replicas": 2}}
RECENT, OLD = "2026-11-23T15:30:00Z", "2026-11-23T05:30:00Z"

# rule -> (where it fires, what it says, where it does not)
CASES: dict[str, tuple[list[dict[str, Any]], str, list[dict[str, Any]]]] = {
    "namespace-ending": (
        [namespace(metadata={"name": "ns", "deletionTimestamp": "2026-11-23T15:50:00Z"})],
        "for 7m37s",
        [namespace()],
    ),
    "pods-not-ready": ([pod(ready=False)], "Running, 0 of 1 ready, but the pod is not", [pod()]),
    "workloads-short": (
        [make("apps/v1", "Deployment", **DEPLOY, status={"readyReplicas": 1})],
        "1 of 2 ready",
        [make("apps/v1", "Deployment", **DEPLOY, status={"readyReplicas": 2})],
    ),
    "jobs-failed": (
        [
            make(
                "batch/v1",
                "Job",
                status={"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]},
            )
        ],
        "DeadlineExceeded",
        [make("batch/v1", "Job", status={"conditions": [{"type": "Complete", "status": "True"}]})],
    ),
    "claims-unbound": (
        [
            make(
                "v1",
                "PersistentVolumeClaim",
                metadata={"creationTimestamp": "2026-11-23T15:57:07Z"},
                spec={"resources": {"requests": {"storage": "1Gi"}}},
            )
        ],
        "Pending for 30s, 1Gi of the default class",
        [make("v1", "PersistentVolumeClaim", status={"phase": "Bound"})],
    ),
    "warning-events": (
        [event("Warning", RECENT)] * 1,
        "BackOff: again (1 in all)",
        [event("Warning", OLD), event("Normal", RECENT)],
    ),
    "services-unanswered": (service_and_slice(False), "selects 0 pods", service_and_slice(True)),
    "references-missing": (reading("gone"), "needs ConfigMap ns/gone", reading("there")),
    "autoscalers-blind": ([hpa("False")], "FailedGetResourceMetric: no metrics", [hpa("True")]),
    "budgets-blocking": (
        [
            make(
                "policy/v1", "PodDisruptionBudget", status={"expectedPods": 2, "currentHealthy": 1, "desiredHealthy": 1}
            )
        ],
        "1 healthy, 1 needed",
        [make("policy/v1", "PodDisruptionBudget", status={"expectedPods": 2, "disruptionsAllowed": 1})],
    ),
    "quotas-full": ([quota("2000m")], "requests.cpu 2000m of 2", [quota("1999m")]),
}


def view(objects: list[dict[str, Any]], now: datetime) -> NamespaceView:
    return next(v for v in namespace_views(objects, now) if v.name == "ns")


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_fires_with_its_evidence(rule: str, now: datetime) -> None:
    objects, said, _ = CASES[rule]
    found = [f for f in view(objects, now).findings if f.id == rule]
    assert [f.id for f in found] == [rule]
    assert found[0].evidence[0].endswith(said)
    assert len(found[0].evidence) == len(found[0].refs)
    assert found[0].action


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_does_not_fire(rule: str, now: datetime) -> None:
    objects = CASES[rule][2]
    assert rule not in {f.id for f in view(objects, now).findings}


def test_each_rule_has_its_case() -> None:
    assert {name.replace("-", "_") for name in CASES} == {rule.__name__ for rule in RULES}


def test_the_captured_namespaces_are_counted_and_judged(captured: tuple[dict[str, Any], ...], now: datetime) -> None:
    views = {v.name: v for v in namespace_views(captured, now)}
    assert len(views) == 9
    assert dict(views["shop"].counts)["Pod"] == 27
    assert {name for name, v in views.items() if not v.well} == {"going-away", "monitoring", "payments", "shop"}
    assert {f.id: len(f.refs) for f in views["shop"].findings} == {
        "autoscalers-blind": 3,
        "pods-not-ready": 14,
        "services-unanswered": 1,
        "workloads-short": 2,
        "budgets-blocking": 2,
        "warning-events": 9,
    }
