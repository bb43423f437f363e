"""The warnings that the API server sends with deprecated versions, and kubectl prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from etcdview.kube.crds import version_rank, versions
from etcdview.kube.fields import text
from etcdview.kube.release import Release
from etcdview.kubeapi.served_types import ServedType


@dataclass(frozen=True, slots=True)
class _Deprecated:
    """Minor releases of Kubernetes 1: `since` it is deprecated, `gone` it is no longer served (0 for never).

    `instead` is the version to use, with the kind where it is another.
    """

    since: int
    gone: int
    instead: str = ""


# apiVersion and kind -> what k8s.io/api says of it (prerelease-lifecycle)
_BUILTIN = {
    ("admissionregistration.k8s.io/v1alpha1", "MutatingAdmissionPolicy"): _Deprecated(35, 38),
    ("admissionregistration.k8s.io/v1alpha1", "MutatingAdmissionPolicyBinding"): _Deprecated(35, 38),
    ("admissionregistration.k8s.io/v1alpha1", "ValidatingAdmissionPolicy"): _Deprecated(29, 32),
    ("admissionregistration.k8s.io/v1alpha1", "ValidatingAdmissionPolicyBinding"): _Deprecated(29, 32),
    ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy"): _Deprecated(
        37, 40, "admissionregistration.k8s.io/v1"
    ),
    ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicyBinding"): _Deprecated(
        37, 40, "admissionregistration.k8s.io/v1"
    ),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): _Deprecated(
        16, 22, "admissionregistration.k8s.io/v1"
    ),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy"): _Deprecated(31, 34),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicyBinding"): _Deprecated(31, 34),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): _Deprecated(
        16, 22, "admissionregistration.k8s.io/v1"
    ),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): _Deprecated(16, 22, "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "APIService"): _Deprecated(19, 22, "apiregistration.k8s.io/v1"),
    ("apps/v1beta1", "ControllerRevision"): _Deprecated(8, 16, "apps/v1"),
    ("apps/v1beta1", "Deployment"): _Deprecated(8, 16, "apps/v1"),
    ("apps/v1beta1", "StatefulSet"): _Deprecated(8, 16, "apps/v1"),
    ("apps/v1beta2", "ControllerRevision"): _Deprecated(9, 16, "apps/v1"),
    ("apps/v1beta2", "DaemonSet"): _Deprecated(9, 16, "apps/v1"),
    ("apps/v1beta2", "Deployment"): _Deprecated(9, 16, "apps/v1"),
    ("apps/v1beta2", "ReplicaSet"): _Deprecated(9, 16, "apps/v1"),
    ("apps/v1beta2", "StatefulSet"): _Deprecated(9, 16, "apps/v1"),
    ("batch/v1beta1", "CronJob"): _Deprecated(21, 25, "batch/v1"),
    ("certificates.k8s.io/v1alpha1", "ClusterTrustBundle"): _Deprecated(34, 37),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"): _Deprecated(19, 22, "certificates.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", "ClusterTrustBundle"): _Deprecated(37, 40),
    ("certificates.k8s.io/v1beta1", "PodCertificateRequest"): _Deprecated(38, 41),
    ("coordination.k8s.io/v1alpha2", "LeaseCandidate"): _Deprecated(35, 38),
    ("coordination.k8s.io/v1beta1", "Lease"): _Deprecated(19, 22, "coordination.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "LeaseCandidate"): _Deprecated(36, 39),
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): _Deprecated(21, 25, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event"): _Deprecated(22, 25),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"): _Deprecated(23, 26, "flowcontrol.apiserver.k8s.io/v1beta3"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration"): _Deprecated(
        23, 26, "flowcontrol.apiserver.k8s.io/v1beta3"
    ),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema"): _Deprecated(26, 29, "flowcontrol.apiserver.k8s.io/v1beta3"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration"): _Deprecated(
        26, 29, "flowcontrol.apiserver.k8s.io/v1beta3"
    ),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"): _Deprecated(29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration"): _Deprecated(
        29, 32, "flowcontrol.apiserver.k8s.io/v1"
    ),
    ("networking.k8s.io/v1beta1", "IPAddress"): _Deprecated(34, 37),
    ("networking.k8s.io/v1beta1", "Ingress"): _Deprecated(19, 22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass"): _Deprecated(19, 22, "networking.k8s.io/v1 IngressClassList"),
    ("networking.k8s.io/v1beta1", "ServiceCIDR"): _Deprecated(34, 37),
    ("node.k8s.io/v1beta1", "RuntimeClass"): _Deprecated(22, 25),
    ("policy/v1beta1", "PodDisruptionBudget"): _Deprecated(21, 25, "policy/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): _Deprecated(17, 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): _Deprecated(17, 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "Role"): _Deprecated(17, 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): _Deprecated(17, 22, "rbac.authorization.k8s.io/v1"),
    ("resource.k8s.io/v1alpha3", "DeviceTaintRule"): _Deprecated(36, 39),
    ("resource.k8s.io/v1alpha3", "ResourcePoolStatusRequest"): _Deprecated(39, 42),
    ("resource.k8s.io/v1beta1", "DeviceClass"): _Deprecated(35, 38),
    ("resource.k8s.io/v1beta1", "ResourceClaim"): _Deprecated(35, 38),
    ("resource.k8s.io/v1beta1", "ResourceClaimTemplate"): _Deprecated(35, 38),
    ("resource.k8s.io/v1beta1", "ResourceSlice"): _Deprecated(35, 38),
    ("resource.k8s.io/v1beta2", "DeviceClass"): _Deprecated(36, 39),
    ("resource.k8s.io/v1beta2", "DeviceTaintRule"): _Deprecated(39, 42),
    ("resource.k8s.io/v1beta2", "ResourceClaim"): _Deprecated(36, 39),
    ("resource.k8s.io/v1beta2", "ResourceClaimTemplate"): _Deprecated(36, 39),
    ("resource.k8s.io/v1beta2", "ResourceSlice"): _Deprecated(36, 39),
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): _Deprecated(14, 22, "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", "CSIStorageCapacity"): _Deprecated(21, 24, "storage.k8s.io/v1beta1"),
    ("storage.k8s.io/v1alpha1", "VolumeAttachment"): _Deprecated(21, 24, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", "VolumeAttributesClass"): _Deprecated(32, 35, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIDriver"): _Deprecated(19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSINode"): _Deprecated(17, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity"): _Deprecated(24, 27, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "StorageClass"): _Deprecated(19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment"): _Deprecated(19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttributesClass"): _Deprecated(34, 37, "storage.k8s.io/v1"),
    ("storagemigration.k8s.io/v1beta1", "StorageVersionMigration"): _Deprecated(38, 41),
    ("v1", "Endpoints"): _Deprecated(33, 0, "discovery.k8s.io/v1 EndpointSlice"),
}


def deprecation(served: ServedType, release: Release | None) -> tuple[str, ...]:
    """The warning for a type as it is served, or none."""
    if not served.resource.builtin:
        return _of_custom(served)
    found = _BUILTIN.get((served.api_version, served.kind))
    if found is None or (release is not None and release < Release(1, found.since)):
        return ()
    gone = f", unavailable in v1.{found.gone}+" if found.gone else ""
    kind = "" if " " in found.instead else f" {served.kind}"
    instead = f"; use {found.instead}{kind}" if found.instead else ""
    return (f"{served.api_version} {served.kind} is deprecated in v1.{found.since}+{gone}{instead}",)


def _of_custom(served: ServedType) -> tuple[str, ...]:
    """What the CRD says of the version; without words of its own, the newest version that is not deprecated."""
    version = served.version_entry
    if version.get("deprecated") is not True:
        return ()
    if own := text(version, "deprecationWarning"):
        return (own,)
    others = [text(v, "name") for v in versions(served.definition) if _is_current(v)]
    newer = [name for name in others if version_rank(name) > version_rank(served.version)]
    instead = f"; use {served.group}/{max(newer, key=version_rank)} {served.kind}" if newer else ""
    return (f"{served.api_version} {served.kind} is deprecated{instead}",)


def _is_current(version: Any) -> bool:
    return version.get("served") is not False and version.get("deprecated") is not True
