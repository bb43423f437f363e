"""Objects stored in a version that the release does not prefer, in the one that it does.

Most versions of a kind hold the same (`Schema.same`), and only their name changes. What is below differs.
Source: the files conversion.go below k8s.io/kubernetes/pkg/apis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.protobuf.schema import schema
from etcdview.codec.served import autoscalers, crds, devices, endpointslices
from etcdview.codec.served.policies import ZERO_SHARES
from etcdview.codec.served.versions import preferred
from etcdview.kube.release import Release

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_FLOWCONTROL = "flowcontrol.apiserver.k8s.io"
_RESOURCE = "resource.k8s.io"
_ROLLBACK = "deprecated.deployment.rollback.to"
_GENERATION = "deprecated.daemonset.template.generation"
_NOTHING_MATCHES = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"

Conversion = Callable[[Object, int], None]  # of an object in place, by a minor release
_NEWEST = 99


def convert(obj: Object, release: Release | None) -> None:
    """Convert in place to the version that the release prefers, where it is known how; else it stays as it is."""
    stored, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
    wanted = preferred(stored, kind, release)
    if wanted == stored:
        return
    change = _CONVERSIONS.get((stored, kind, wanted))
    if change is None and not _is_same(kind, stored, wanted, release):
        return
    if change is not None:
        change(obj, _NEWEST if release is None else release.minor)
    obj["apiVersion"] = wanted


def changes(api_version: str, kind: str) -> bool:
    """Whether objects of the kind are converted from this version by any release."""
    return (api_version, kind) in _CHANGED


def _is_same(kind: str, one: str, other: str, release: Release | None) -> bool:
    table = schema(release)
    first, second = table.find(one, kind), table.find(other, kind)
    return first is not None and second is not None and table.same(first, second)


def _annotate(obj: Object, name: str, value: str | None) -> None:
    """Set an annotation, or take it away."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        return
    had = metadata.get("annotations")
    found = {key: one for key, one in had.items() if key != name} if isinstance(had, dict) else {}
    if value is not None:
        found[name] = value
    metadata.pop("annotations", None)
    if found:
        metadata["annotations"] = found


def _selector(obj: Object, minor: int) -> None:
    """The first versions could do without a selector; apps/v1 shows that it is missing."""
    spec = obj.get("spec")
    if isinstance(spec, dict):
        spec.setdefault("selector", None)


def _deployment(obj: Object, minor: int) -> None:
    _selector(obj, minor)
    spec = obj.get("spec")
    back = spec.pop("rollbackTo", None) if isinstance(spec, dict) else None
    _annotate(obj, _ROLLBACK, str(back.get("revision", 0)) if isinstance(back, dict) else None)


def _daemon_set(obj: Object, minor: int) -> None:
    _selector(obj, minor)
    spec = obj.get("spec")
    if isinstance(spec, dict):
        _annotate(obj, _GENERATION, str(spec.pop("templateGeneration", 0)))


def _stateful_set(obj: Object, minor: int) -> None:
    _selector(obj, minor)
    status = obj.get("status")
    if isinstance(status, dict) and status.get("observedGeneration") == 0:
        del status["observedGeneration"]


def _ingress(obj: Object, minor: int) -> None:
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    if "backend" in spec:
        spec["defaultBackend"] = _backend(spec.pop("backend"))
    rules = spec.get("rules")
    for rule in rules if isinstance(rules, list) else ():
        http = rule.get("http") if isinstance(rule, dict) else None
        paths = http.get("paths") if isinstance(http, dict) else None
        for path in paths if isinstance(paths, list) else ():
            if isinstance(path, dict) and "backend" in path:
                path["backend"] = _backend(path["backend"])


def _backend(backend: Any) -> Any:
    if not isinstance(backend, dict):
        return backend
    name, port = backend.get("serviceName"), backend.get("servicePort", 0)
    rest = {key: value for key, value in backend.items() if key not in ("serviceName", "servicePort")}
    if not name and port == 0:
        return rest
    number = {"name": port} if isinstance(port, str) else {"number": port}
    return {"service": {"name": name or "", "port": {k: v for k, v in number.items() if v}}} | rest


def _shares(obj: Object, minor: int) -> None:
    """A priority level's share was called assured before it was nominal."""
    spec = obj.get("spec")
    limited = spec.get("limited") if isinstance(spec, dict) else None
    if isinstance(spec, dict) and isinstance(limited, dict) and "assuredConcurrencyShares" in limited:
        shares = limited.pop("assuredConcurrencyShares")
        spec["limited"] = {"nominalConcurrencyShares": shares} | limited


def _zero_shares(obj: Object, minor: int) -> None:
    """v1 can say zero; v1beta3 needed an annotation for it."""
    _annotate(obj, ZERO_SHARES, None)


def _runtime_class(obj: Object, minor: int) -> None:
    """All but the metadata was in a spec at first."""
    spec = obj.pop("spec", None)
    spec = spec if isinstance(spec, dict) else {}
    obj["handler"] = spec.get("runtimeHandler", "")
    obj.update({name: spec[name] for name in ("overhead", "scheduling") if spec.get(name) is not None})


def _budget(obj: Object, minor: int) -> None:
    """An empty selector of policy/v1beta1 selects nothing, and one of policy/v1 everything."""
    spec = obj.get("spec")
    selector = spec.get("selector") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(selector, dict):
        return
    labels, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
    if not labels and not expressions:
        spec["selector"] = {"matchExpressions": [{"key": _NOTHING_MATCHES, "operator": "Exists"}]}
        return
    if not isinstance(expressions, list):
        return
    kept = [e for e in expressions if not isinstance(e, dict) or e.get("key") != _NOTHING_MATCHES]
    del selector["matchExpressions"]
    if kept:
        selector["matchExpressions"] = kept


def _binding(obj: Object, minor: int) -> None:
    """A subject named the version of its kind at first, and every user meant all who are authenticated."""
    subjects = obj.get("subjects")
    if isinstance(subjects, list):
        obj["subjects"] = [_subject(one) if isinstance(one, dict) else one for one in subjects]


def _subject(subject: Object) -> Object:
    kind, group = subject.get("kind"), ""
    if kind in ("User", "Group"):
        group = _RBAC
    elif kind != "ServiceAccount":
        group = _group(subject.get("apiVersion"))
    found = {"kind": kind} | ({"apiGroup": group} if group else {})
    found |= {name: value for name, value in subject.items() if name not in ("kind", "apiGroup", "apiVersion")}
    if kind == "User" and subject.get("name") == "*":
        found |= {"kind": "Group", "name": "system:authenticated"}
    return found


def _group(api_version: Any) -> str:
    if not isinstance(api_version, str) or api_version.count("/") != 1:
        return ""
    return api_version.partition("/")[0] if api_version != "/" else ""


def _as_it_is(obj: Object, minor: int) -> None:
    """What the older version may leave out, and the newer one not, is set by its defaults."""


_OF_EVENTS = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}


def _event(obj: Object, minor: int) -> None:
    """Events of the group of their own have other names for the same."""
    renamed = {_OF_EVENTS.get(name, name): value for name, value in obj.items()}
    obj.clear()
    obj.update(renamed | {name: renamed.get(name, "") for name in ("reportingComponent", "reportingInstance")})
    series = obj.get("series")
    if isinstance(series, dict) and series.get("count") == 0:
        del series["count"]


_CONVERSIONS: dict[tuple[str, str, str], Conversion] = {
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "apiextensions.k8s.io/v1"): crds.to_v1,
    ("discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1"): endpointslices.to_v1,
    ("autoscaling/v1", "HorizontalPodAutoscaler", "autoscaling/v2"): autoscalers.from_v1,
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2"): autoscalers.from_v2beta1,
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2"): autoscalers.from_v2beta2,
    ("apps/v1beta1", "Deployment", "apps/v1"): _deployment,
    ("apps/v1beta1", "StatefulSet", "apps/v1"): _stateful_set,
    ("extensions/v1beta1", "Deployment", "apps/v1"): _deployment,
    ("extensions/v1beta1", "DaemonSet", "apps/v1"): _daemon_set,
    ("extensions/v1beta1", "ReplicaSet", "apps/v1"): _selector,
    ("extensions/v1beta1", "Ingress", "networking.k8s.io/v1"): _ingress,
    ("networking.k8s.io/v1beta1", "Ingress", "networking.k8s.io/v1"): _ingress,
    ("node.k8s.io/v1alpha1", "RuntimeClass", "node.k8s.io/v1"): _runtime_class,
    ("policy/v1beta1", "PodDisruptionBudget", "policy/v1"): _budget,
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "certificates.k8s.io/v1"): _as_it_is,
    **{
        (f"{_ADMISSION}/v1beta1", f"{kind}WebhookConfiguration", f"{_ADMISSION}/v1"): _as_it_is
        for kind in ("Mutating", "Validating")
    },
    ("events.k8s.io/v1", "Event", "v1"): _event,
    ("events.k8s.io/v1beta1", "Event", "v1"): _event,
    **{(f"{_RBAC}/v1alpha1", kind, f"{_RBAC}/v1"): _binding for kind in ("RoleBinding", "ClusterRoleBinding")},
    **{
        (f"{_FLOWCONTROL}/{one}", "PriorityLevelConfiguration", f"{_FLOWCONTROL}/{other}"): _shares
        for one in ("v1alpha1", "v1beta1", "v1beta2")
        for other in ("v1beta3", "v1")
    },
    (f"{_FLOWCONTROL}/v1beta3", "PriorityLevelConfiguration", f"{_FLOWCONTROL}/v1"): _zero_shares,
    **{
        (f"{_RESOURCE}/{one}", kind, f"{_RESOURCE}/{other}"): change
        for one in ("v1alpha3", "v1beta1")
        for other in ("v1beta2", "v1")
        for kind, change in (
            ("ResourceClaim", devices.claim),
            ("ResourceClaimTemplate", devices.claim_template),
            ("ResourceSlice", devices.first_slice if one == "v1alpha3" else devices.device_slice),
        )
    },
    (f"{_RESOURCE}/v1alpha3", "ResourceSlice", f"{_RESOURCE}/v1beta1"): devices.capacities,
}
_CHANGED = frozenset((stored, kind) for stored, kind, _ in _CONVERSIONS)
