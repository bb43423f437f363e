"""The forty kinds whose vectors are committed: those that clusters are full of, and the ones of old releases."""

from __future__ import annotations

_NEWEST = "1.37"
_KINDS = (
    (
        "v1",
        "ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod Secret Service",
    ),
    ("apps/v1", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("batch/v1", "CronJob Job"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "Ingress IngressClass NetworkPolicy"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("coordination.k8s.io/v1", "Lease"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole RoleBinding"),
    ("storage.k8s.io/v1", "CSINode StorageClass"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy ValidatingWebhookConfiguration"),
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"),
    ("resource.k8s.io/v1", "ResourceClaim ResourceSlice"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
)
_OLD = {
    ("1.20", "networking.k8s.io/v1", "IngressClass"),
    ("1.20", "autoscaling/v2beta2", "HorizontalPodAutoscaler"),
    ("1.22", "policy/v1beta1", "PodSecurityPolicy"),
    ("1.24", "discovery.k8s.io/v1beta1", "EndpointSlice"),
    ("1.28", "v1", "PersistentVolumeClaim"),
    ("1.30", "apps/v1", "Deployment"),
}
SAMPLE = frozenset(_OLD | {(_NEWEST, api_version, kind) for api_version, kinds in _KINDS for kind in kinds.split()})
