"""In which order types are written, so that whatever an object needs is there before it."""

from __future__ import annotations

from collections.abc import Iterable

from etcdview.kube.resources import ResourceType

CUSTOM = "*"  # stands for all custom types, and for built-in ones that are not named
# What others are checked against comes first; what watches or refuses others (webhooks, policies) comes last.
_ORDER = (
    "apiextensions.k8s.io/customresourcedefinitions", "namespaces", "priorityclasses", "runtimeclasses",
    "storageclasses", "csidrivers", "volumeattributesclasses", "ingressclasses", "deviceclasses", "servicecidrs",
    "prioritylevelconfigurations", "flowschemas", "serviceaccounts", "secrets", "configmaps", "clusterroles",
    "clusterrolebindings", "roles", "rolebindings", "limitranges", "resourcequotas", "persistentvolumes",
    "persistentvolumeclaims", "resourceclaimtemplates", "resourceclaims", "podtemplates", CUSTOM, "services/specs",
    "services/endpoints", "endpointslices", "networkpolicies", "poddisruptionbudgets", "daemonsets", "deployments",
    "statefulsets", "controllers", "replicasets", "jobs", "cronjobs", "pods", "horizontalpodautoscalers", "ingress",
    "apiregistration.k8s.io/apiservices", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
    "mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "validatingwebhookconfigurations",
    "mutatingwebhookconfigurations",
)  # fmt: skip
_RANK = {prefix: rank for rank, prefix in enumerate(_ORDER)}


def apply_rank(resource: ResourceType) -> int:
    """The place of a type: a lower one is written earlier."""
    return _RANK.get(resource.prefix, _RANK[CUSTOM])


def in_apply_order(types: Iterable[ResourceType]) -> list[ResourceType]:
    """The types in the order to write them; those of one place by name. One a storage prefix."""
    by_prefix = {resource.prefix: resource for resource in types}
    return sorted(by_prefix.values(), key=lambda r: (apply_rank(r), r.prefix))
