"""Defaulting that a newer API server does to objects an older one wrote, kind by kind.

Only fields that came after 1.20 and always have the same default: older ones were set before the object was
stored. Source: k8s.io/kubernetes/pkg/apis/*/v1/defaults.go, pkg/registry/core/service/storage/storage.go.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from etcdview.codec.model import Object
from etcdview.kube.release import Release


@dataclass(frozen=True, slots=True)
class Default:
    """`value` for an absent field at `path`, whose parent must be there; since 1.`minor`."""

    minor: int
    path: str
    value: Any


def apply(obj: Object, release: Release | None) -> None:
    """Set the defaults of the object's kind, in place."""
    kind = str(obj.get("apiVersion")), str(obj.get("kind"))
    for default in _DEFAULTS.get(kind, ()):
        if release is None or release >= Release(1, default.minor):
            _set(obj, default.path.split("."), copy.copy(default.value))
    hook = _HOOKS.get(kind)
    if hook is not None:
        hook(obj)


def has_any(api_version: str, kind: str) -> bool:
    """Whether any field of the kind has a default here."""
    return (api_version, kind) in _DEFAULTS or (api_version, kind) in _HOOKS


def _set(obj: Any, path: list[str], value: Any) -> None:
    *parents, last = path
    for name in parents:
        obj = obj.get(name) if isinstance(obj, dict) else None
    if isinstance(obj, dict):
        obj.setdefault(last, value)


def _claim(obj: Object) -> None:
    """A claim that was stored without a phase is Pending."""
    spec, status = obj.get("spec"), obj.setdefault("status", {})
    if isinstance(spec, dict):
        spec.setdefault("volumeMode", "Filesystem")
    if isinstance(status, dict) and not status.get("phase"):
        status["phase"] = "Pending"


def _stateful_set(obj: Object) -> None:
    """The templates are whole claims to the API server, and it names their type."""
    spec = obj.get("spec")
    templates = spec.get("volumeClaimTemplates") if isinstance(spec, dict) else None
    for template in templates if isinstance(templates, list) else ():
        if isinstance(template, dict):
            template.setdefault("apiVersion", "v1")
            template.setdefault("kind", "PersistentVolumeClaim")
            _claim(template)


def _service(obj: Object) -> None:
    """defaultOnRead: the plural fields of dual stack, from the single one that 1.19 stored."""
    spec = obj.get("spec")
    if not isinstance(spec, dict) or spec.get("type") == "ExternalName":
        return
    spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec.get("type") == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    address = spec.get("clusterIP")
    if not isinstance(address, str) or not address:
        return
    addresses = spec.setdefault("clusterIPs", [address])
    families = [family for family in map(_family, addresses if isinstance(addresses, list) else ()) if family]
    if families and not spec.get("ipFamilies"):
        spec["ipFamilies"] = families
        spec.setdefault("ipFamilyPolicy", "SingleStack" if len(families) == 1 else "RequireDualStack")


def _family(address: Any) -> str:
    if not isinstance(address, str):  # to ipaddress a number is an address, too
        return ""
    try:
        return f"IPv{ipaddress.ip_address(address).version}"
    except ValueError:
        return ""


_HOOKS: dict[tuple[str, str], Callable[[Object], None]] = {
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "Service"): _service,
    ("apps/v1", "StatefulSet"): _stateful_set,
}

_DEFAULTS: dict[tuple[str, str], tuple[Default, ...]] = {
    ("v1", "PersistentVolume"): (Default(20, "spec.volumeMode", "Filesystem"),),
    ("apps/v1", "DaemonSet"): (Default(22, "spec.updateStrategy.rollingUpdate.maxSurge", 0),),
    ("apps/v1", "StatefulSet"): (
        Default(27, "spec.persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"}),
    ),
    ("batch/v1", "Job"): (Default(22, "spec.completionMode", "NonIndexed"), Default(22, "spec.suspend", False)),
    ("scheduling.k8s.io/v1", "PriorityClass"): (Default(20, "preemptionPolicy", "PreemptLowerPriority"),),
    ("storage.k8s.io/v1", "CSIDriver"): (
        Default(20, "spec.fsGroupPolicy", "ReadWriteOnceWithFSType"),
        Default(20, "spec.storageCapacity", False),
        Default(21, "spec.requiresRepublish", False),
        Default(27, "spec.seLinuxMount", False),
    ),
    ("storage.k8s.io/v1", "StorageClass"): (
        Default(20, "reclaimPolicy", "Delete"),
        Default(20, "volumeBindingMode", "Immediate"),
    ),
}
