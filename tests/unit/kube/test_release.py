"""The release that a cluster runs, from what its registry holds."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.errors import SettingError
from etcdview.kube.release import Release, evidence


def _node(version: str, *labels: str) -> dict[str, Any]:
    metadata = {"name": "n", "labels": dict.fromkeys(labels, "")}
    return {"kind": "Node", "metadata": metadata, "status": {"nodeInfo": {"kubeletVersion": version}}}


def _api_server(image: str) -> dict[str, Any]:
    metadata = {"name": "kube-apiserver-cp1", "namespace": "kube-system"}
    return {"kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "kube-apiserver", "image": image}]}}


def _candidate(version: str) -> dict[str, Any]:
    return {"kind": "LeaseCandidate", "metadata": {"name": "c"}, "spec": {"binaryVersion": version}}


def _kubeadm(version: str) -> dict[str, Any]:
    text = f"apiServer: {{}}\nkubernetesVersion: {version}\n"
    return {"kind": "ConfigMap", "metadata": {"name": "kubeadm-config"}, "data": {"ClusterConfiguration": text}}


def _lease(**annotations: str) -> dict[str, Any]:
    labels = {"apiserver.kubernetes.io/identity": "kube-apiserver"}
    annotations = {name.replace("_", "/"): value for name, value in annotations.items()}
    return {"kind": "Lease", "metadata": {"name": "apiserver-x", "labels": labels, "annotations": annotations}}


CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


@pytest.mark.parametrize(
    ("objects", "release"),
    [
        ([], None),
        ([_node("v1.36.3")], "1.36"),
        ([_node("v1.33.1"), _node("v1.36.3"), _node("v1.35.0")], "1.36"),
        ([_node("v1.35.0", CONTROL_PLANE), _node("v1.36.0")], "1.35"),
        ([_node("v1.29.4-gke.1043002")], "1.29"),
        ([_node("unknown")], None),
        ([_kubeadm("v1.30.14"), _node("v1.29.0", CONTROL_PLANE)], "1.30"),
        ([_candidate("1.34.0"), _kubeadm("v1.30.14")], "1.34"),
        ([_api_server("registry.k8s.io/kube-apiserver:v1.36.3"), _candidate("1.37.0")], "1.36"),
        ([_api_server("r.example.org:5000/kube-apiserver:v1.31.0@sha256:00")], "1.31"),
        ([_api_server("kube-apiserver")], None),
        ([_lease(example_version="v1.28.2"), _api_server("x:v1.27.1")], "1.28"),
        ([_lease(note="hello")], None),
    ],
)
def test_the_best_evidence_counts(objects: list[dict[str, Any]], release: str | None) -> None:
    found = evidence(objects)
    assert (found.release if found else None) == (Release.parse(release) if release else None)


def test_the_evidence_can_be_told() -> None:
    found = evidence([_node("v1.36.3", CONTROL_PLANE)])
    assert found is not None
    assert found.why == "the kubelet of node n says v1.36.3"


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"kind": "Node"},
        {"kind": "Node", "status": []},
        {"kind": "Pod", "metadata": {"namespace": "kube-system"}, "spec": {"containers": [None, 7]}},
        {"kind": "ConfigMap", "metadata": {"name": "kubeadm-config"}, "data": None},
        {"kind": "Lease", "metadata": {"labels": 7}},
        {"kind": ["Node"]},
    ],
)
def test_damaged_objects_are_no_evidence(obj: dict[str, Any]) -> None:
    assert evidence([obj]) is None


@pytest.mark.parametrize("text", ["1.36", "v1.36", "1.36.3", "v1.36.3+k3s1", " 1.36 "])
def test_releases_are_read_however_they_are_written(text: str) -> None:
    assert str(Release.parse(text)) == "1.36"


@pytest.mark.parametrize("text", ["", "1", "latest", "1.x", "36", "1.36x"])
def test_what_is_no_release_is_a_setting_error(text: str) -> None:
    with pytest.raises(SettingError, match="not a Kubernetes release"):
        Release.parse(text)


def test_releases_are_ordered_by_number() -> None:
    assert Release.parse("1.9") < Release.parse("1.10")
