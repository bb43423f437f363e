"""Objects that old releases stored, in the version that the cluster's release answers with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etcdview.codec import Codec
from etcdview.codec.protobuf.schema import schema
from etcdview.kube.resources import BUILTIN, current_group

_NOTE = "autoscaling.alpha.kubernetes.io/"
_TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def served(obj: dict[str, Any], release: str | None = "1.33") -> dict[str, Any]:
    return Codec(release=release).as_served(obj)


def autoscaler(version: str, spec: dict[str, Any], status: dict[str, Any], **notes: Any) -> dict[str, Any]:
    annotations = {_NOTE + name.replace("_", "-"): json.dumps(value) for name, value in notes.items()}
    return {
        "apiVersion": f"autoscaling/{version}",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "annotations": annotations},
        "spec": {"scaleTargetRef": _TARGET, "minReplicas": 1, "maxReplicas": 3} | spec,
        "status": {"currentReplicas": 2, "desiredReplicas": 3} | status,
    }


def cpu(percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def test_metrics_of_a_first_autoscaler_are_those_of_its_annotation_and_then_the_cpu() -> None:
    other = {"type": "Pods", "pods": {"metricName": "rps", "targetAverageValue": "10"}}
    found = served(autoscaler("v1", {"targetCPUUtilizationPercentage": 60}, {}, metrics=[other]))
    pods = {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "10"}}
    assert found["apiVersion"] == "autoscaling/v2"
    assert found["spec"]["metrics"] == [{"type": "Pods", "pods": pods}, cpu(60)]
    assert "annotations" not in found["metadata"]


@pytest.mark.parametrize("metrics", [None, [], "broken"])
def test_a_first_autoscaler_without_metrics_measures_the_cpu(metrics: Any) -> None:
    notes = {} if metrics is None else {"metrics": metrics}
    assert served(autoscaler("v1", {}, {}, **notes))["spec"]["metrics"] == [cpu(80)]


@pytest.mark.parametrize("release", ["1.22", "1.33"])
@pytest.mark.parametrize("note", ["[" * 100_000, '{"a":' * 100_000, "[NaN]", '["\\ud800"]', "[[1"])
def test_an_annotation_that_no_kubernetes_wrote_breaks_no_autoscaler(note: str, release: str) -> None:
    obj = autoscaler("v1", {}, {})
    obj["metadata"]["annotations"] = {_NOTE + name: note for name in ("metrics", "behavior", "conditions")}
    assert json.dumps(served(obj, release)["spec"], allow_nan=False)


def test_what_a_first_autoscaler_has_in_annotations_is_in_its_fields() -> None:
    condition = {"type": "AbleToScale", "status": "True", "lastTransitionTime": "2020-01-02T03:04:05Z"}
    now = {"type": "Resource", "resource": {"name": "cpu", "currentAverageUtilization": 5, "currentAverageValue": "1m"}}
    policies = [{"Type": "Pods", "Value": 4, "PeriodSeconds": 60}]
    found = served(
        autoscaler(
            "v1",
            {"targetCPUUtilizationPercentage": 60},
            {"currentCPUUtilizationPercentage": 5},
            current_metrics=[now],
            conditions=[condition],
            behavior={"ScaleUp": {"SelectPolicy": "Max", "Policies": policies, "Tolerance": None}, "ScaleDown": None},
        )
    )
    current = {"averageValue": "1m", "averageUtilization": 5}
    assert found["status"]["currentMetrics"] == [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
    assert found["status"]["conditions"] == [condition]
    rules = {"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 4, "periodSeconds": 60}]}
    assert found["spec"]["behavior"] == {"scaleUp": rules}


def test_an_autoscaler_stays_v1_where_the_release_answers_with_v1() -> None:
    found = served(autoscaler("v1", {}, {"currentCPUUtilizationPercentage": 5}), "1.22")
    measured = {"name": "cpu", "currentAverageUtilization": 5, "currentAverageValue": "0"}
    assert found["apiVersion"] == "autoscaling/v1"
    assert json.loads(found["metadata"]["annotations"][_NOTE + "current-metrics"])[0]["resource"] == measured


def test_a_tolerance_of_v2beta2_is_in_an_annotation_until_1_33_reads_it() -> None:
    obj = autoscaler("v2beta2", {"metrics": [cpu(60)]}, {})
    obj["metadata"]["annotations"] = {_NOTE + "scale-up-tolerance": "50m"}
    assert served(obj)["spec"]["behavior"]["scaleUp"]["tolerance"] == "50m"
    assert "behavior" not in served(obj, "1.32")["spec"]


def test_a_version_that_cannot_be_converted_is_named() -> None:
    codec = Codec(release="1.22")
    found = codec.as_served(autoscaler("v2beta2", {"metrics": [cpu(60)]}, {}))
    assert found["apiVersion"] == "autoscaling/v2beta2"
    assert codec.unconverted(found) == "autoscaling/v1"
    assert Codec(release="1.36").unconverted(found | {"apiVersion": "autoscaling/v2"}) == ""


def test_an_empty_selector_of_a_first_budget_still_selects_nothing() -> None:
    obj = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {}, "spec": {"selector": {}}}
    nothing = {"key": "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match", "operator": "Exists"}
    assert served(obj)["spec"]["selector"] == {"matchExpressions": [nothing]}
    everything = {"matchExpressions": [nothing | {"operator": "DoesNotExist"}]}
    assert served(obj | {"spec": {"selector": everything}})["spec"]["selector"] == {}


def test_a_first_deployment_keeps_its_rollback_in_an_annotation() -> None:
    spec = {"rollbackTo": {"revision": 4}, "template": {"spec": {"containers": None}}}
    obj = {"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}
    found = served(obj)
    assert found["metadata"]["annotations"] == {"deprecated.deployment.rollback.to": "4"}
    assert "rollbackTo" not in found["spec"]
    assert found["spec"]["selector"] is None


def test_backends_of_a_first_ingress_name_a_service() -> None:
    paths = [{"path": "/", "backend": {"serviceName": "web", "servicePort": "http"}}]
    spec = {"backend": {"serviceName": "web", "servicePort": 80}, "rules": [{"http": {"paths": paths}}]}
    found = served({"apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", "metadata": {}, "spec": spec})["spec"]
    assert found["defaultBackend"] == {"service": {"name": "web", "port": {"number": 80}}}
    path = found["rules"][0]["http"]["paths"][0]
    assert path["backend"] == {"service": {"name": "web", "port": {"name": "http"}}}


def test_every_user_of_a_first_binding_is_all_who_are_authenticated() -> None:
    subjects = [{"kind": "User", "apiVersion": "rbac.authorization.k8s.io/v1alpha1", "name": "*"}]
    version = "rbac.authorization.k8s.io/v1alpha1"
    obj = {"apiVersion": version, "kind": "RoleBinding", "metadata": {}, "subjects": subjects, "roleRef": {}}
    everyone = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"}
    assert served(obj)["subjects"] == [everyone]


TYPES = {(r.group, r.kind) for r in BUILTIN if r.served}
OLD = [(v, k) for v, k in schema().kinds() if (current_group(v, k), k) in TYPES]
ODD = (
    *(None, 7, "x", [7]),
    {"spec": 7, "devices": [7], "selector": {"matchExpressions": 7}},
    [None, {"http": {"paths": [7, {"backend": 7}]}}],
)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_damaged_objects_of_every_version_are_served_without_harm(odd: Any) -> None:
    names = ("spec", "status", "subjects", "endpoints", "series")
    for release in ("1.20", "1.33", None):
        for version, kind in OLD:
            for metadata in (odd, {"annotations": odd}):
                obj = {"apiVersion": version, "kind": kind, "metadata": metadata} | dict.fromkeys(names, odd)
                assert served(obj, release)["kind"] == kind
