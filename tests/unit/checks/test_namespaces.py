"""Namespace by namespace: each rule where it fires, and where it does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from etcdview.checks.namespaces import RULES, NamespaceView, namespace_views


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


def lease(renewed: str) -> dict[str, Any]:
    spec = {"holderIdentity": "cp1_7", "leaseDurationSeconds": 15, "renewTime": renewed}
    metadata = {"name": "kube-controller-manager", "namespace": "kube-system"}
    return make("coordination.k8s.io/v1", "Lease", spec=spec, metadata=metadata)


def node(ready: str) -> dict[str, Any]:
    found = {"type": "Ready", "status": ready, "reason": "KubeletNotReady", "lastTransitionTime": OLD}
    metadata = {"name": "n", "namespace": ""}
    return make("v1", "Node", metadata=metadata, status={"conditions": [found]})


def reading(config: str) -> list[dict[str, Any]]:
    reader = pod(container={"envFrom": [{"configMapRef": {"name": config}}]})
    account = make("v1", "ServiceAccount", "default")
    return [reader, account, make("v1", "ConfigMap", "there")]


DEPLOY = {"spec": {"replicas": 2}}
RENEWED = "2026-11-23T15:37:37.000000Z"
RECENT, OLD = "2026-11-23T15:30:00Z", "2026-11-23T05:30:00Z"

# rule -> (where it fires, what it says, where it does not)
CASES: dict[str, tuple[list[dict[str, Any]], str, list[dict[str, Any]]]] = {
    "namespace-ending": (
        [namespace(metadata={"name": "ns", "deletionTimestamp": "2026-11-23T15:50:00Z"})],
        "for 7m37s",
        [namespace()],
    ),
    "pods-not-ready": (
        [pod(ready=False)],
        "Running, 0 of 1 containers ready, but the pod is not ready; its condition Ready is false without a reason",
        [pod()],
    ),
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
    "control-plane-silent": (
        [lease(RENEWED)],
        f"held by cp1_7, over for 19m (it lasts 15 s, and was renewed last {RENEWED})",
        [lease("2026-11-23T15:57:30.000000Z")],
    ),
    "quotas-full": ([quota("2000m")], "requests.cpu 2000m of 2", [quota("1999m")]),
}


def view(objects: list[dict[str, Any]], now: datetime, name: str = "ns") -> NamespaceView:
    return next(v for v in namespace_views(objects, now) if v.name == name)


def object_key(rule: str) -> str:
    return "kube-system" if rule == "control-plane-silent" else "ns"


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_fires_with_its_evidence(rule: str, now: datetime) -> None:
    objects, said, _ = CASES[rule]
    found = [f for f in view(objects, now, object_key(rule)).findings if f.id == rule]
    assert [f.id for f in found] == [rule]
    assert found[0].evidence[0].endswith(said)
    assert len(found[0].evidence) == len(found[0].refs)
    assert found[0].action


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_does_not_fire(rule: str, now: datetime) -> None:
    objects = CASES[rule][2]
    assert rule not in {f.id for f in view(objects, now, object_key(rule)).findings}


def test_each_rule_has_its_case() -> None:
    assert {name.replace("-", "_") for name in CASES} == {rule.__name__ for rule in RULES}


def test_the_captured_namespaces_are_counted_and_judged(captured: tuple[dict[str, Any], ...], now: datetime) -> None:
    views = {v.name: v for v in namespace_views(captured, now)}
    assert len(views) == 9
    assert dict(views["shop"].counts)["Pod"] == 27
    assert {name for name, v in views.items() if not v.healthy} == {"going-away", "monitoring", "payments", "shop"}
    assert {(f.id, len(f.refs)) for f in views["shop"].findings} == {
        ("autoscalers-blind", 3),
        ("pods-not-ready", 12),
        ("pods-not-ready", 2),
        ("services-unanswered", 1),
        ("workloads-short", 2),
        ("budgets-blocking", 2),
        ("warning-events", 9),
    }


def test_a_pod_that_runs_on_a_node_that_is_not_ready_says_so(now: datetime) -> None:
    found = view([pod(ready=False), node("False")], now).findings

    assert [f.summary for f in found] == ["1 pod not ready because of node n"]
    assert found[0].evidence[0].endswith("but the pod is not ready; its node n is NotReady, KubeletNotReady, for 10h")
    assert view([pod(ready=False), node("True")], now).findings[0].summary == "1 pod not ready"


def test_a_container_that_fails_is_the_reason_whatever_the_node_is(now: datetime) -> None:
    failing = pod(ready=False)
    failing["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}

    assert [f.summary for f in view([failing, node("False")], now).findings] == ["1 pod not ready"]


def test_the_condition_of_a_pod_says_why_it_is_not_ready(now: datetime) -> None:
    waiting = pod(ready=False)
    waiting["status"]["conditions"][0] |= {"reason": "ReadinessGatesNotReady", "message": "gate x is missing"}

    said = view([waiting], now).findings[0].evidence[0]
    assert said.endswith(
        "Running, 0 of 1 containers ready, but the pod is not ready (ReadinessGatesNotReady: gate x is missing)"
    )


@pytest.mark.parametrize(("left", "action"), [(0, "It is empty"), (3, "Check the remaining objects")])
def test_a_namespace_that_is_going_says_whether_anything_is_left_in_it(left: int, action: str, now: datetime) -> None:
    views = namespace_views(CASES["namespace-ending"][0], now, {"ns": left})

    assert views[0].findings[0].action.startswith(action)


def test_leases_in_a_file_tell_nothing_of_who_runs(now: datetime) -> None:
    assert namespace_views([lease(RENEWED)], now, live=False)[0].findings == ()
