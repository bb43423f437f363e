"""What an API server writes into the registry when it starts, and which releases write it.

An APIService for each group and version that is on by default, which it deletes when it no longer serves it; and the
ClusterRoles that its controllers use, with rules that it adds and never takes away. Kubelets, images and ConfigMaps may
say anything; these say which API server ran.

Sources: pkg/controlplane/instance.go and plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata of the newest patch
of each release in k8s.io/kubernetes, 1.20 to 1.37; for what is no longer served, Kubernetes' deprecated API guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from etcdview.kube.fields import items, text

FIRST, NEWEST = 20, 37  # minor releases that the marks tell apart

# Group versions by the first release that has them on by default.
_VERSION_SINCE = {
    "v1.policy": 21,
    "v1.discovery.k8s.io": 21,
    "v2.autoscaling": 23,
    "v1.flowcontrol.apiserver.k8s.io": 29,
    "v1.resource.k8s.io": 34,
    "v1.storagemigration.k8s.io": 37,
}
# Group versions by the last release that serves them. All are on by default there.
_VERSION_UNTIL = {
    "v1beta1.extensions": 21,
    "v1beta1.rbac.authorization.k8s.io": 21,
    "v1beta1.scheduling.k8s.io": 21,
    "v1beta1.batch": 24,
    "v1beta1.discovery.k8s.io": 24,
    "v1beta1.policy": 24,
    "v2beta1.autoscaling": 24,
    "v2beta2.autoscaling": 25,
    "v1beta1.flowcontrol.apiserver.k8s.io": 25,
    "v1beta2.flowcontrol.apiserver.k8s.io": 28,
}
# Served in the middle only: their absence says nothing.
_VERSION_BETWEEN = {"v1beta3.flowcontrol.apiserver.k8s.io": (26, 31)}
_ALWAYS_VERSION, _ALWAYS_ROLE = "v1.apps", "system:basic-user"

# A role, or one of its rules (group/resource, verb), by the first release that writes it.
_ROLE_SINCE: tuple[tuple[int, str, str, str], ...] = (
    (21, "system:controller:ephemeral-volume-controller", "", ""),
    (24, "system:aggregate-to-edit", "/serviceaccounts/token", "create"),
    (26, "system:controller:disruption-controller", "/pods/status", "patch"),
    (27, "system:basic-user", "authentication.k8s.io/selfsubjectreviews", "create"),
    (29, "system:controller:legacy-service-account-token-cleaner", "", ""),
    (30, "system:controller:validatingadmissionpolicy-status-controller", "", ""),
    (31, "system:kube-scheduler", "coordination.k8s.io/leasecandidates", "get"),
    (32, "system:controller:horizontal-pod-autoscaler", "/pods", "watch"),
    (33, "system:controller:service-cidrs-controller", "", ""),
    (34, "system:controller:volumeattributesclass-protection-controller", "", ""),
    (35, "system:aggregate-to-edit", "events.k8s.io/events", "create"),
    (36, "system:controller:device-taint-eviction-controller", "", ""),
    (37, "system:controller:podcertificaterequestcleaner", "", ""),
)

_VERSIONS = (_ALWAYS_VERSION, *_VERSION_SINCE, *_VERSION_UNTIL, *_VERSION_BETWEEN)
_SERVICES, _ROLES = "apiregistration.k8s.io/apiservices/", "clusterroles/"

# Below the registry's root: the keys whose being there is compared, and those whose rules are.
MARK_KEYS: tuple[str, ...] = (
    *(_SERVICES + name for name in _VERSIONS),
    *(_ROLES + role for _, role, what, _ in _ROLE_SINCE if not what),
)
RULE_KEYS: tuple[str, ...] = tuple(dict.fromkeys(_ROLES + role for _, role, what, _ in _ROLE_SINCE if what))


def named_mark(key: str) -> Mapping[str, Any]:
    """The object at one of MARK_KEYS, as far as `written_by` reads it."""
    kind = "APIService" if key.startswith(_SERVICES) else "ClusterRole"
    return {"kind": kind, "metadata": {"name": key.rpartition("/")[2]}}


@dataclass(frozen=True, slots=True)
class Written:
    """The minor releases whose API server writes what is there, `low` to `high`; NEWEST stands for newer ones too."""

    low: int
    high: int

    def has(self, minor: int) -> bool:
        """Whether this release may have written it."""
        return self.low <= minor and (minor <= self.high or self.high == NEWEST)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"1.{self.low}"
        return f"1.{self.low} or later" if self.high == NEWEST else f"1.{self.low} to 1.{self.high}"


def written_by(objects: Iterable[Mapping[str, Any]]) -> Written | None:
    """Which releases' API server wrote the APIServices and ClusterRoles among `objects`; None where none are there.

    What is there outweighs what is missing: an administrator may turn a version or a controller off.
    """
    versions: set[str] = set()
    roles: dict[str, Mapping[str, Any]] = {}
    for obj in objects:
        name = text(obj, "metadata", "name")
        if obj.get("kind") == "APIService":
            versions.add(name)
        elif obj.get("kind") == "ClusterRole":
            roles[name] = obj
    if _ALWAYS_VERSION not in versions and _ALWAYS_ROLE not in roles:
        return None
    there, missing = _since(versions, roles)
    low = max(there, default=FIRST)
    low = max([low, *(_after_removed(versions))]) if _ALWAYS_VERSION in versions else low
    ends = [until for name, until in _VERSION_UNTIL.items() if name in versions]
    ends += [until for name, (_, until) in _VERSION_BETWEEN.items() if name in versions]
    high = min([NEWEST, *(end for end in ends if end >= low), *(since - 1 for since in missing if since > low)])
    return Written(low, high)


def _since(versions: set[str], roles: Mapping[str, Mapping[str, Any]]) -> tuple[list[int], list[int]]:
    """The first releases of the marks that are there, and of those that are missing."""
    marks = [(since, name in versions) for name, since in _VERSION_SINCE.items() if _ALWAYS_VERSION in versions]
    marks += [(since, True) for name, (since, _) in _VERSION_BETWEEN.items() if name in versions]
    if _ALWAYS_ROLE in roles:
        marks += [(since, _has_rule(roles.get(role), what, verb)) for since, role, what, verb in _ROLE_SINCE]
    return [since for since, there in marks if there], [since for since, there in marks if not there]


def _after_removed(versions: set[str]) -> list[int]:
    """The releases from which on the versions that are missing are no longer served."""
    there = [until for name, until in _VERSION_UNTIL.items() if name in versions]
    gone = [until + 1 for name, until in _VERSION_UNTIL.items() if name not in versions]
    return [since for since in gone if since <= min(there, default=NEWEST)]


def _has_rule(role: Mapping[str, Any] | None, what: str, verb: str) -> bool:
    if role is None or not what:
        return role is not None
    group, _, resource = what.partition("/")
    return any(
        _lists(rule, "apiGroups", group) and _lists(rule, "resources", resource) and _lists(rule, "verbs", verb)
        for rule in items(role, "rules")
        if isinstance(rule, Mapping)
    )


def _lists(rule: Mapping[str, Any], field: str, value: str) -> bool:
    found = rule.get(field)
    return isinstance(found, list) and value in found
