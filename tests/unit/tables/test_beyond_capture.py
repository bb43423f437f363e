"""Types, versions and cases that the captured cluster does not hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.kube.resources import BY_PREFIX
from etcdview.tables import table_for

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
META = {"name": "x", "creationTimestamp": "2026-01-01T00:00:00Z"}

CASES: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    (
        "podsecuritypolicy",
        {
            "spec": {
                "privileged": True,
                "allowedCapabilities": ["NET_ADMIN", "SYS_TIME"],
                "seLinux": {"rule": "RunAsAny"},
                "runAsUser": {"rule": "MustRunAsNonRoot"},
                "fsGroup": {"rule": "MayRunAs"},
                "supplementalGroups": {"rule": "RunAsAny"},
                "volumes": ["configMap", "secret"],
            }
        },
        (
            "x",
            "true",
            "NET_ADMIN,SYS_TIME",
            "RunAsAny",
            "MustRunAsNonRoot",
            "MayRunAs",
            "RunAsAny",
            False,
            "configMap,secret",
        ),
    ),
    (
        "storageversions",
        {"status": {"storageVersions": [{"apiServerID": f"a{i}", "encodingVersion": "v1"} for i in range(5)]}},
        ("x", "<unset>", "a0=v1,a1=v1,a2=v1 + 2 more...", "60s"),
    ),
    (
        "storageversionmigrations",
        {"spec": {"resource": {"resource": "deployments", "group": "apps"}}},
        ("x", "deployments.apps", "Unknown"),
    ),
    ("clustertrustbundles", {"spec": {"signerName": "example.org/ca"}}, ("x", "example.org/ca")),
    ("clustertrustbundles", {"spec": {}}, ("x", "<none>")),
    (
        "podcertificaterequests",
        {
            "spec": {"podName": "p", "serviceAccountName": "sa", "nodeName": "n", "signerName": "s"},
            "status": {"conditions": [{"type": "Denied"}]},
        },
        ("x", "p", "sa", "n", "s", "Denied", "<none>"),
    ),
    ("workloads", {}, ("x", "60s")),
    ("podgroups", {}, ("x", "Basic", "<none>", "Pending", "60s")),
    (
        "resourceclaims",
        {"status": {"allocation": {}, "reservedFor": [{"name": "p"}]}},
        ("x", "allocated,reserved", "60s"),
    ),
    (
        "clustercidrs",
        {"spec": {"perNodeHostBits": 8, "ipv4": "10.0.0.0/8"}},
        ("x", "8", "10.0.0.0/8", "<none>", "60s", "<none>"),
    ),
    ("podschedulingcontexts", {"spec": {"selectedNode": "n1"}}, ("x", "n1", "60s")),
    ("resourceclasses", {"driverName": "gpu"}, ("x", "gpu", "60s")),
    (
        "resourceclaimparameters",
        {"generatedFrom": {"kind": "Gpu", "apiGroup": "x.io", "name": "big"}},
        ("x", "Gpu.x.io big", "60s"),
    ),
    (
        "services/specs",
        {"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "ports": [{"port": 80}]}},
        ("x", "LoadBalancer", "10.0.0.1", "<pending>", "80/TCP", "60s", "<none>"),
    ),
    (
        "services/endpoints",
        {"subsets": [{"addresses": [{"ip": "fd00::1"}, {"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]},
        ("x", "[fd00::1]:80,10.0.0.1:80", "60s"),
    ),
    ("services/endpoints", {"subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}, ("x", "10.0.0.1", "60s")),
    (
        "ingress",
        {"spec": {"rules": [{"host": h} for h in ("a", "", "b", "c", "d")]}},
        ("x", "<none>", "a,b,c + 2 more...", "", "80", "60s"),
    ),
    ("ingress", {"spec": {"rules": [{}]}}, ("x", "<none>", "*", "", "80", "60s")),
    (
        "networkpolicies",
        {
            "spec": {
                "podSelector": {
                    "matchLabels": {"b": "1"},
                    "matchExpressions": [
                        {"key": "a", "operator": "In", "values": ["z", "y"]},
                        {"key": "c", "operator": "NotIn", "values": ["v"]},
                        {"key": "d", "operator": "Exists"},
                        {"key": "e", "operator": "DoesNotExist"},
                    ],
                }
            }
        },
        ("x", "a in (y,z),b=1,c notin (v),d,!e", "60s"),
    ),
    (
        "networkpolicies",
        {"spec": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}},
        ("x", "<error>", "60s"),
    ),
    (
        "jobs",
        {"spec": {"parallelism": 5}, "status": {"succeeded": 2, "startTime": "2026-01-01T00:00:30Z"}},
        ("x", "Running", "2/1 of 5", "30s", "60s", "", "", "<none>"),
    ),
    (
        "certificatesigningrequests",
        {"status": {"conditions": [{"type": "Approved"}, {"type": "Failed"}]}},
        ("x", "60s", "<none>", "", "<none>", "Approved,Failed"),
    ),
    (
        "certificatesigningrequests",
        {"status": {"conditions": [{"type": "Denied"}]}},
        ("x", "60s", "<none>", "", "<none>", "Denied"),
    ),
    (
        "apiregistration.k8s.io/apiservices",
        {
            "spec": {"service": {"namespace": "kube-system", "name": "metrics"}},
            "status": {"conditions": [{"type": "Available", "status": "False", "reason": "MissingEndpoints"}]},
        },
        ("x", "kube-system/metrics", "False (MissingEndpoints)", "60s"),
    ),
    (
        "events",
        {
            "involvedObject": {"kind": "Pod", "name": "p"},
            "eventTime": "2026-01-01T00:00:10.000000Z",
            "reportingComponent": "scheduler",
            "reportingInstance": "host",
            "series": {"count": 9, "lastObservedTime": "2026-01-01T00:00:50.000000Z"},
            "message": " said \n",
        },
        ("10s", "", "", "pod/p", "", "scheduler, host", "said", "50s", 9, "x"),
    ),
    (
        "prioritylevelconfigurations",
        {"spec": {"type": "Limited", "limited": {"assuredConcurrencyShares": 30, "limitResponse": {"type": "Reject"}}}},
        ("x", "Limited", 30, "<none>", "<none>", "<none>", "60s"),
    ),
    (
        "validatingadmissionpolicybindings",
        {"spec": {"policyName": "p", "paramRef": {"selector": {"matchLabels": {"a": "b"}}}}},
        (
            "x",
            "p",
            "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}",
            "60s",
        ),
    ),
]


@pytest.mark.parametrize(("prefix", "obj", "cells"), CASES, ids=[c[0] for c in CASES])
def test_the_cells_are_those_of_kubectl(prefix: str, obj: dict[str, Any], cells: tuple[Any, ...]) -> None:
    resource = BY_PREFIX[prefix if prefix in BY_PREFIX else prefix + "s"]
    table = table_for(resource)
    have = table.cells({"metadata": META} | obj, NOW)
    assert json.dumps(have) == json.dumps(cells)
    assert len(have) == len(table.columns)


METRICS = [
    (
        {"type": "External", "external": {"target": {"averageValue": "5"}}},
        {"external": {"current": {"averageValue": "4"}}},
        "4/5 (avg)",
    ),
    ({"type": "External", "external": {"target": {"value": "5"}}}, {"external": {"current": {"value": "4"}}}, "4/5"),
    ({"type": "External", "external": {"target": {"value": "5"}}}, None, "<unknown>/5"),
    ({"type": "Object", "object": {"target": {"value": "5"}}}, {"object": {"current": {"value": "3"}}}, "3/5"),
    ({"type": "Object", "object": {"target": {"averageValue": "5"}}}, None, "<unknown>/5 (avg)"),
    (
        {"type": "Resource", "resource": {"name": "memory", "target": {"averageValue": "1Gi"}}},
        None,
        "memory: <unknown>/1Gi",
    ),
    ({"type": "Resource", "resource": {"name": "cpu", "target": {}}}, None, "cpu: <unknown>/<auto>"),
    (
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "target": {"averageUtilization": 60}}},
        {"containerResource": {"current": {"averageUtilization": 30}}},
        "cpu: 30%/60%",
    ),
    (
        {"type": "Pods", "pods": {"metricName": "rps", "targetAverageValue": "9"}},
        {"pods": {"currentAverageValue": "8"}},
        "8/9",
    ),
    (
        {"type": "Object", "object": {"metricName": "m", "targetValue": "0", "averageValue": "3"}},
        {"object": {"metricName": "m", "currentValue": "0", "averageValue": "2"}},
        "2/3 (avg)",
    ),
    ({"type": "Moon"}, None, "<unknown type>"),
]


@pytest.mark.parametrize(("spec", "status", "shown"), METRICS)
def test_an_autoscaler_shows_current_and_target_of_each_kind_of_metric(spec: Any, status: Any, shown: str) -> None:
    obj = {"metadata": META, "spec": {"metrics": [spec]}, "status": {"currentMetrics": [status] if status else []}}
    assert table_for(BY_PREFIX["horizontalpodautoscalers"]).cells(obj, NOW)[2] == shown


def test_an_autoscaler_of_v1_shows_the_cpu_after_the_metrics_of_its_annotation() -> None:
    other = {"type": "Pods", "pods": {"metricName": "rps", "targetAverageValue": "9"}}
    annotations = {"autoscaling.alpha.kubernetes.io/metrics": json.dumps([other])}
    spec = {"targetCPUUtilizationPercentage": 60}
    obj = {"apiVersion": "autoscaling/v1", "metadata": META | {"annotations": annotations}, "spec": spec}
    shown = table_for(BY_PREFIX["horizontalpodautoscalers"]).cells(obj, NOW)[2]
    assert shown == "<unknown>/9, cpu: <unknown>/60%"


@pytest.mark.parametrize("note", ["[" * 100_000, "[1", "{}", "[[]]", "null"])
def test_an_autoscaler_of_v1_with_an_annotation_that_cannot_be_read_shows_the_cpu(note: str) -> None:
    annotations = {"autoscaling.alpha.kubernetes.io/metrics": note}
    spec = {"targetCPUUtilizationPercentage": 60}
    obj = {"apiVersion": "autoscaling/v1", "metadata": META | {"annotations": annotations}, "spec": spec}
    assert table_for(BY_PREFIX["horizontalpodautoscalers"]).cells(obj, NOW)[2] == "cpu: <unknown>/60%"


def test_an_autoscaler_shows_two_metrics_and_counts_the_rest() -> None:
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 60}}}
    obj = {"metadata": META, "spec": {"metrics": [metric] * 4}}
    shown = table_for(BY_PREFIX["horizontalpodautoscalers"]).cells(obj, NOW)[2]
    assert shown == "cpu: <unknown>/60%, cpu: <unknown>/60% + 2 more..."
