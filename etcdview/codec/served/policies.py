"""Defaults of autoscalers, network, storage, access, admission, flow control and devices.

Source: k8s.io/kubernetes/pkg/apis/*/*/defaults.go, k8s.io/apiextensions-apiserver and k8s.io/kube-aggregator.
"""

from __future__ import annotations

from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.served.autoscalers import first_autoscaler
from etcdview.codec.served.quantities import rounding
from etcdview.codec.served.rows import Default, Hook, Row, Within, set_default
from etcdview.codec.served.volumes import SOURCES

ZERO_SHARES = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"
_RBAC = "rbac.authorization.k8s.io"
_MOST_PODS = {"type": "Pods", "value": 4, "periodSeconds": 15}
_ALL = {"type": "Percent", "value": 100, "periodSeconds": 15}
_CPU: dict[str, Any] = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
_OLD_CPU: dict[str, Any] = {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 80}}


def _behaviour(spec: Object, minor: int) -> None:
    """Of an autoscaler that says how it scales in one direction, all of the rest is set."""
    behaviour = spec.get("behavior")
    if not isinstance(behaviour, dict):
        return
    for name, policies, window in (("scaleUp", [_MOST_PODS, _ALL], 0), ("scaleDown", [_ALL], None)):
        set_default(behaviour, name, {})
        rules = behaviour[name]
        if isinstance(rules, dict):
            set_default(rules, "selectPolicy", "Max")
            set_default(rules, "policies", policies)
            if window is not None:
                set_default(rules, "stabilizationWindowSeconds", window)


def _policy_types(spec: Object, minor: int) -> None:
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _subject(subject: Object, minor: int) -> None:
    if subject.get("kind") in ("User", "Group"):
        set_default(subject, "apiGroup", _RBAC, zero=True)


def _definition(obj: Object, minor: int) -> None:
    """A CRD: names that follow from its kind, and the version that it is stored in."""
    spec = obj.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    kind = names.get("kind") if isinstance(names, dict) else None
    if isinstance(names, dict) and isinstance(kind, str) and kind:
        set_default(names, "singular", kind.lower(), zero=True)
        set_default(names, "listKind", f"{kind}List", zero=True)
    status, found = obj.get("status"), spec.get("versions") if isinstance(spec, dict) else None
    stored = (
        [v.get("name") for v in found if isinstance(v, dict) and v.get("storage")] if isinstance(found, list) else []
    )
    if isinstance(status, dict) and stored and not status.get("storedVersions"):
        status["storedVersions"] = stored[:1]


def _old_definition(obj: Object, minor: int) -> None:
    """A CRD of v1beta1: one version or several, and what its webhook speaks where that is not said."""
    spec = obj.get("spec")
    if isinstance(spec, dict):
        if spec.get("version"):
            only = {"name": spec["version"], "served": True, "storage": True}
            set_default(spec, "versions", [only], zero=True)
        conversion = spec.get("conversion")
        if isinstance(conversion, dict) and conversion.get("strategy") == "Webhook":
            set_default(conversion, "conversionReviewVersions", ["v1beta1"], zero=True)
    _definition(obj, minor)


def _container_metric(source: Object, minor: int) -> None:
    """API servers lose the container of a metric of v2beta1 when they read it."""
    source["container"] = ""


def _mappings(device: Object, minor: int) -> None:
    found = device.get("nodeAllocatableResourceMappings")
    for mapping in found.values() if isinstance(found, dict) and minor >= 36 else ():
        if isinstance(mapping, dict):
            set_default(mapping, "allocationMultiplier", "1")


def _conversion(conversion: Object, minor: int) -> None:
    """A webhook that says nothing is none."""
    webhook = conversion.get("webhook")
    if isinstance(webhook, dict) and all(value is None for value in webhook.values()):
        del conversion["webhook"]


def _count(request: Object, minor: int) -> None:
    set_default(request, "allocationMode", "ExactCount", zero=True)
    if request["allocationMode"] == "ExactCount":
        set_default(request, "count", 1, zero=True)


def _unnested_count(request: Object, minor: int) -> None:
    """A request of the first versions; since 1.33 one that names no class lists several to choose from."""
    if request.get("deviceClassName") or minor < 33:
        _count(request, minor)


_PORT: tuple[Row, ...] = (Default("port", 443),)
_NETWORK_POLICY: tuple[Row, ...] = (
    Default("spec.ingress[].ports[].protocol", "TCP"),
    Default("spec.egress[].ports[].protocol", "TCP"),
    Hook("spec", _policy_types),
)
_SLICE: tuple[Row, ...] = (Default("ports[].name", ""), Default("ports[].protocol", "TCP"))
_BINDING: tuple[Row, ...] = (Default("roleRef.apiGroup", _RBAC, zero=True), Hook("subjects[]", _subject))
_CLASS: tuple[Row, ...] = (Default("reclaimPolicy", "Delete"), Default("volumeBindingMode", "Immediate"))
_DRIVER: tuple[Row, ...] = (
    Default("spec.attachRequired", True),
    Default("spec.podInfoOnMount", False),
    Default("spec.storageCapacity", False, since=21),
    Default("spec.fsGroupPolicy", "ReadWriteOnceWithFSType"),
    Default("spec.volumeLifecycleModes", ["Persistent"], zero=True),
    Default("spec.requiresRepublish", False, since=21),
    Default("spec.seLinuxMount", False, since=28),
    Default("spec.preventPodSchedulingIfMissing", False, since=37),
)
_ATTACHMENT: tuple[Row, ...] = (
    Hook("spec.source.inlineVolumeSpec", rounding("capacity")),
    Within("spec.source.inlineVolumeSpec", SOURCES),
)
_PRIORITY: tuple[Row, ...] = (Default("preemptionPolicy", "PreemptLowerPriority"),)
_INGRESS: tuple[Row, ...] = (Default("spec.rules[].http.paths[].pathType", "ImplementationSpecific"),)


def _webhook(failure: str, match: str, seconds: int, *more: Row) -> tuple[Row, ...]:
    return (
        Default("failurePolicy", failure),
        Default("matchPolicy", match),
        Default("namespaceSelector", {}),
        Default("objectSelector", {}),
        Default("timeoutSeconds", seconds),
        Default("rules[].scope", "*"),
        Within("clientConfig.service", _PORT),
        *more,
    )


_AGAIN = Default("reinvocationPolicy", "Never")
_FIRST: tuple[Row, ...] = (
    Default("sideEffects", "Unknown"),
    Default("admissionReviewVersions", ["v1beta1"], zero=True),
)
_MATCH: tuple[Row, ...] = (
    Default("matchPolicy", "Equivalent"),
    Default("namespaceSelector", {}),
    Default("objectSelector", {}),
    Default("resourceRules[].scope", "*"),
    Default("excludeResourceRules[].scope", "*"),
)
_POLICY: tuple[Row, ...] = (Default("spec.failurePolicy", "Fail"), Within("spec.matchConstraints", _MATCH))
_POLICY_BINDING: tuple[Row, ...] = (Within("spec.matchResources", _MATCH),)
_ALPHA_BINDING: tuple[Row, ...] = (*_POLICY_BINDING, Default("spec.paramRef.parameterNotFoundAction", "Deny", since=28))


def _share(level: Object, minor: int) -> None:
    """v1beta3 takes no share for the default, unless an annotation says since 1.29 that it is meant."""
    spec, metadata = level.get("spec"), level.get("metadata")
    limited = spec.get("limited") if isinstance(spec, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    is_meant = minor >= 29 and isinstance(annotations, dict) and ZERO_SHARES in annotations
    if isinstance(limited, dict):
        set_default(limited, "nominalConcurrencyShares", 0 if is_meant else 30, zero=not is_meant)


def _level(share: Row) -> tuple[Row, ...]:
    return (
        share,
        Default("spec.limited.lendablePercent", 0, since=26),
        Default("spec.exempt.nominalConcurrencyShares", 0, since=28),
        Default("spec.exempt.lendablePercent", 0, since=28),
        Default("spec.limited.limitResponse.queuing.handSize", 8, zero=True),
        Default("spec.limited.limitResponse.queuing.queues", 64, zero=True),
        Default("spec.limited.limitResponse.queuing.queueLengthLimit", 50, zero=True),
    )


_ASSURED = Default("spec.limited.assuredConcurrencyShares", 30, zero=True)
_SHARES: dict[str, Row] = {
    "v1": Default("spec.limited.nominalConcurrencyShares", 30),
    "v1beta3": Hook("", _share),
    "v1beta2": _ASSURED,
    "v1beta1": _ASSURED,
    "v1alpha1": _ASSURED,
}
_FLOW: tuple[Row, ...] = (Default("spec.matchingPrecedence", 1000, zero=True),)
_TOLERATED = "tolerations[].operator"
_FLAT_CLAIM: tuple[Row, ...] = (
    Hook("devices.requests[]", _unnested_count),
    Default(f"devices.requests[].{_TOLERATED}", "Equal", zero=True),
    Hook("devices.requests[].firstAvailable[]", _count),
    Default(f"devices.requests[].firstAvailable[].{_TOLERATED}", "Equal", zero=True),
)
_CLAIM: tuple[Row, ...] = (
    Hook("devices.requests[].exactly", _count),
    Default(f"devices.requests[].exactly.{_TOLERATED}", "Equal", zero=True),
    Hook("devices.requests[].firstAvailable[]", _count),
    Default(f"devices.requests[].firstAvailable[].{_TOLERATED}", "Equal", zero=True),
)
_ALLOCATED: tuple[Row, ...] = (Default(f"status.allocation.devices.results[].{_TOLERATED}", "Equal", zero=True),)


def _claims(version: str, spec: tuple[Row, ...]) -> dict[tuple[str, str], tuple[Row, ...]]:
    return {
        (version, "ResourceClaim"): (Within("spec", spec), *_ALLOCATED),
        (version, "ResourceClaimTemplate"): (Within("spec.spec", spec),),
    }


_ADMISSION = "admissionregistration.k8s.io"
_FLOWCONTROL = "flowcontrol.apiserver.k8s.io"
_STORAGE = "storage.k8s.io"

POLICIES: dict[tuple[str, str], tuple[Row, ...]] = {
    ("autoscaling/v1", "HorizontalPodAutoscaler"): (
        Default("spec.minReplicas", 1),
        Hook("", first_autoscaler),
    ),
    ("autoscaling/v2", "HorizontalPodAutoscaler"): (
        Default("spec.minReplicas", 1),
        Default("spec.metrics", [_CPU], zero=True),
        Hook("spec", _behaviour),
    ),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): (
        Default("spec.minReplicas", 1),
        Default("spec.metrics", [_OLD_CPU], zero=True),
        Hook("spec.metrics[].containerResource", _container_metric),
    ),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): (
        Default("spec.minReplicas", 1),
        Default("spec.metrics", [_CPU], zero=True),
        Hook("spec", _behaviour),
    ),
    ("networking.k8s.io/v1", "NetworkPolicy"): _NETWORK_POLICY,
    ("extensions/v1beta1", "NetworkPolicy"): (Hook("spec", _policy_types),),
    ("networking.k8s.io/v1", "IngressClass"): (Default("spec.parameters.scope", "Cluster", since=22),),
    ("networking.k8s.io/v1beta1", "Ingress"): _INGRESS,
    ("extensions/v1beta1", "Ingress"): _INGRESS,
    ("discovery.k8s.io/v1", "EndpointSlice"): _SLICE,
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): _SLICE,
    ("discovery.k8s.io/v1alpha1", "EndpointSlice"): _SLICE,
    **{
        (f"{_RBAC}/{version}", kind): _BINDING
        for version in ("v1", "v1beta1", "v1alpha1")
        for kind in ("RoleBinding", "ClusterRoleBinding")
    },
    (f"{_STORAGE}/v1", "StorageClass"): _CLASS,
    (f"{_STORAGE}/v1beta1", "StorageClass"): _CLASS,
    (f"{_STORAGE}/v1", "CSIDriver"): _DRIVER,
    (f"{_STORAGE}/v1beta1", "CSIDriver"): _DRIVER,
    (f"{_STORAGE}/v1", "VolumeAttachment"): _ATTACHMENT,
    (f"{_STORAGE}/v1beta1", "VolumeAttachment"): _ATTACHMENT,
    **{(f"scheduling.k8s.io/{version}", "PriorityClass"): _PRIORITY for version in ("v1", "v1beta1", "v1alpha1")},
    (f"{_ADMISSION}/v1", "ValidatingWebhookConfiguration"): (Within("webhooks[]", _webhook("Fail", "Equivalent", 10)),),
    (f"{_ADMISSION}/v1", "MutatingWebhookConfiguration"): (
        Within("webhooks[]", _webhook("Fail", "Equivalent", 10, _AGAIN)),
    ),
    (f"{_ADMISSION}/v1beta1", "ValidatingWebhookConfiguration"): (
        Within("webhooks[]", _webhook("Ignore", "Exact", 30, *_FIRST)),
    ),
    (f"{_ADMISSION}/v1beta1", "MutatingWebhookConfiguration"): (
        Within("webhooks[]", _webhook("Ignore", "Exact", 30, *_FIRST, _AGAIN)),
    ),
    **{
        (f"{_ADMISSION}/{version}", f"{kind}AdmissionPolicy{binding}"): _POLICY_BINDING if binding else _POLICY
        for version in ("v1", "v1beta1", "v1alpha1")
        for kind in ("Validating", "Mutating")
        for binding in ("", "Binding")
    },
    (f"{_ADMISSION}/v1alpha1", "ValidatingAdmissionPolicyBinding"): _ALPHA_BINDING,
    (f"{_ADMISSION}/v1alpha1", "MutatingAdmissionPolicyBinding"): _ALPHA_BINDING,
    **{
        (f"{_FLOWCONTROL}/{version}", "FlowSchema"): _FLOW
        for version in ("v1", "v1beta3", "v1beta2", "v1beta1", "v1alpha1")
    },
    **{
        (f"{_FLOWCONTROL}/{version}", "PriorityLevelConfiguration"): _level(share) for version, share in _SHARES.items()
    },
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): (
        Default("spec.conversion", {"strategy": "None"}),
        Hook("", _definition),
        Hook("spec.conversion", _conversion),
        Within("spec.conversion.webhook.clientConfig.service", _PORT),
    ),
    ("apiregistration.k8s.io/v1", "APIService"): (Within("spec.service", _PORT),),
    ("apiregistration.k8s.io/v1beta1", "APIService"): (Within("spec.service", _PORT),),
    **_claims("resource.k8s.io/v1", _CLAIM),
    **_claims("resource.k8s.io/v1beta2", _CLAIM),
    **_claims("resource.k8s.io/v1beta1", _FLAT_CLAIM),
    **_claims("resource.k8s.io/v1alpha3", _FLAT_CLAIM),
    ("resource.k8s.io/v1", "ResourceSlice"): (Hook("spec.devices[]", _mappings),),
    ("resource.k8s.io/v1beta2", "ResourceSlice"): (Hook("spec.devices[]", _mappings),),
    ("resource.k8s.io/v1beta1", "ResourceSlice"): (
        Default("spec.devices[].basic", {}, since=33),
        Hook("spec.devices[].basic", _mappings),
    ),
    ("resource.k8s.io/v1alpha3", "ResourceSlice"): (Default("spec.devices[].basic", {}, since=33),),
    **{
        (f"resource.k8s.io/{version}", kind): (Default(path, "WaitForFirstConsumer", zero=True),)
        for version in ("v1alpha1", "v1alpha2")
        for kind, path in (
            ("ResourceClaim", "spec.allocationMode"),
            ("ResourceClaimTemplate", "spec.spec.allocationMode"),
        )
    },
    ("policy/v1beta1", "PodSecurityPolicy"): (Default("spec.allowPrivilegeEscalation", True),),
    ("extensions/v1beta1", "PodSecurityPolicy"): (Default("spec.allowPrivilegeEscalation", True),),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"): (
        Default("spec.usages", ["digital signature", "key encipherment"]),
        Default("status.conditions[].status", "True", zero=True),
    ),
    **{
        (f"certificates.k8s.io/{version}", "PodCertificateRequest"): (Default("spec.maxExpirationSeconds", 86400),)
        for version in ("v1", "v1beta1", "v1alpha1")
    },
    ("scheduling.k8s.io/v1alpha2", "PodGroup"): (Default("spec.disruptionMode", "Pod"),),
    ("scheduling.k8s.io/v1alpha3", "PodGroup"): (Default("spec.disruptionMode", {"single": {}}),),
    ("scheduling.k8s.io/v1beta1", "PodGroup"): (Default("spec.disruptionMode", {"single": {}}),),
    ("scheduling.k8s.io/v1alpha3", "CompositePodGroup"): (Default("spec.disruptionMode", {"single": {}}),),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): (
        Default("spec.scope", "Namespaced", zero=True),
        Default("spec.preserveUnknownFields", True),
        Default("spec.conversion", {"strategy": "None"}),
        Hook("", _old_definition),
    ),
    ("resource.k8s.io/v1alpha3", "ResourcePoolStatusRequest"): (Default("spec.limit", 100),),
}
