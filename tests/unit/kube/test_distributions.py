"""The distribution of a cluster, by what only that distribution writes."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube.distributions import DISTRIBUTION_KEYS, distributions, named_key
from etcdview.kube.release import evidence

CRD = "apiextensions.k8s.io/customresourcedefinitions/"


def node(version: str = "v1.33.1", *labels: str, **spec: str) -> dict[str, Any]:
    image = spec.pop("image", "Debian GNU/Linux 12")
    metadata = {"name": "n", "labels": dict.fromkeys(labels, "x")}
    info = {"kubeletVersion": version, "osImage": image}
    return {"kind": "Node", "metadata": metadata, "spec": spec, "status": {"nodeInfo": info}}


def annotated(annotation: str) -> dict[str, Any]:
    return {"kind": "Node", "metadata": {"name": "n", "annotations": {annotation: "x"}}}


def names(*objects: Any) -> list[str]:
    return [one.name for one in distributions(objects)]


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ([named_key(CRD + "addons.k3s.cattle.io")], "K3s"),
        ([node("v1.33.1+k3s1")], "K3s"),
        ([node(providerID="k3s://n")], "K3s"),
        ([node("v1.33.1+rke2r1")], "RKE2"),
        ([named_key("helm.cattle.io/helmcharts/kube-system/rke2-coredns")], "RKE2"),
        ([named_key(CRD + "clusterversions.config.openshift.io")], "OpenShift"),
        ([node(image="Red Hat Enterprise Linux CoreOS 416.94")], "OpenShift"),
        ([annotated("machineconfiguration.openshift.io/state")], "OpenShift"),
        ([named_key("configmaps/kube-system/aws-auth")], "EKS"),
        ([node("v1.33.1-eks-ba74326")], "EKS"),
        ([node("v1.33.1", "eks.amazonaws.com/nodegroup")], "EKS"),
        ([node("v1.33.1-gke.1043002")], "GKE"),
        ([node("v1.33.1", "cloud.google.com/gke-nodepool")], "GKE"),
        ([node("v1.33.1", "kubernetes.azure.com/cluster")], "AKS"),
        ([node(providerID="kind://docker/kind/kind-control-plane")], "kind"),
        ([node("v1.33.1", "minikube.k8s.io/name")], "minikube"),
        ([node("v1.33.1", "microk8s.io/cluster")], "MicroK8s"),
        ([node(image="Talos (v1.7.6)")], "Talos"),
        ([node("v1.33.1+k0s")], "k0s"),
        ([named_key(CRD + "plans.autopilot.k0sproject.io")], "k0s"),
        ([node("v1.33.1", "kops.k8s.io/instancegroup")], "kops"),
        ([node("v1.33.1", "worker.gardener.cloud/pool")], "Gardener"),
        ([named_key("configmaps/kube-system/kubeadm-config")], "kubeadm"),
        ([annotated("kubeadm.alpha.kubernetes.io/cri-socket")], "kubeadm"),
    ],
)
def test_each_distribution_is_told_by_what_only_it_writes(objects: list[Any], name: str) -> None:
    assert names(*objects) == [name]


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ([named_key(CRD + "addons.k3s.cattle.io"), node("v1.33.1+rke2r1")], "RKE2"),
        ([named_key("configmaps/kube-system/kubeadm-config"), node(providerID="kind://docker/kind/cp")], "kind"),
        ([named_key("configmaps/kube-system/kubeadm-config"), node("v1.33.1", "minikube.k8s.io/name")], "minikube"),
    ],
)
def test_what_a_distribution_is_made_of_is_not_told_as_well(objects: list[Any], name: str) -> None:
    assert names(*objects) == [name]


def test_evidence_that_contradicts_itself_gives_both_the_one_with_more_first() -> None:
    leftover = node("v1.33.1", "eks.amazonaws.com/nodegroup")
    gke = [
        node("v1.33.1-gke.1", "cloud.google.com/gke-nodepool"),
        named_key("configmaps/kube-system/gke-common-webhook-heartbeat"),
    ]

    assert names(leftover, *gke) == ["GKE", "EKS"]


def test_a_node_or_two_of_another_cluster_say_nothing_beside_the_others() -> None:
    kubeadm = named_key("configmaps/kube-system/kubeadm-config")

    assert names(kubeadm, *[node()] * 4, node(image="Talos (v1.10.0)")) == ["kubeadm"]
    assert names(kubeadm, node(), node(image="Talos (v1.10.0)")) == ["Talos", "kubeadm"]


def test_what_says_so_is_told_once_however_many_nodes_do() -> None:
    (found,) = distributions([node("v1.33.1+k3s1")] * 3)

    assert found.why == ("a kubelet says v1.33.1+k3s1",)


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"kind": "Node"},
        {"kind": "Node", "metadata": {"labels": 7, "annotations": ["x"]}, "spec": [], "status": {"nodeInfo": 1}},
        {"kind": "Node", "metadata": {"labels": {7: "x"}}},
        {"key": 7},
        {"key": "configmaps/default/aws-auth"},
        node("v1.33.1"),
        node("v1.33.1", "example.org/eks.amazonaws.com"),
    ],
)
def test_what_is_damaged_or_plain_says_none(obj: dict[Any, Any]) -> None:
    assert names(obj) == []


def test_no_key_stands_for_two_distributions() -> None:
    assert len(DISTRIBUTION_KEYS) == len(set(DISTRIBUTION_KEYS))


def _version(*history: tuple[str, str]) -> dict[str, Any]:
    updates = [{"state": state, "version": version} for state, version in history]
    return {"kind": "ClusterVersion", "metadata": {"name": "version"}, "status": {"history": updates}}


@pytest.mark.parametrize(
    ("history", "release"),
    [
        ([("Completed", "4.16.3")], "1.29"),
        ([("Partial", "4.17.0"), ("Completed", "4.16.3")], "1.29"),
        ([("Completed", "4.20.1"), ("Completed", "4.19.9")], "1.33"),
        ([("Completed", "3.11.2")], None),
        ([("Completed", "unknown")], None),
        ([], None),
    ],
)
def test_openshifts_version_says_the_release_that_it_was_made_of(
    history: list[tuple[str, str]], release: str | None
) -> None:
    found = evidence([_version(*history)])

    assert (str(found.release) if found else None) == release
