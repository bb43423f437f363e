"""Stored objects by hand: what Kubernetes' conversions and defaults branch at, and chance rarely makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MADE = "made-"  # what their names begin with
_NOTES = "autoscaling.alpha.kubernetes.io/"
_Made = Iterator[tuple[str, str, dict[str, Any]]]


def values() -> Iterator[bytes]:
    """Every object as JSON, named after its place in the list."""
    made = [*_pods(), *_autoscalers(), *_budgets(), *_levels(), *_ingresses()]
    for position, (api_version, kind, fields) in enumerate(made):
        metadata = {"name": f"{MADE}{position}"} | fields.get("metadata", {})
        yield json.dumps({"apiVersion": api_version, "kind": kind, **fields, "metadata": metadata}).encode()


def _container(name: str, requests: dict[str, str], limits: dict[str, str], **rest: Any) -> dict[str, Any]:
    return {"name": name, "image": "i:1", "resources": {"requests": requests, "limits": limits}} | rest


def _pods() -> _Made:
    """With resources of their own, and containers, init containers and sidecars that request more or less."""
    huge = "hugepages-2Mi"
    containers = [
        _container("a", {"cpu": "500m", "memory": "128Mi"}, {huge: "4Mi"}),
        _container("b", {"cpu": "1", "memory": "1Gi"}, {"cpu": "2", "example.org/gpu": "1", huge: "2Mi"}),
    ]
    mixed = [
        _container("c", {"memory": "1500Ki", "cpu": "0"}, {}),
        _container("d", {"memory": "1e3", "cpu": "250u"}, {}),
    ]
    sidecar = _container("s", {"cpu": "100m"}, {"memory": "64Mi"}, restartPolicy="Always")
    first = _container("f", {"cpu": "3"}, {"memory": "16Mi"})
    for own in (
        {"limits": {"cpu": "4"}},
        {"limits": {"cpu": "4", "memory": "8Gi"}},
        {"limits": {"cpu": "4", "example.org/gpu": "2"}, "requests": {"memory": "2Gi"}},
        {"requests": {"cpu": "1"}},
        {"limits": {huge: "16Mi", "memory": "8Gi"}},
        {"limits": {"cpu": "4"}, "requests": {huge: "6Mi"}},
        {},
        None,
    ):
        for those, before in (
            (containers, []),
            (containers, [first, sidecar, first]),
            (mixed, [sidecar]),
            ([], [first]),
        ):
            yield "v1", "Pod", {"spec": {"resources": own, "containers": those, "initContainers": before}}


def _autoscalers() -> _Made:
    """With metrics, conditions and behaviour in annotations: whole, empty, broken."""
    target, labels = {"kind": "Deployment", "name": "d"}, {"matchLabels": {"a": "b"}}
    specs: list[dict[str, Any]] = [
        {"type": "Pods", "pods": {"metricName": "m", "targetAverageValue": "5", "selector": labels}},
        {"type": "Object", "object": {"target": target, "metricName": "m", "targetValue": "2k", "averageValue": "3"}},
        {"type": "External", "external": {"metricName": "m", "targetValue": "8"}},
        {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "100m"}},
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "c"}},
    ]
    current: list[dict[str, Any]] = [
        {"type": "Pods", "pods": {"metricName": "m", "currentAverageValue": "4"}},
        {"type": "Object", "object": {"target": target, "metricName": "m", "currentValue": "1k"}},
        {"type": "External", "external": {"metricName": "m", "currentValue": "0", "currentAverageValue": "1"}},
        {"type": "Resource", "resource": {"name": "cpu", "currentAverageUtilization": 9, "currentAverageValue": "1"}},
        {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "currentAverageValue": "0", "container": "c"},
        },
    ]
    moment = "2020-01-02T03:04:05Z"
    condition = {"type": "AbleToScale", "status": "True", "lastTransitionTime": moment, "reason": "R", "message": "m"}
    policy = {"Type": "Pods", "Value": 4, "PeriodSeconds": 60}
    rules = {"StabilizationWindowSeconds": None, "SelectPolicy": "Max", "Policies": [policy]}
    behaviour = {"ScaleUp": rules, "ScaleDown": None}
    texts = [{}, {"metrics": "[]"}, {"metrics": "broken"}, {"metrics": '[{"type":7}]'}, {"conditions": "[]"}]
    texts += [{"metrics": _text(specs)}, {"current-metrics": _text(current)}, {"current-metrics": "[]"}]
    texts += [{"conditions": _text([condition])}, {"behavior": _text(behaviour)}, {"behavior": "{}"}]
    for notes in texts:
        annotations = {_NOTES + name: text for name, text in notes.items()} | {"mine": "kept"}
        for cpu in (None, 75):
            spec = {"scaleTargetRef": target, "maxReplicas": 9, "targetCPUUtilizationPercentage": cpu}
            status = {"currentReplicas": 0, "desiredReplicas": 3, "currentCPUUtilizationPercentage": cpu}
            fields = {"metadata": {"annotations": annotations}, "spec": spec, "status": status}
            yield "autoscaling/v1", "HorizontalPodAutoscaler", fields
    spec = {"scaleTargetRef": target, "maxReplicas": 9}
    fields = {"spec": spec | {"metrics": specs}, "status": {"currentMetrics": current, "conditions": [condition]}}
    yield "autoscaling/v2beta1", "HorizontalPodAutoscaler", fields
    for name in ("scale-up-tolerance", "scale-down-tolerance"):
        fields = {"metadata": {"annotations": {_NOTES + name: "50m"}}, "spec": spec}
        yield "autoscaling/v2beta2", "HorizontalPodAutoscaler", fields


def _text(value: Any) -> str:
    """As Go writes it."""
    return json.dumps(value, separators=(",", ":"))


def _budgets() -> _Made:
    """Of which an empty selector has one meaning in v1beta1, and another in v1."""
    key = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"
    nothing, everything = ({"key": key, "operator": operator} for operator in ("Exists", "DoesNotExist"))
    other = {"key": "a", "operator": "Exists"}
    for expressions in ([], [nothing], [everything], [other], [everything, other], [everything | {"values": ["x"]}]):
        for labels in ({}, {"a": "b"}):
            selector = {"matchExpressions": expressions, "matchLabels": labels}
            yield "policy/v1beta1", "PodDisruptionBudget", {"spec": {"selector": selector}}
    yield "policy/v1beta1", "PodDisruptionBudget", {"spec": {}}


def _levels() -> _Made:
    """With no share, which v1beta3 tells from zero by an annotation."""
    key = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"
    notes: tuple[dict[str, str], ...] = ({}, {key: ""})
    for version, shares in (("v1beta3", "nominal"), ("v1beta2", "assured"), ("v1", "nominal")):
        for note in notes:
            spec = {"type": "Limited", "limited": {f"{shares}ConcurrencyShares": 0}}
            fields = {"metadata": {"annotations": note}, "spec": spec}
            yield f"flowcontrol.apiserver.k8s.io/{version}", "PriorityLevelConfiguration", fields


def _ingresses() -> _Made:
    for port in (80, "http", "", 0):
        for name in ("web", ""):
            backend = {"serviceName": name, "servicePort": port}
            spec = {"backend": backend, "rules": [{"http": {"paths": [{"path": "/", "backend": backend}]}}]}
            for version in ("networking.k8s.io/v1beta1", "extensions/v1beta1"):
                yield version, "Ingress", {"spec": spec}
