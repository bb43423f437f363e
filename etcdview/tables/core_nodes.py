"""Nodes and namespaces."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import NONE, condition, dig, items, mapping, text
from etcdview.kube.release import Release
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, release_table, table
from etcdview.tables.durations import UNKNOWN

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE_LABEL = "kubernetes.io/role"


@release_table(
    "",
    "Node",
    columns=(
        NAME,
        Column("Status", description="Whether the node is ready, and takes new pods."),
        Column("Roles", description="The roles its labels give it."),
        AGE,
        Column("Version", description="The version of its kubelet."),
        Column("Internal-IP", priority=1, description="Its address inside the cluster."),
        Column("External-IP", priority=1, description="Its address outside."),
        Column("OS-Image", priority=1, description="Its operating system."),
        Column("Kernel-Version", priority=1, description="Its kernel, and its architecture."),
        Column("Container-Runtime", priority=1, description="What runs its containers."),
    ),
)
def node(obj: Object, now: datetime, release: Release) -> Cells:
    """A node; before 1.36 the kernel has no architecture."""
    info = mapping(obj, "status", "nodeInfo")
    architecture = text(info, "architecture") if release >= Release(1, 36) else ""
    return (
        name_of(obj),
        node_status(obj),
        ",".join(node_roles(obj)) or NONE,
        created(obj, now),
        text(info, "kubeletVersion"),
        _address(obj, "InternalIP"),
        _address(obj, "ExternalIP"),
        text(info, "osImage") or UNKNOWN,
        _kernel(text(info, "kernelVersion"), architecture),
        text(info, "containerRuntimeVersion") or UNKNOWN,
    )


def node_status(obj: Object) -> str:
    """Ready, NotReady or Unknown (never heard of), and whether new pods are kept away."""
    ready = condition(obj, "Ready")
    word = "Unknown" if ready is None else "Ready" if text(ready, "status") == "True" else "NotReady"
    return word + ",SchedulingDisabled" if dig(obj, "spec", "unschedulable") is True else word


def node_roles(obj: Object) -> list[str]:
    """The roles in order, each once."""
    labels = mapping(obj, "metadata", "labels")
    roles = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)}
    roles.add(text(labels, _ROLE_LABEL))
    return sorted(roles - {""})


def _address(obj: Object, kind: str) -> str:
    found = (text(a, "address") for a in items(obj, "status", "addresses") if text(a, "type") == kind)
    return next(found, NONE)


def _kernel(version: str, architecture: str) -> str:
    version = version or UNKNOWN
    return f"{version} ({architecture})" if architecture else version


@table("", "Namespace", columns=(NAME, Column("Status", description="Active, or on its way out."), AGE))
def namespace(obj: Object, now: datetime) -> Cells:
    """A namespace."""
    return name_of(obj), text(obj, "status", "phase"), created(obj, now)
