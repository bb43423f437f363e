"""Odd objects by hand of kinds that few clusters use, and of every kind one with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_LATER = "2021-03-01T08:30:00Z"
_Made = Iterator[tuple[str, str, dict[str, Any]]]


def rare() -> _Made:
    """API version, kind and fields of each."""
    yield from _empty()
    yield from _devices()
    yield from _pools()
    yield from _pod_groups()
    yield from _certificates()
    yield from _storage()
    yield from _addresses()
    for version in ("v1alpha1", "v1alpha2", "v1beta1"):
        spec = {"leaseName": "l", "binaryVersion": "1.36.3", "emulationVersion": "1.35.0", "preferredStrategies": ["x"]}
        yield (
            f"coordination.k8s.io/{version}",
            "LeaseCandidate",
            {"spec": spec | {"strategy": "OldestEmulationVersion"}},
        )


def _condition(kind: str, status: str = "True", **rest: str) -> dict[str, str]:
    return {"type": kind, "status": status, "lastTransitionTime": _LATER, **rest}


def _empty() -> _Made:
    """Without a moment of creation, annotations, spec and status."""
    nowhere: dict[str, Any] = {"metadata": {"creationTimestamp": None}}
    kinds = {
        "v1": (
            *("ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "Node", "PersistentVolume"),
            *("PersistentVolumeClaim", "Pod", "PodTemplate", "ReplicationController", "ResourceQuota", "Secret"),
            *("Service", "ServiceAccount"),
        ),
        "apps/v1": ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
        "autoscaling/v2": ("HorizontalPodAutoscaler",),
        "batch/v1": ("CronJob", "Job"),
        "certificates.k8s.io/v1": ("CertificateSigningRequest",),
        "certificates.k8s.io/v1beta1": ("ClusterTrustBundle", "PodCertificateRequest"),
        "coordination.k8s.io/v1": ("Lease",),
        "coordination.k8s.io/v1beta1": ("LeaseCandidate",),
        "discovery.k8s.io/v1": ("EndpointSlice",),
        "networking.k8s.io/v1": ("Ingress", "IngressClass", "IPAddress", "NetworkPolicy", "ServiceCIDR"),
        "node.k8s.io/v1": ("RuntimeClass",),
        "policy/v1": ("PodDisruptionBudget",),
        "rbac.authorization.k8s.io/v1": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        "resource.k8s.io/v1": ("DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"),
        "scheduling.k8s.io/v1": ("PriorityClass",),
        "scheduling.k8s.io/v1alpha2": ("PodGroup", "Workload"),
        "storage.k8s.io/v1": (
            *("CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass", "VolumeAttachment"),
            "VolumeAttributesClass",
        ),
    }
    for version, names in kinds.items():
        for kind in names:
            yield version, kind, nowhere
    notes = {"annotations": {"note": "x"}}
    job = {"spec": {"template": {"spec": {}}}}
    yield "storage.k8s.io/v1", "StorageClass", {"metadata": notes, "provisioner": "p", "reclaimPolicy": "Retain"}
    yield "batch/v1", "CronJob", {"spec": {"schedule": "@daily", "jobTemplate": job}}
    yield "batch/v1", "Job", {"spec": {"parallelism": 2, "template": {"spec": {}}}, "status": {"succeeded": 1}}


def _devices() -> _Made:
    """Classes, templates, slices of a node and of all nodes, taints."""
    request = {"name": "r", "deviceClassName": "c", "allocationMode": "ExactCount", "count": 1}
    requests = {
        "v1beta1": request,
        "v1beta2": {"name": "r", "exactly": request},
        "v1": {"name": "r", "exactly": request},
    }
    for version, one in requests.items():
        group = f"resource.k8s.io/{version}"
        yield group, "DeviceClass", {"spec": {"selectors": [{"cel": {"expression": "true"}}]}}
        yield group, "ResourceClaimTemplate", {"spec": {"spec": {"devices": {"requests": [one]}}}}
        pool = {"name": "p", "generation": 3, "resourceSliceCount": 2}
        for where in ({"nodeName": "n1"}, {"allNodes": True}, {}):
            yield group, "ResourceSlice", {"spec": {"driver": "d.example.org", "pool": pool} | where}
    for version in ("v1alpha3", "v1beta2"):
        for added in (None, _LATER):
            taint = {"key": "k", "value": "v", "effect": "NoExecute", "timeAdded": added}
            yield f"resource.k8s.io/{version}", "DeviceTaintRule", {"spec": {"taint": taint}}


def _pools() -> _Made:
    """Questions about pools of devices that were not answered, in part, in full, with errors, and not at all."""
    counts = {"totalDevices": 10, "allocatedDevices": 3, "availableDevices": 5, "unavailableDevices": 2}
    pools = [{"driver": "d", "poolName": f"p{n}", "generation": 1} | counts for n in range(2)]
    broken = {"driver": "d", "poolName": "q", "generation": 2, "validationError": "not valid"}
    statuses: tuple[Any, ...] = (
        None,
        {},
        {"poolCount": 2, "pools": pools},
        {"poolCount": 2, "pools": pools, "conditions": [_condition("Complete")]},
        {"poolCount": 5, "pools": pools, "conditions": [_condition("Complete")]},
        {"poolCount": 3, "pools": [*pools, broken], "conditions": [_condition("Complete")]},
        {"poolCount": 2, "pools": pools, "conditions": [_condition("Complete", "False")]},
        {"conditions": [_condition("Failed")]},
        {"poolCount": 1, "pools": pools[:1], "conditions": [_condition("Failed", "False"), _condition("Complete")]},
    )
    for status in statuses:
        fields = {"spec": {"driver": "d.example.org"}} | ({} if status is None else {"status": status})
        yield "resource.k8s.io/v1alpha3", "ResourcePoolStatusRequest", fields


def _pod_groups() -> _Made:
    """With a policy of each kind, with a workload and none, placed, not placed, and to be disrupted."""
    scheduled = ("PodGroupScheduled", "PodGroupInitiallyScheduled")
    target = _condition("DisruptionTarget", reason="PreemptionByScheduler")
    states: list[list[dict[str, str]]] = [[], [target]]
    for kind in scheduled:
        for status in ("True", "False"):
            states += [[_condition(kind, status)], [_condition(kind, status), target]]
    reference = {"workloadName": "w", "podGroupTemplateName": "t"}
    for version in ("v1alpha2", "v1beta1"):
        workload = {"workload": reference} if version == "v1alpha2" else reference
        for policy in ({"gang": {"minCount": 5}}, {"basic": {}}):
            templates = [{"name": "t", "schedulingPolicy": policy}]
            yield f"scheduling.k8s.io/{version}", "Workload", {"spec": {"podGroupTemplates": templates}}
            for conditions in states:
                spec = {"schedulingPolicy": policy, "podGroupTemplateRef": workload if len(conditions) < 2 else None}
                fields = {"spec": spec, "status": {"conditions": conditions}}
                yield f"scheduling.k8s.io/{version}", "PodGroup", fields


def _certificates() -> _Made:
    """Bundles with a signer and none, pods' requests in every state."""
    for version in ("v1alpha1", "v1beta1"):
        for signer in ("", "example.org/ca"):
            yield f"certificates.k8s.io/{version}", "ClusterTrustBundle", {"spec": {"signerName": signer}}
        for kinds in ([], ["Issued"], ["Denied"], ["Failed"], ["Other"], ["Issued", "Failed"]):
            spec = {"signerName": "example.org/s", "podName": "p", "serviceAccountName": "a", "nodeName": "n"}
            asked = {"unverifiedUserAnnotations": {"example.org/b": "2", "example.org/a": "1"} if kinds else None}
            status = {"conditions": [_condition(kind) for kind in kinds]}
            fields = {"spec": spec | (asked if version == "v1beta1" else {}), "status": status}
            yield f"certificates.k8s.io/{version}", "PodCertificateRequest", fields


def _storage() -> _Made:
    """What drivers know of nodes and volumes."""
    yield "storage.k8s.io/v1", "CSINode", {"spec": {"drivers": [{"name": "a", "nodeID": "n"}, {"name": "b"}]}}
    for version in ("v1beta1", "v1"):
        for capacity in (None, "1500Mi"):
            fields = {"storageClassName": "fast", "capacity": capacity, "maximumVolumeSize": capacity}
            yield f"storage.k8s.io/{version}", "CSIStorageCapacity", fields
    for attached in (False, True):
        spec = {"attacher": "d", "nodeName": "n", "source": {"persistentVolumeName": "pv"} if attached else {}}
        yield "storage.k8s.io/v1", "VolumeAttachment", {"spec": spec, "status": {"attached": attached}}


def _addresses() -> _Made:
    """Addresses with a parent of a group and of none; ranges of one family and of both; migrations in each state."""
    for version in ("v1alpha1", "v1beta1", "v1"):
        group = f"networking.k8s.io/{version}"
        for parent in (None, {"group": "", "resource": "services", "namespace": "n", "name": "s"}):
            yield group, "IPAddress", {"spec": {"parentRef": parent}}
        gateway = {"group": "gateway.example.org", "resource": "gateways", "namespace": "", "name": "g"}
        yield group, "IPAddress", {"spec": {"parentRef": gateway}}
        for cidrs in ([], ["10.96.0.0/16"], ["10.96.0.0/16", "fd00:10::/112"]):
            yield group, "ServiceCIDR", {"spec": {"cidrs": cidrs}}
    resource = {"group": "apps", "resource": "deployments"}
    for version in ("v1alpha1", "v1beta1", "v1"):
        yield f"storagemigration.k8s.io/{version}", "StorageVersionMigration", {"spec": {"resource": resource}}
        for kind in ("Running", "Succeeded", "Failed"):
            fields = {"spec": {"resource": resource}, "status": {"conditions": [_condition(kind)]}}
            yield f"storagemigration.k8s.io/{version}", "StorageVersionMigration", fields
    servers = [
        {"apiServerID": f"s{n}", "encodingVersion": "apps/v1", "decodableVersions": ["apps/v1"]} for n in range(5)
    ]
    for count in (0, 1, 3, 5):
        for common in (None, "apps/v1"):
            status = {"storageVersions": servers[:count], "commonEncodingVersion": common}
            yield "internal.apiserver.k8s.io/v1alpha1", "StorageVersion", {"status": status}
