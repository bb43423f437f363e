"""All that only the API server can have written, each with the releases that write it so, and what they say together.

APIServices and bootstrap roles (release_marks), the FlowSchemas and priority levels that it keeps as they are in its
own release, and the version that it stored an object in, which stays until the object is written again.

Sources, of the newest patch of each release, 1.20 to 1.37: pkg/apis/flowcontrol/bootstrap of k8s.io/apiserver,
pkg/registry/flowcontrol/ensurer, pkg/apis/*/install and pkg/kubeapiserver/default_storage_factory_builder.go of
k8s.io/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from etcdview.kube.fields import dig, text
from etcdview.kube.release_marks import FIRST, NEWEST, Written, written_by

_FLOW, _LEVEL = "FlowSchema", "PriorityLevelConfiguration"
_ALWAYS_FLOW, _ALWAYS_LEVEL = (_FLOW, "catch-all"), (_LEVEL, "catch-all")
# An object, or a field of it, by the first release that writes it: each is added at the next start.
_FLOWS_SINCE: tuple[tuple[int, str, str, tuple[str, ...]], ...] = (
    (22, _FLOW, "system-node-high", ()),
    (22, _LEVEL, "node-high", ()),
    (24, _FLOW, "endpoint-controller", ()),
    (26, _LEVEL, "system", ("spec", "limited", "lendablePercent")),
    (28, _LEVEL, "exempt", ("spec", "exempt")),
)
# By the last release that writes them: later ones delete them.
_FLOWS_UNTIL = {"endpoint-controller": 33, "workload-leader-election": 33}
_AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec"

# Kind -> the versions that it is stored in, each by the first release whose API server does so.
_STORED: dict[str, dict[str, int]] = {
    "CSIDriver": {"storage.k8s.io/v1beta1": 20, "storage.k8s.io/v1": 21},
    "CronJob": {"batch/v1beta1": 20, "batch/v1": 22},
    "EndpointSlice": {"discovery.k8s.io/v1beta1": 20, "discovery.k8s.io/v1": 31},
    _FLOW: {
        "flowcontrol.apiserver.k8s.io/v1beta1": 20,
        "flowcontrol.apiserver.k8s.io/v1beta2": 26,
        "flowcontrol.apiserver.k8s.io/v1beta3": 27,
        "flowcontrol.apiserver.k8s.io/v1": 30,
    },
    "HorizontalPodAutoscaler": {"autoscaling/v1": 20, "autoscaling/v2": 27},
    "IPAddress": {"networking.k8s.io/v1alpha1": 27, "networking.k8s.io/v1beta1": 31, "networking.k8s.io/v1": 34},
    "Ingress": {"networking.k8s.io/v1beta1": 20, "networking.k8s.io/v1": 21},
    "IngressClass": {"networking.k8s.io/v1beta1": 20, "networking.k8s.io/v1": 21},
    "PodDisruptionBudget": {"policy/v1beta1": 20, "policy/v1": 27},
    "ResourceClaim": {
        "resource.k8s.io/v1alpha1": 26,
        "resource.k8s.io/v1alpha2": 27,
        "resource.k8s.io/v1alpha3": 31,
        "resource.k8s.io/v1beta1": 32,
        "resource.k8s.io/v1beta2": 34,
        "resource.k8s.io/v1": 35,
    },
    "RuntimeClass": {"node.k8s.io/v1beta1": 20, "node.k8s.io/v1": 21},
    "ServiceCIDR": {"networking.k8s.io/v1alpha1": 29, "networking.k8s.io/v1beta1": 31, "networking.k8s.io/v1": 34},
    "ValidatingAdmissionPolicy": {
        "admissionregistration.k8s.io/v1alpha1": 26,
        "admissionregistration.k8s.io/v1beta1": 29,
        "admissionregistration.k8s.io/v1": 31,
    },
    "ValidatingWebhookConfiguration": {
        "admissionregistration.k8s.io/v1beta1": 20,
        "admissionregistration.k8s.io/v1": 21,
    },
    "VolumeAttributesClass": {"storage.k8s.io/v1alpha1": 29, "storage.k8s.io/v1beta1": 31, "storage.k8s.io/v1": 36},
}
_STORED[_LEVEL] = _STORED[_FLOW]

# Below the registry's root: what is read whole, and that of which the version is enough.
FLOW_PREFIXES = ("flowschemas/", "prioritylevelconfigurations/")
STORED_PREFIXES = (
    "csidrivers/",
    "cronjobs/",
    "endpointslices/",
    "horizontalpodautoscalers/",
    "ipaddresses/",
    "ingress/",
    "ingressclasses/",
    "poddisruptionbudgets/",
    "resourceclaims/",
    "runtimeclasses/",
    "servicecidrs/",
    "validatingadmissionpolicies/",
    "validatingwebhookconfigurations/",
    "volumeattributesclasses/",
)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that an API server has written, for people, and the releases whose API servers write it so.

    `stays`: until someone writes the object again, so a later release may run. `more` others say the same.
    """

    written: Written
    why: str
    stays: bool = False
    more: int = 0


def signs(objects: Iterable[Mapping[str, Any]]) -> list[Sign]:
    """The signs in the objects, those that say most first; those of stored versions from the newest to the oldest."""
    seen = list(objects)
    marks, flows = written_by(seen), flows_by(seen)
    found = []
    if marks is not None:
        found.append(Sign(marks, f"the roles and APIServices that the API server wrote are those of {marks}"))
    if flows is not None:
        why = f"the FlowSchemas and priority levels that the API server wrote are those of {flows}"
        found.append(Sign(flows, why))
    return found + sorted(_stored(seen), key=lambda sign: sign.written.low, reverse=True)


def together(found: Iterable[Sign]) -> Written | None:
    """The releases that all signs leave, the first ones outweighing those after them; None where nothing says any.

    An old version that an object is stored in leaves every later release.
    """
    left = None
    for sign in found:
        high = NEWEST if sign.stays else sign.written.high
        left = _within(left, sign.written.low, high)
    return left


def _within(left: Written | None, low: int, high: int) -> Written:
    if left is None:
        return Written(low, high)
    low, high = max(low, left.low), min(high, left.high)
    return Written(low, high) if low <= high else left


def last_written(found: Iterable[Sign]) -> Written | None:
    """The same, where nothing was written by a later release: the best that can be said of old objects alone."""
    seen = list(found)
    left = together(seen)
    ends = [sign.written.high for sign in seen if left is not None and sign.written.high >= left.low]
    return Written(left.low, min([left.high, *ends])) if left is not None else None


def flows_by(objects: Iterable[Mapping[str, Any]]) -> Written | None:
    """Which releases' API server wrote the FlowSchemas and priority levels; None where not even those are there
    that every API server writes."""
    there = {(str(obj.get("kind")), text(obj, "metadata", "name")): obj for obj in objects}
    kinds = {kind for kind, name in (_ALWAYS_FLOW, _ALWAYS_LEVEL) if (kind, name) in there}
    if not kinds:
        return None
    marks = [(since, _has(there.get((kind, name)), path)) for since, kind, name, path in _FLOWS_SINCE if kind in kinds]
    low = max((since for since, found in marks if found), default=FIRST)
    kept = [until for name, until in _FLOWS_UNTIL.items() if _is_kept_current(there.get((_FLOW, name)))]
    gone = _FLOW in kinds and not any((_FLOW, name) in there for name in _FLOWS_UNTIL)
    low = max([low, *(until + 1 for until in _FLOWS_UNTIL.values() if gone)])
    missing = [since - 1 for since, found in marks if not found and since > low]
    return Written(low, min([NEWEST, *missing, *(until for until in kept if until >= low)]))


def _has(obj: Mapping[str, Any] | None, path: tuple[str, ...]) -> bool:
    return obj is not None and (not path or dig(obj, *path) is not None)


def _is_kept_current(obj: Mapping[str, Any] | None) -> bool:
    """Whether an API server that does not know the object would have deleted it: not once someone has changed it."""
    return obj is not None and dig(obj, "metadata", "annotations", _AUTO_UPDATE) in (None, "true")


def _stored(objects: Iterable[Mapping[str, Any]]) -> Iterator[Sign]:
    """One of each range of releases, by the first object that says so."""
    found: dict[Written, Sign] = {}
    for obj in objects:
        kind, version = str(obj.get("kind")), str(obj.get("apiVersion"))
        if version in _STORED.get(kind, ()):
            written = stored_by(kind, version)
            before = found.get(written)
            first = Sign(written, f"{kind} {text(obj, 'metadata', 'name')} is stored as {version}", stays=True)
            found[written] = replace(before, more=before.more + 1) if before else first
    yield from found.values()


def stored_by(kind: str, version: str) -> Written:
    """The releases whose API server stores the kind in this API version. Raises KeyError where none is known to."""
    since = _STORED[kind][version]
    later = [first for first in _STORED[kind].values() if first > since]
    return Written(since, min(later) - 1 if later else NEWEST)
