"""Which types are announced, under which versions: those whose objects can be told exactly from what is stored."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from etcdview.cluster.crd_cache import CRDS
from etcdview.cluster.window import Window
from etcdview.codec import Schema, schema
from etcdview.codec.served.versions import served_version
from etcdview.errors import EtcdviewError
from etcdview.kube.crds import Definitions, version_rank, versions
from etcdview.kube.fields import mapping, text
from etcdview.kube.release import Release
from etcdview.kube.resources import ResourceType
from etcdview.kubeapi.moments import revision_for

READS = ("get", "list", "watch")
EVENTS_GROUP = "events.k8s.io"
# In the API server's order (APIService.spec.groupPriorityMinimum); others follow, in the order of their names.
_GROUPS = (
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
)
_SCALED = {("apps", "deployments"), ("apps", "replicasets"), ("apps", "statefulsets"), ("", "replicationcontrollers")}
# Their status is a field alone, without an address of its own
_NO_STATUS = {("networking.k8s.io", "networkpolicies"), ("storage.k8s.io", "csinodes")}
_REMOVED = {"podsecuritypolicies": Release(1, 25)}  # the schema's types outlive what is served


@dataclass(frozen=True, slots=True)
class ReviewType:
    """A type that is only created, to ask who may do what."""

    group: str
    version: str
    plural: str
    kind: str


REVIEWS = (
    ReviewType("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview"),
    ReviewType("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ReviewType("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
)


@dataclass(frozen=True, slots=True)
class ServedType:
    """A type as it is served under one version. `resource` says where it is stored.

    `definition` is the CRD and `version_entry` the version's part of it; both empty for built-in types. `has_status`
    and `scale` (the paths of the replicas; empty for none) are its subresources.
    """

    resource: ResourceType
    group: str
    version: str
    list_kind: str
    has_status: bool = False
    scale: Mapping[str, str] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    version_entry: Mapping[str, Any] = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        """group/version, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def plural(self) -> str:
        """The name in addresses."""
        return self.resource.plural

    @property
    def kind(self) -> str:
        """The kind of its objects."""
        return self.resource.kind

    @property
    def qualified(self) -> str:
        """plural.group as error messages have it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True, slots=True)
class ServedTypes:
    """All that is announced: group -> version, the preferred one first -> types in the order of their names."""

    groups: Mapping[str, Mapping[str, tuple[ServedType, ...]]]
    release: Release | None

    def find(self, group: str, version: str, plural: str) -> ServedType | None:
        """The type of an address; None where there is none."""
        return next((t for t in self.groups.get(group, {}).get(version, ()) if t.plural == plural), None)

    def all(self) -> Iterator[ServedType]:
        """Every type of every version."""
        return (t for listed in self.groups.values() for types in listed.values() for t in types)


def served_types(window: Window, revision: int = 0) -> ServedTypes:
    """What this cluster's API server would announce, as far as it can be answered from etcd.

    Custom types are those of the revision, where it can still be read: who deletes a CRD deletes all objects of it.
    """
    stored = frozenset(t.resource.prefix for t in window.index.tree().types if t.count and t.resource.builtin)
    return _all_types(_definitions(window, revision), window.cluster.codec.release, stored)


def _definitions(window: Window, revision: int) -> Definitions:
    if revision:
        with contextlib.suppress(EtcdviewError):  # lists say what it is
            return window.cluster.past_kinds.at(revision_for(window, revision, window.keyspace.range_prefix(CRDS)))
    return window.definitions


@lru_cache(maxsize=4)  # definitions may take many megabytes
def _all_types(definitions: Definitions, release: Release | None, stored: frozenset[str]) -> ServedTypes:
    """As of these definitions; they are others when a CRD changes."""
    found = [*_builtin(definitions, release, stored), *_openshift(definitions, release), *_custom(definitions)]
    return ServedTypes(_grouped(found), release)


def _grouped(types: Iterable[ServedType]) -> dict[str, dict[str, tuple[ServedType, ...]]]:
    found: dict[str, dict[str, list[ServedType]]] = {review.group: {review.version: []} for review in REVIEWS}
    for one in types:
        found.setdefault(one.group, {}).setdefault(one.version, []).append(one)
    return {
        group: {
            version: tuple(sorted(found[group][version], key=lambda t: t.plural))
            for version in sorted(found[group], key=version_rank, reverse=True)
        }
        for group in sorted(found, key=_group_rank)
    }


def _group_rank(group: str) -> tuple[int, str]:
    return (_GROUPS.index(group) if group in _GROUPS else len(_GROUPS), group)


def _builtin(definitions: Definitions, release: Release | None, stored: frozenset[str]) -> Iterator[ServedType]:
    table = schema(release)
    for resource in definitions.known:
        if not resource.builtin or not resource.served or _is_removed(resource, release):
            continue
        version = served_version(table, resource)
        if not version or (("alpha" in version or "beta" in version) and resource.prefix not in stored):
            continue
        served = _builtin_type(table, replace(resource, version=version), resource.group)
        yield served
        if (resource.group, resource.plural) == ("", "events"):
            yield replace(served, group=EVENTS_GROUP)


def _is_removed(resource: ResourceType, release: Release | None) -> bool:
    removed = _REMOVED.get(resource.plural)
    return removed is not None and (release is None or release >= removed)


def _builtin_type(table: Schema, resource: ResourceType, group: str) -> ServedType:
    number = table.find(resource.api_version, resource.kind)
    fields = {f.name for f in table.struct(number).fields} if number is not None else set()
    paths = {"spec": ".spec.replicas", "status": ".status.replicas"}
    scale = paths if (group, resource.plural) in _SCALED else {}
    has_status = "status" in fields and (group, resource.plural) not in _NO_STATUS
    return ServedType(resource, group, resource.version, f"{resource.kind}List", has_status, scale)


def _openshift(definitions: Definitions, release: Release | None) -> Iterator[ServedType]:
    """The types of OpenShift's API servers, where the registry has their prefix."""
    for resource in definitions.known:
        if not resource.builtin and resource.kind and definitions.crd(resource) is None:
            yield _builtin_type(schema(release), resource, resource.group)


def _custom(definitions: Definitions) -> Iterator[ServedType]:
    for resource in definitions.known:
        crd = definitions.crd(resource)
        if crd is None or not resource.kind:
            continue
        served = [v for v in versions(crd) if v.get("served") is not False and text(v, "name")]
        storage = next((v for v in versions(crd) if v.get("storage")), None)
        for version in served:
            if version is storage or storage is None or is_exact(crd, storage, version):
                yield _custom_type(resource, crd, version)


def is_exact(crd: Mapping[str, Any], storage: Mapping[str, Any], version: Mapping[str, Any]) -> bool:
    """Whether what is stored is the same under another version: no webhook converts it, and nothing is pruned."""
    if text(crd, "spec", "conversion", "strategy") == "Webhook":
        return False
    one, other = (mapping(v, "schema", "openAPIV3Schema") for v in (storage, version))
    keeps_all = other.get("x-kubernetes-preserve-unknown-fields") is True and "properties" not in other
    return one == other or keeps_all


def _custom_type(resource: ResourceType, crd: Mapping[str, Any], version: Mapping[str, Any]) -> ServedType:
    subresources = mapping(version, "subresources") or mapping(crd, "spec", "subresources")
    scale = mapping(subresources, "scale")
    paths = {
        "spec": text(scale, "specReplicasPath"),
        "status": text(scale, "statusReplicasPath"),
        "selector": text(scale, "labelSelectorPath"),
    }
    name = text(version, "name")
    return ServedType(
        resource=replace(resource, version=name),
        group=resource.group,
        version=name,
        list_kind=text(crd, "spec", "names", "listKind") or f"{resource.kind}List",
        has_status="status" in subresources,
        scale=paths if paths["spec"] else {},
        definition=crd,
        version_entry=version,
    )
