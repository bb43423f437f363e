"""Which distribution of Kubernetes a cluster is, by what only that distribution writes.

Its own CRDs, roles, ConfigMaps and charts; the labels and annotations that its agents put on nodes; the suffix of the
kubelet's version. All are public: in the distribution's source, or in its documentation of labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etcdview.kube.fields import mapping, text

_CRD, _ROLE = "apiextensions.k8s.io/customresourcedefinitions/", "clusterroles/"
_CONFIG, _CHART = "configmaps/kube-system/", "helm.cattle.io/helmcharts/kube-system/"


@dataclass(frozen=True, slots=True)
class _Marks:
    """`keys` below the registry's root; `nodes`: prefixes of labels and annotations; `version`: in the kubelet's.

    `provider` begins the node's providerID, `image` its OS image. `within`: what it is made with or of, whose marks its
    clusters have as well.
    """

    keys: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    version: str = ""
    provider: str = ""
    image: str = ""
    within: tuple[str, ...] = ()


_KUBEADM = "kubeadm"
_MARKS: dict[str, _Marks] = {
    "RKE2": _Marks(
        keys=(_CHART + "rke2-coredns", _CHART + "rke2-metrics-server", _CONFIG + "rke2-etcd-snapshots"),
        nodes=("rke2.io/",),
        version="+rke2",
        within=("K3s",),
    ),
    "K3s": _Marks(
        keys=(_CRD + "addons.k3s.cattle.io", _CRD + "etcdsnapshotfiles.k3s.cattle.io"),
        nodes=("k3s.io/",),
        version="+k3s",
        provider="k3s://",
    ),
    "OpenShift": _Marks(
        keys=(_CRD + "clusterversions.config.openshift.io", _CRD + "clusteroperators.config.openshift.io"),
        nodes=("machineconfiguration.openshift.io/", "node.openshift.io/"),
        image="Red Hat Enterprise Linux CoreOS",
    ),
    "EKS": _Marks(
        keys=(_CONFIG + "aws-auth", _ROLE + "eks:node-bootstrapper", _ROLE + "eks:addon-manager"),
        nodes=("eks.amazonaws.com/",),
        version="-eks-",
    ),
    "GKE": _Marks(
        keys=(_CONFIG + "gke-common-webhook-heartbeat", _ROLE + "gce:gke-metadata-server-reader"),
        nodes=("cloud.google.com/gke-",),
        version="-gke.",
    ),
    "AKS": _Marks(
        keys=(_CONFIG + "azure-ip-masq-agent-config", _ROLE + "system:azure-cloud-provider"),
        nodes=("kubernetes.azure.com/",),
    ),
    "kind": _Marks(provider="kind://", within=(_KUBEADM,)),
    "minikube": _Marks(nodes=("minikube.k8s.io/",), within=(_KUBEADM,)),
    "MicroK8s": _Marks(nodes=("microk8s.io/", "node.kubernetes.io/microk8s-")),
    "Talos": _Marks(nodes=("talos.dev/", "extensions.talos.dev/"), image="Talos "),
    "k0s": _Marks(
        keys=(_CRD + "charts.helm.k0sproject.io", _CRD + "plans.autopilot.k0sproject.io"),
        nodes=("node.k0sproject.io/",),
        version="+k0s",
    ),
    "kops": _Marks(nodes=("kops.k8s.io/",)),
    "Gardener": _Marks(nodes=("worker.gardener.cloud/",)),
    _KUBEADM: _Marks(keys=(_CONFIG + "kubeadm-config",), nodes=("kubeadm.alpha.kubernetes.io/",)),
}

# Below the registry's root: the keys whose being there is evidence.
DISTRIBUTION_KEYS: tuple[str, ...] = tuple(key for marks in _MARKS.values() for key in marks.keys)
_KEY = "key"  # of what stands for an object of which only the key was read


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution's name, and what says so, for people."""

    name: str
    why: tuple[str, ...]


def named_key(key: str) -> Mapping[str, Any]:
    """What stands for the object at one of DISTRIBUTION_KEYS, of which no more than the key is known."""
    return {_KEY: key}


def distributions(objects: Iterable[Mapping[str, Any]]) -> tuple[Distribution, ...]:
    """The distribution of the cluster that the nodes and keys are of; nothing where they say none.

    Several where the evidence contradicts itself, that with the most first. What nodes say counts from half of them
    on: a few may be of another cluster, or gone.
    """
    seen = list(objects)
    nodes = [obj for obj in seen if obj.get("kind") == "Node"]
    found: list[Distribution] = []
    for name, marks in _MARKS.items():
        whys = [f"{obj[_KEY]} exists" for obj in seen if obj.get(_KEY) in marks.keys]
        of_nodes = list(filter(None, (tuple(_of_node(node, marks)) for node in nodes)))
        if 2 * len(of_nodes) >= len(nodes):
            whys += (why for one in of_nodes for why in one)
        if whys:
            found.append(Distribution(name, tuple(dict.fromkeys(whys))))
    made_of = {below for one in found for below in _MARKS[one.name].within}
    left = [one for one in found if one.name not in made_of]
    return tuple(sorted(left, key=lambda one: len(one.why), reverse=True))


def _of_node(node: Mapping[str, Any], marks: _Marks) -> Iterator[str]:
    for field, word in (("labels", "labelled"), ("annotations", "annotated")):
        for label in mapping(node, "metadata", field):
            if marks.nodes and str(label).startswith(marks.nodes):
                yield f"nodes are {word} {label}"
    version = text(node, "status", "nodeInfo", "kubeletVersion")
    if marks.version and marks.version in version:
        yield f"a kubelet says {version}"
    provider, image = text(node, "spec", "providerID"), text(node, "status", "nodeInfo", "osImage")
    if marks.provider and provider.startswith(marks.provider):
        yield f"the providerID of a node begins with {marks.provider}"
    if marks.image and image.startswith(marks.image):
        yield f"the image of a node is {image}"
