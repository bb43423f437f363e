"""How the etcd of this cluster is set up, in one piece: deployments found, topology, what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etcdview.health.deployment import Deployment, Topology, etcd_servers, from_pod, topology
from etcdview.health.facts import ClusterFacts
from etcdview.health.gaps import Gap, gaps

# Below these beginnings of names, in kube-system, the kubelet mirrors the static pods of a control plane.
MIRROR_NAMES = ("etcd-", "kube-apiserver-")


@dataclass(frozen=True, slots=True)
class Setup:
    """How etcd is deployed. `words` says it in a sentence or two; `servers` is where kube-apiserver looks for etcd."""

    deployments: tuple[Deployment, ...]
    topology: Topology
    servers: tuple[str, ...]
    gaps: tuple[Gap, ...]
    words: str


def describe(
    pods: Iterable[tuple[str, Mapping[str, Any]]],
    on_disk: Sequence[Deployment],
    facts: ClusterFacts | None,
    nodes: Iterable[str] = (),
) -> Setup:
    """The setup that pods of kube-system (key and object), files of this machine, and the cluster in sight show.

    `nodes` are the addresses of the cluster's nodes: an etcd that kube-apiserver finds there is no external one.
    """
    given = list(pods)
    mirrored = [d for key, pod in given if (d := from_pod(pod, key)) is not None]
    named = {d.name for d in mirrored}
    deployments = (*mirrored, *(d for d in on_disk if d.name not in named))
    servers = tuple(dict.fromkeys(url for _, pod in given for url in etcd_servers(pod)))
    shape = topology(deployments, servers, nodes)
    return Setup(deployments, shape, servers, gaps(deployments, facts), _words(deployments, shape, facts))


def _words(deployments: Sequence[Deployment], shape: Topology, facts: ClusterFacts | None) -> str:
    hows = tuple(dict.fromkeys(d.how for d in deployments))
    voters = facts.quorum.voters if facts is not None and facts.membership is not None else 0
    count = {0: "etcd", 1: "One etcd member"}.get(voters, f"{voters} etcd members")
    made = f"{count}, deployed as {' and '.join(_HOW_WORDS[how] for how in hows)}." if hows else _UNTOLD.format(count)
    return f"{made} {_SHAPE_WORDS[shape]}"


_UNTOLD = "{}; neither the registry nor this machine's files tell how it was deployed."
_HOW_WORDS = {
    "kubeadm static pod": "a static pod that kubeadm wrote",
    "static pod": "a static pod",
    "systemd unit": "a systemd service, from scratch",
    "configuration file": "a process with a configuration file of its own",
}
_SHAPE_WORDS: dict[Topology, str] = {
    "stacked": "It is stacked: each member shares its machine with a kube-apiserver, and is lost together with it.",
    "external": "It is external: the members run on machines apart from the control plane.",
    "unknown": "Whether it is stacked or external is not known, since no kube-apiserver is in sight.",
}
