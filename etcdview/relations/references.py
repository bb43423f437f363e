"""What an object names: pure, from the one object. Owners first, then what its kind can name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from etcdview.kube.fields import dig, items, text
from etcdview.kube.resources import BUILTIN
from etcdview.relations.model import Object, Ref, Reference, kind_of
from etcdview.relations.pod_references import pod_references
from etcdview.tables.core_volumes import storage_class

_RBAC = "rbac.authorization.k8s.io"
_STORAGE = "storage.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_SERVICE_LABEL = "kubernetes.io/service-name"

STATEFUL_SET, CLAIM = ("apps", "StatefulSet"), ("", "PersistentVolumeClaim")

_CLUSTER_KINDS = frozenset((r.group, r.kind) for r in BUILTIN if not r.namespaced)


def references(obj: Object) -> tuple[Reference, ...]:
    """All that the object names, in the order it names them, each once."""
    namer = _NAMERS.get(kind_of(obj))
    found = [*_owners(obj), *pod_references(obj), *(namer(obj) if namer else ())]
    return tuple(dict.fromkeys(found))


def _namespace(obj: Object) -> str:
    return text(obj, "metadata", "namespace")


def _owners(obj: Object) -> Iterator[Reference]:
    """Owners are in the same namespace, or in none; the reference does not say which. Graph tries both."""
    for owner in items(obj, "metadata", "ownerReferences"):
        group, kind = kind_of(owner)
        namespace = "" if (group, kind) in _CLUSTER_KINDS else _namespace(obj)
        yield Reference("owner", Ref(group, kind, namespace, text(owner, "name")), uid=text(owner, "uid"))


def _stateful_set(obj: Object) -> Iterator[Reference]:
    if name := text(obj, "spec", "serviceName"):
        yield Reference("names", Ref("", "Service", _namespace(obj), name))


def keeps_claim(stateful_set: Object, claim: str) -> bool:
    """Whether a pod of the StatefulSet, one that there is or was, has the claim of this name: TEMPLATE-SET-NUMBER.

    Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go, getPersistentVolumeClaimName.
    """
    of_set, _, number = claim.rpartition("-")
    name = text(stateful_set, "metadata", "name")
    templates = items(stateful_set, "spec", "volumeClaimTemplates")
    return number.isdecimal() and any(of_set == f"{text(one, 'metadata', 'name')}-{name}" for one in templates)


def _service_account(obj: Object) -> Iterator[Reference]:
    for relation, member in (("secret", "secrets"), ("pull", "imagePullSecrets")):
        for secret in items(obj, member):
            yield Reference(relation, Ref("", "Secret", _namespace(obj), text(secret, "name")))


def _secret(obj: Object) -> Iterator[Reference]:
    if name := text(obj, "metadata", "annotations", "kubernetes.io/service-account.name"):
        yield Reference("identity", Ref("", "ServiceAccount", _namespace(obj), name))


def _event(obj: Object) -> Iterator[Reference]:
    for member in ("involvedObject", "regarding"):
        about = dig(obj, member)
        if name := text(about, "name"):
            ref = Ref(*kind_of(about), text(about, "namespace"), name)
            yield Reference("about", ref, uid=text(about, "uid"))


def _claim(obj: Object) -> Iterator[Reference]:
    if volume := text(obj, "spec", "volumeName"):
        yield Reference("volume", Ref("", "PersistentVolume", "", volume))
    yield from _storage_class(obj)
    source = dig(obj, "spec", "dataSourceRef") or dig(obj, "spec", "dataSource")
    if name := text(source, "name"):
        namespace = text(source, "namespace") or _namespace(obj)
        yield Reference("source", Ref(text(source, "apiGroup"), text(source, "kind"), namespace, name))


def _volume(obj: Object) -> Iterator[Reference]:
    claim = dig(obj, "spec", "claimRef")
    if name := text(claim, "name"):
        ref = Ref("", "PersistentVolumeClaim", text(claim, "namespace"), name)
        yield Reference("volume", ref, uid=text(claim, "uid"))
    yield from _storage_class(obj)
    if driver := text(obj, "spec", "csi", "driver"):
        yield Reference("class", Ref(_STORAGE, "CSIDriver", "", driver))


def _storage_class(obj: Object) -> Iterator[Reference]:
    if name := storage_class(obj):
        yield Reference("class", Ref(_STORAGE, "StorageClass", "", name))
    if attributes := text(obj, "spec", "volumeAttributesClassName"):
        yield Reference("class", Ref(_STORAGE, "VolumeAttributesClass", "", attributes))


def _attachment(obj: Object) -> Iterator[Reference]:
    if volume := text(obj, "spec", "source", "persistentVolumeName"):
        yield Reference("attaches", Ref("", "PersistentVolume", "", volume))
    yield Reference("node", Ref("", "Node", "", text(obj, "spec", "nodeName")))
    yield Reference("class", Ref(_STORAGE, "CSIDriver", "", text(obj, "spec", "attacher")))


def _capacity(obj: Object) -> Iterator[Reference]:
    yield Reference("class", Ref(_STORAGE, "StorageClass", "", text(obj, "storageClassName")))


def _csi_node(obj: Object) -> Iterator[Reference]:
    """It has its node's name."""
    yield Reference("node", Ref("", "Node", "", text(obj, "metadata", "name")))
    for driver in items(obj, "spec", "drivers"):
        yield Reference("class", Ref(_STORAGE, "CSIDriver", "", text(driver, "name")))


def _slice(obj: Object) -> Iterator[Reference]:
    owned = any(text(o, "kind") == "Service" for o in items(obj, "metadata", "ownerReferences"))
    service = text(obj, "metadata", "labels", _SERVICE_LABEL)
    if service and not owned:
        yield Reference("slice", Ref("", "Service", _namespace(obj), service))
    yield from _targets(items(obj, "endpoints"))


def _endpoints(obj: Object) -> Iterator[Reference]:
    yield Reference("slice", Ref("", "Service", _namespace(obj), text(obj, "metadata", "name")), optional=True)
    for subset in items(obj, "subsets"):
        yield from _targets([*items(subset, "addresses"), *items(subset, "notReadyAddresses")])


def _targets(endpoints: list[Any]) -> Iterator[Reference]:
    for endpoint in endpoints:
        target = dig(endpoint, "targetRef")
        if name := text(target, "name"):
            ref = Ref("", text(target, "kind"), text(target, "namespace"), name)
            yield Reference("endpoint", ref, uid=text(target, "uid"))


def _binding(obj: Object) -> Iterator[Reference]:
    role = dig(obj, "roleRef")
    namespace = _namespace(obj) if text(role, "kind") == "Role" else ""
    yield Reference("role", Ref(_RBAC, text(role, "kind"), namespace, text(role, "name")))
    for subject in items(obj, "subjects"):
        kind = text(subject, "kind")
        group = "" if kind == "ServiceAccount" else _RBAC
        namespace = text(subject, "namespace") if kind == "ServiceAccount" else ""
        yield Reference("subject", Ref(group, kind, namespace, text(subject, "name")))


def _autoscaler(obj: Object) -> Iterator[Reference]:
    target = dig(obj, "spec", "scaleTargetRef")
    yield Reference("scales", Ref(*kind_of(target), _namespace(obj), text(target, "name")))


def _ingress(obj: Object) -> Iterator[Reference]:
    if name := text(obj, "spec", "ingressClassName"):
        yield Reference("class", Ref("networking.k8s.io", "IngressClass", "", name))
    backends = [dig(obj, "spec", "defaultBackend"), dig(obj, "spec", "backend")]
    for rule in items(obj, "spec", "rules"):
        backends += [dig(path, "backend") for path in items(rule, "http", "paths")]
    for backend in backends:
        if service := text(backend, "service", "name") or text(backend, "serviceName"):
            yield Reference("routes", Ref("", "Service", _namespace(obj), service))
    for tls in items(obj, "spec", "tls"):
        if secret := text(tls, "secretName"):
            yield Reference("secret", Ref("", "Secret", _namespace(obj), secret))


def _ip_address(obj: Object) -> Iterator[Reference]:
    parent = dig(obj, "spec", "parentRef")
    if text(parent, "resource") == "services" and not text(parent, "group"):
        yield Reference("address", Ref("", "Service", text(parent, "namespace"), text(parent, "name")))


def _webhooks(obj: Object) -> Iterator[Reference]:
    for webhook in items(obj, "webhooks"):
        yield from _service_call(dig(webhook, "clientConfig", "service"))


def _api_service(obj: Object) -> Iterator[Reference]:
    yield from _service_call(dig(obj, "spec", "service"))


def _definition(obj: Object) -> Iterator[Reference]:
    conversion = dig(obj, "spec", "conversion")
    yield from _service_call(dig(conversion, "webhook", "clientConfig", "service"))
    yield from _service_call(dig(conversion, "webhookClientConfig", "service"))  # v1beta1


def _service_call(service: Any) -> Iterator[Reference]:
    if name := text(service, "name"):
        yield Reference("calls", Ref("", "Service", text(service, "namespace"), name))


def _policy_binding(obj: Object) -> Iterator[Reference]:
    kind = text(obj, "kind").removesuffix("Binding")
    yield Reference("policy", Ref(_ADMISSION, kind, "", text(obj, "spec", "policyName")))


def _flow_schema(obj: Object) -> Iterator[Reference]:
    level = text(obj, "spec", "priorityLevelConfiguration", "name")
    yield Reference("level", Ref("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", level))


def _resource_slice(obj: Object) -> Iterator[Reference]:
    if node := text(obj, "spec", "nodeName") or text(obj, "nodeName"):  # v1alpha2 has no spec
        yield Reference("node", Ref("", "Node", "", node))


def _resource_claim(obj: Object) -> Iterator[Reference]:
    for request in items(obj, "spec", "devices", "requests"):
        name = text(request, "deviceClassName") or text(request, "exactly", "deviceClassName")
        if name:
            yield Reference("class", Ref("resource.k8s.io", "DeviceClass", "", name))
    for consumer in items(obj, "status", "reservedFor"):
        if text(consumer, "resource") == "pods":
            yield Reference("devices", Ref("", "Pod", _namespace(obj), text(consumer, "name")))


_NAMERS: dict[tuple[str, str], Callable[[Object], Iterator[Reference]]] = {
    STATEFUL_SET: _stateful_set,
    ("", "ServiceAccount"): _service_account,
    ("", "Secret"): _secret,
    ("", "Event"): _event,
    CLAIM: _claim,
    ("", "PersistentVolume"): _volume,
    (_STORAGE, "VolumeAttachment"): _attachment,
    (_STORAGE, "CSIStorageCapacity"): _capacity,
    (_STORAGE, "CSINode"): _csi_node,
    ("discovery.k8s.io", "EndpointSlice"): _slice,
    ("", "Endpoints"): _endpoints,
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("networking.k8s.io", "IPAddress"): _ip_address,
    (_ADMISSION, "MutatingWebhookConfiguration"): _webhooks,
    (_ADMISSION, "ValidatingWebhookConfiguration"): _webhooks,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): _policy_binding,
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): _policy_binding,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _flow_schema,
    ("resource.k8s.io", "ResourceSlice"): _resource_slice,
    ("resource.k8s.io", "ResourceClaim"): _resource_claim,
}
