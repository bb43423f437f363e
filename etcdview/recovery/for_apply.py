"""An object as a person would write it: without what the API server and controllers assign, each removal said. Pure.

Sources: metav1.ObjectMeta, the strategies of pkg/registry in Kubernetes (PrepareForCreate), and what validation refuses
on creation.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etcdview.kube.fields import dig, items, mapping, text
from etcdview.kube.keys import ObjectKey
from etcdview.kube.redaction import LAST_APPLIED

Object = dict[str, Any]
_METADATA = {
    "uid": "uid",
    "resourceVersion": "resourceVersion",
    "creationTimestamp": "creationTimestamp",
    "generation": "generation",
    "managedFields": "managedFields",
    "selfLink": "selfLink",
    "ownerReferences": "owner references (their UIDs will not exist)",
    "deletionTimestamp": "marks of a deletion in progress",
    "deletionGracePeriodSeconds": "marks of a deletion in progress",
}
_CLAIM = "bindings of claims and volumes"
_ANNOTATIONS = {
    LAST_APPLIED: "last-applied-configuration",
    "control-plane.alpha.kubernetes.io/leader": "records of elections",
    "deployment.kubernetes.io/revision": "revisions of Deployments",
    "deprecated.daemonset.template.generation": "generation",
    "pv.kubernetes.io/bind-completed": _CLAIM,
    "pv.kubernetes.io/bound-by-controller": _CLAIM,
    "volume.kubernetes.io/selected-node": _CLAIM,
    "volume.kubernetes.io/storage-provisioner": _CLAIM,
    "volume.beta.kubernetes.io/storage-provisioner": _CLAIM,
    "kubernetes.io/service-account.uid": "UIDs of service accounts",
}
_FINALIZERS = frozenset(
    ("kubernetes.io/pvc-protection", "kubernetes.io/pv-protection", "batch.kubernetes.io/job-tracking",
     "foregroundDeletion", "orphan")
)  # fmt: skip
_JOB_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name")
_TOKEN_VOLUMES = ("kube-api-access-", "default-token-")
SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type's name
_CONTROLLED = {
    "pods": "pods that a controller makes",
    "replicasets": "replica sets that a Deployment makes",
    "jobs": "jobs that a CronJob makes",
    "controllerrevisions": "revisions that a controller keeps",
    "services/endpoints": "endpoints that a Service makes",
    "endpointslices": "endpoint slices that a Service makes",
    "resourceclaims": "resource claims that a pod makes",
    "persistentvolumeclaims": "claims that a pod makes (generic ephemeral volumes)",
}
_LEFT_OUT = {
    "events": "events",
    "leases": "leases",
    "leasecandidates": "leases",
    "minions": "nodes (kubelets register them)",
    "csinodes": "CSI nodes (kubelets register them)",
    "resourceslices": "resource slices (drivers publish them)",
    "csistoragecapacities": "storage capacities (drivers publish them)",
    "volumeattachments": "attachments of volumes",
    "ipaddresses": "IP addresses of Services",
    "certificatesigningrequests": "certificate signing requests",
    "podcertificaterequests": "certificate signing requests",
    "storageversions": "the API server's own records",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """An object for `kubectl apply`, with what was taken out of it; None, and why, where it is left out."""

    object: Object | None
    taken_out: tuple[str, ...] = ()
    left_out: str = ""


def prepare(object_key: ObjectKey, obj: Mapping[str, Any]) -> Prepared:
    """A copy of the object without what is assigned."""
    why = left_out(object_key, obj)
    if why:
        return Prepared(None, left_out=why)
    found = copy.deepcopy(dict(obj))
    taken = [*_metadata(found), *_special(object_key.resource.prefix, found)]
    if found.pop("status", None) is not None:
        taken.append("status")
    return Prepared(found, tuple(dict.fromkeys(taken)))


def left_out(object_key: ObjectKey, obj: Mapping[str, Any]) -> str:
    """Why an object is not exported, as a noun; "" for those that are."""
    prefix = object_key.resource.prefix
    if not object_key.resource.served:
        return "the API server's own records"
    if prefix in _LEFT_OUT:
        return _LEFT_OUT[prefix]
    if prefix in _CONTROLLED and _is_controlled(prefix, obj):
        return _CONTROLLED[prefix]
    return _made_by_the_control_plane(object_key, obj)


def _is_controlled(prefix: str, obj: Mapping[str, Any]) -> bool:
    metadata = mapping(obj, "metadata")
    owners = (owner for owner in items(metadata, "ownerReferences") if isinstance(owner, dict))
    controllers = [text(owner, "kind") for owner in owners if owner.get("controller")]
    if prefix == "persistentvolumeclaims":  # a StatefulSet's claims have data that it does not make again
        return "Pod" in controllers
    if controllers:
        return True
    if prefix == "pods":
        return "kubernetes.io/config.mirror" in mapping(metadata, "annotations")
    if prefix == "services/endpoints":
        by_controller = "endpoints.kubernetes.io/managed-by" in mapping(metadata, "labels")
        return by_controller or "endpoints.kubernetes.io/last-change-trigger-time" in mapping(metadata, "annotations")
    return prefix == "endpointslices" and "endpointslice.kubernetes.io/managed-by" in mapping(metadata, "labels")


def _made_by_the_control_plane(object_key: ObjectKey, obj: Mapping[str, Any]) -> str:
    prefix, name = object_key.resource.prefix, object_key.name
    if prefix == "apiregistration.k8s.io/apiservices":
        managed = "kube-aggregator.kubernetes.io/automanaged" in mapping(obj, "metadata", "labels")
        return "API services of the API server itself" if managed or "service" not in mapping(obj, "spec") else ""
    if prefix == "configmaps" and name == "kube-root-ca.crt":
        return "kube-root-ca.crt of each namespace"
    own = ("services/specs", "services/endpoints", "endpointslices")
    if prefix in own and object_key.namespace == "default" and name == "kubernetes":
        return "the Service of the API server itself"
    return "the default ServiceCIDR" if prefix == "servicecidrs" and name == "kubernetes" else ""


def _metadata(obj: Object) -> Iterator[str]:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        return
    for name, word in _METADATA.items():
        if metadata.pop(name, None) is not None:
            yield word
    yield from _members(metadata, "annotations", _ANNOTATIONS)
    kept = [name for name in items(metadata, "finalizers") if name not in _FINALIZERS]
    if len(kept) != len(items(metadata, "finalizers")):
        metadata["finalizers"] = kept
        yield "finalizers of the control plane"
    for field in ("annotations", "finalizers"):
        if not metadata.get(field, True):
            del metadata[field]


def _special(prefix: str, obj: Object) -> Iterator[str]:
    handle = _BY_TYPE.get(prefix)
    if handle is not None:
        yield from handle(obj)


def _members(parent: Object, field: str, words: Mapping[str, str]) -> Iterator[str]:
    found = parent.get(field)
    if isinstance(found, dict):
        for name, word in words.items():
            if found.pop(name, None) is not None:
                yield word


def _namespace(obj: Object) -> Iterator[str]:
    if _dropped(obj, "spec", "finalizers"):
        yield "finalizers of the control plane"


def _service(obj: Object) -> Iterator[str]:
    if dig(obj, "spec", "clusterIP") != "None" and _dropped(obj, "spec", "clusterIP", "clusterIPs"):
        yield "cluster IPs of Services"


def _claim(obj: Object) -> Iterator[str]:
    if _dropped(obj, "spec", "volumeName"):
        yield _CLAIM


def _volume(obj: Object) -> Iterator[str]:
    """The claim's name stays: the volume waits for it."""
    claim = dig(obj, "spec", "claimRef")
    if isinstance(claim, dict) and [claim.pop(name, None) for name in ("uid", "resourceVersion")] != [None, None]:
        yield _CLAIM


def _account(obj: Object) -> Iterator[str]:
    if obj.pop("secrets", None):
        yield "tokens of service accounts"


def _secret(obj: Object) -> Iterator[str]:
    if obj.get("type") == SERVICE_ACCOUNT_TOKEN and obj.pop("data", None):
        yield "tokens of service accounts"


def _pod(obj: Object) -> Iterator[str]:
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    if spec.pop("nodeName", None):
        yield "nodes of pods"
    if spec.pop("ephemeralContainers", None):
        yield "ephemeral containers"
    names = {text(v, "name") for v in items(spec, "volumes") if text(v, "name").startswith(_TOKEN_VOLUMES)}
    if names:
        _without_volumes(spec, names)
        yield "token volumes of pods"


def _without_volumes(spec: Object, names: Iterable[str]) -> None:
    spec["volumes"] = [volume for volume in items(spec, "volumes") if text(volume, "name") not in names]
    for field in ("containers", "initContainers"):
        for container in items(spec, field):
            if isinstance(container, dict) and "volumeMounts" in container:
                mounts = items(container, "volumeMounts")
                container["volumeMounts"] = [mount for mount in mounts if text(mount, "name") not in names]


def _job(obj: Object) -> Iterator[str]:
    """A selector is refused unless it is one of the user's own."""
    if dig(obj, "spec", "manualSelector") is True or not _dropped(obj, "spec", "selector"):
        return
    for metadata in (dig(obj, "metadata"), dig(obj, "spec", "template", "metadata")):
        if isinstance(metadata, dict):
            list(_members(metadata, "labels", dict.fromkeys(_JOB_LABELS, "")))
    yield "selectors of Jobs"


def _dropped(obj: Object, parent: str, *fields: str) -> bool:
    found = obj.get(parent)
    if not isinstance(found, dict):
        return False
    dropped = [found.pop(field, None) for field in fields]
    if not found:
        del obj[parent]
    return any(dropped)


_BY_TYPE: Mapping[str, Callable[[Object], Iterator[str]]] = {
    "namespaces": _namespace,
    "services/specs": _service,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume,
    "serviceaccounts": _account,
    "secrets": _secret,
    "pods": _pod,
    "jobs": _job,
}
