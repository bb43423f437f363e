"""What has to be read to answer for one object, so that a page reads a few short ranges and not the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etcdview.relations.model import Object, Ref, ref_of
from etcdview.relations.references import references
from etcdview.relations.selections import selections

_RBAC = "rbac.authorization.k8s.io"
Kind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KindRange:
    """All objects of a kind in a namespace ("" for all of them), or those whose names begin with `name_prefix`."""

    group: str
    kind: str
    namespace: str = ""
    name_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """Single objects by name, and ranges that hold whatever else may be related."""

    refs: tuple[Ref, ...]
    ranges: tuple[KindRange, ...]


_POD: Kind = ("", "Pod")
_SLICE: Kind = ("discovery.k8s.io", "EndpointSlice")
_SERVICE: Kind = ("", "Service")
_WORKLOADS: tuple[Kind, ...] = (
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "Job"),
    ("batch", "CronJob"),
)

# kind -> kinds that may name or select it, in its own namespace.
_BESIDE: dict[Kind, tuple[Kind, ...]] = {
    _POD: (_SERVICE, _SLICE, ("policy", "PodDisruptionBudget"), ("networking.k8s.io", "NetworkPolicy")),
    ("apps", "Deployment"): (("apps", "ReplicaSet"), _POD, ("autoscaling", "HorizontalPodAutoscaler")),
    ("apps", "ReplicaSet"): (_POD, ("autoscaling", "HorizontalPodAutoscaler")),
    ("apps", "StatefulSet"): (
        _POD,
        ("apps", "ControllerRevision"),
        ("", "PersistentVolumeClaim"),
        ("autoscaling", "HorizontalPodAutoscaler"),
    ),
    ("apps", "DaemonSet"): (_POD, ("apps", "ControllerRevision")),
    ("", "ReplicationController"): (_POD, ("autoscaling", "HorizontalPodAutoscaler")),
    ("batch", "CronJob"): (("batch", "Job"),),
    ("batch", "Job"): (_POD,),
    _SERVICE: (_SLICE, ("", "Endpoints"), ("networking.k8s.io", "Ingress"), ("apps", "StatefulSet")),
    ("", "ServiceAccount"): (_POD, *_WORKLOADS, (_RBAC, "RoleBinding")),
    ("", "ConfigMap"): (_POD, *_WORKLOADS),
    ("", "Secret"): (_POD, *_WORKLOADS, ("", "ServiceAccount"), ("networking.k8s.io", "Ingress")),
    ("", "PersistentVolumeClaim"): (_POD, *_WORKLOADS),
    (_RBAC, "Role"): ((_RBAC, "RoleBinding"),),
    ("resource.k8s.io", "ResourceClaim"): (_POD,),
}

# kind -> kinds that may name it, wherever they are.
_ANYWHERE: dict[Kind, tuple[Kind, ...]] = {
    _SERVICE: (("networking.k8s.io", "IPAddress"), ("apiregistration.k8s.io", "APIService")),
    ("", "Node"): (
        _POD,
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("resource.k8s.io", "ResourceSlice"),
    ),
    ("", "ServiceAccount"): ((_RBAC, "ClusterRoleBinding"),),
    ("", "PersistentVolume"): (("storage.k8s.io", "VolumeAttachment"),),
    ("", "PersistentVolumeClaim"): (("", "PersistentVolume"),),
    (_RBAC, "ClusterRole"): ((_RBAC, "ClusterRoleBinding"), (_RBAC, "RoleBinding")),
    ("storage.k8s.io", "StorageClass"): (("", "PersistentVolume"), ("", "PersistentVolumeClaim")),
    ("storage.k8s.io", "CSIDriver"): (
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("", "PersistentVolume"),
    ),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): (("flowcontrol.apiserver.k8s.io", "FlowSchema"),),
    ("networking.k8s.io", "IngressClass"): (("networking.k8s.io", "Ingress"),),
}

# What is there to be used by others, for which it matters that nothing does.
_USED = (
    ("", "Secret"),
    ("", "ConfigMap"),
    ("", "ServiceAccount"),
    ("", "PersistentVolumeClaim"),
    (_RBAC, "Role"),
    (_RBAC, "ClusterRole"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("networking.k8s.io", "IngressClass"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("resource.k8s.io", "ResourceClaim"),
)

# What an operator usually makes for its custom resource.
_OFFSPRING: tuple[Kind, ...] = (*_WORKLOADS, _SERVICE, _POD, ("", "ConfigMap"), ("", "Secret"))


def needs(obj: Object, *, builtin: bool = True) -> Needs:
    """What to read for the relations of `obj`. For a custom resource (`builtin` false), what operators usually make.

    Events are found by their names, which begin with the name of the object they are about; Kubernetes' own
    components keep to that, and no API demands it.
    """
    ref = ref_of(obj)
    refs = tuple(dict.fromkeys(r.ref for r in references(obj) if r.ref.kind not in ("User", "Group")))
    return Needs(refs, tuple(dict.fromkeys(_ranges(obj, ref, builtin))))


def users_of(kind: Kind) -> tuple[Kind, ...]:
    """The kinds that `needs` reads because their objects use those of `kind`; none where use is not what matters."""
    if kind not in _USED:
        return ()
    volume = ("", "PersistentVolume")
    is_claim = kind == ("", "PersistentVolumeClaim")  # its volume is bound to it and does not use it
    return tuple(k for k in (*_BESIDE.get(kind, ()), *_ANYWHERE.get(kind, ())) if not (is_claim and k == volume))


def _ranges(obj: Object, ref: Ref, builtin: bool) -> Iterator[KindRange]:
    kind = ref.group, ref.kind
    beside = _BESIDE.get(kind, ()) if builtin else _OFFSPRING
    yield from (KindRange(group, name, ref.namespace) for group, name in beside if builtin or ref.namespace)
    yield from (KindRange(group, name) for group, name in _ANYWHERE.get(kind, ()))
    yield from (KindRange(s.group, s.kind, s.namespace) for s in selections(obj))
    if kind == ("", "Node"):
        yield KindRange("coordination.k8s.io", "Lease", "kube-node-lease", ref.name)
    if ref.kind != "Event":
        yield KindRange("", "Event", ref.namespace or "default", ref.name + ".")
