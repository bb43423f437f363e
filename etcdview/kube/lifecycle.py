"""When versions of built-in types are deprecated and dropped: k8s.io/api's prerelease-lifecycle marks."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.kube.release import Release


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """When a version of a type is deprecated and dropped, as minor releases of Kubernetes 1.

    `since` it is deprecated, `gone` it is no longer served (0 for never).

    `instead` is the version to use, with the kind where it is another.
    """

    since: int
    gone: int
    instead: str = ""


# apiVersion and kind -> what k8s.io/api says of it (prerelease-lifecycle)
LIFECYCLES = {
    ("admissionregistration.k8s.io/v1alpha1", "MutatingAdmissionPolicy"): Lifecycle(35, 38),
    ("admissionregistration.k8s.io/v1alpha1", "MutatingAdmissionPolicyBinding"): Lifecycle(35, 38),
    ("admissionregistration.k8s.io/v1alpha1", "ValidatingAdmissionPolicy"): Lifecycle(29, 32),
    ("admissionregistration.k8s.io/v1alpha1", "ValidatingAdmissionPolicyBinding"): Lifecycle(29, 32),
    ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy"): Lifecycle(
        37, 40, "admissionregistration.k8s.io/v1"
    ),
    ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicyBinding"): Lifecycle(
        37, 40, "admissionregistration.k8s.io/v1"
    ),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): Lifecycle(
        16, 22, "admissionregistration.k8s.io/v1"
    ),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy"): Lifecycle(31, 34),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicyBinding"): Lifecycle(31, 34),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): Lifecycle(
        16, 22, "admissionregistration.k8s.io/v1"
    ),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): Lifecycle(16, 22, "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "APIService"): Lifecycle(19, 22, "apiregistration.k8s.io/v1"),
    ("apps/v1beta1", "ControllerRevision"): Lifecycle(8, 16, "apps/v1"),
    ("apps/v1beta1", "Deployment"): Lifecycle(8, 16, "apps/v1"),
    ("apps/v1beta1", "StatefulSet"): Lifecycle(8, 16, "apps/v1"),
    ("apps/v1beta2", "ControllerRevision"): Lifecycle(9, 16, "apps/v1"),
    ("apps/v1beta2", "DaemonSet"): Lifecycle(9, 16, "apps/v1"),
    ("apps/v1beta2", "Deployment"): Lifecycle(9, 16, "apps/v1"),
    ("apps/v1beta2", "ReplicaSet"): Lifecycle(9, 16, "apps/v1"),
    ("apps/v1beta2", "StatefulSet"): Lifecycle(9, 16, "apps/v1"),
    ("batch/v1beta1", "CronJob"): Lifecycle(21, 25, "batch/v1"),
    ("certificates.k8s.io/v1alpha1", "ClusterTrustBundle"): Lifecycle(34, 37),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"): Lifecycle(19, 22, "certificates.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", "ClusterTrustBundle"): Lifecycle(37, 40),
    ("certificates.k8s.io/v1beta1", "PodCertificateRequest"): Lifecycle(38, 41),
    ("coordination.k8s.io/v1alpha2", "LeaseCandidate"): Lifecycle(35, 38),
    ("coordination.k8s.io/v1beta1", "Lease"): Lifecycle(19, 22, "coordination.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "LeaseCandidate"): Lifecycle(36, 39),
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): Lifecycle(21, 25, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event"): Lifecycle(22, 25),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"): Lifecycle(23, 26, "flowcontrol.apiserver.k8s.io/v1beta3"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration"): Lifecycle(
        23, 26, "flowcontrol.apiserver.k8s.io/v1beta3"
    ),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema"): Lifecycle(26, 29, "flowcontrol.apiserver.k8s.io/v1beta3"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration"): Lifecycle(
        26, 29, "flowcontrol.apiserver.k8s.io/v1beta3"
    ),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"): Lifecycle(29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration"): Lifecycle(
        29, 32, "flowcontrol.apiserver.k8s.io/v1"
    ),
    ("networking.k8s.io/v1beta1", "IPAddress"): Lifecycle(34, 37),
    ("networking.k8s.io/v1beta1", "Ingress"): Lifecycle(19, 22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass"): Lifecycle(19, 22, "networking.k8s.io/v1 IngressClassList"),
    ("networking.k8s.io/v1beta1", "ServiceCIDR"): Lifecycle(34, 37),
    ("node.k8s.io/v1beta1", "RuntimeClass"): Lifecycle(22, 25),
    ("policy/v1beta1", "PodDisruptionBudget"): Lifecycle(21, 25, "policy/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): Lifecycle(17, 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): Lifecycle(17, 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "Role"): Lifecycle(17, 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): Lifecycle(17, 22, "rbac.authorization.k8s.io/v1"),
    ("resource.k8s.io/v1alpha3", "DeviceTaintRule"): Lifecycle(36, 39),
    ("resource.k8s.io/v1alpha3", "ResourcePoolStatusRequest"): Lifecycle(39, 42),
    ("resource.k8s.io/v1beta1", "DeviceClass"): Lifecycle(35, 38),
    ("resource.k8s.io/v1beta1", "ResourceClaim"): Lifecycle(35, 38),
    ("resource.k8s.io/v1beta1", "ResourceClaimTemplate"): Lifecycle(35, 38),
    ("resource.k8s.io/v1beta1", "ResourceSlice"): Lifecycle(35, 38),
    ("resource.k8s.io/v1beta2", "DeviceClass"): Lifecycle(36, 39),
    ("resource.k8s.io/v1beta2", "DeviceTaintRule"): Lifecycle(39, 42),
    ("resource.k8s.io/v1beta2", "ResourceClaim"): Lifecycle(36, 39),
    ("resource.k8s.io/v1beta2", "ResourceClaimTemplate"): Lifecycle(36, 39),
    ("resource.k8s.io/v1beta2", "ResourceSlice"): Lifecycle(36, 39),
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): Lifecycle(14, 22, "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", "CSIStorageCapacity"): Lifecycle(21, 24, "storage.k8s.io/v1beta1"),
    ("storage.k8s.io/v1alpha1", "VolumeAttachment"): Lifecycle(21, 24, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1alpha1", "VolumeAttributesClass"): Lifecycle(32, 35, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIDriver"): Lifecycle(19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSINode"): Lifecycle(17, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity"): Lifecycle(24, 27, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "StorageClass"): Lifecycle(19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment"): Lifecycle(19, 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttributesClass"): Lifecycle(34, 37, "storage.k8s.io/v1"),
    ("storagemigration.k8s.io/v1beta1", "StorageVersionMigration"): Lifecycle(38, 41),
    ("v1", "Endpoints"): Lifecycle(33, 0, "discovery.k8s.io/v1 EndpointSlice"),
}


def dropped_by(api_version: str, kind: str, release: Release) -> str:
    """The release that dropped a version, or will, where that is `release` or an earlier one; "" else."""
    found = LIFECYCLES.get((api_version, kind))
    if found is None or not found.gone or release < Release(1, found.gone):
        return ""
    return f"1.{found.gone}"


def next_release(release: Release) -> Release:
    """The one after it."""
    return Release(release.major, release.minor + 1)
