"""What etcd holds for Kubernetes, kind by kind: kubectl's name, the key, how many this cluster has."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.index.base import Tree, TypeCount
from etcdview.kube.keys import KeySpace, show
from etcdview.kube.resources import BUILTIN, ResourceType
from etcdview.pages.parts.addresses import href

# The kinds that a beginner meets, by plural, and what they are.
_FIRST = {
    "nodes": "a machine: its addresses, capacity and conditions",
    "namespaces": "a name that groups others",
    "pods": "containers that run together on one node, and how they are",
    "deployments": "how many copies of a pod are wanted, and of which image",
    "services": "a stable address in front of pods",
    "configmaps": "configuration: names and texts",
    "secrets": "passwords, keys and tokens; base64 hides nothing",
    "serviceaccounts": "an account that pods use",
    "roles": "what may be done in one namespace",
    "rolebindings": "who has a role there",
    "clusterroles": "what may be done everywhere",
    "clusterrolebindings": "who has a cluster role",
    "leases": "who leads, and when each node was last heard of",
    "events": "what happened; etcd deletes them after an hour by a lease",
    "customresourcedefinitions": "a kind that somebody added",
}
# Why the key says something else than kubectl.
_OLD_NAMES = {
    "nodes": "Nodes were called minions until 2014. The keys kept the name, so that no stored object had to move.",
    "services": "Services and Endpoints shared a folder: services/specs is the one, services/endpoints the other.",
    "endpoints": "The other half of services/: the addresses of the pods behind a service.",
    "replicationcontrollers": "They were the only controllers once.",
    "ingresses": "The folder is singular: the name it got as a beta.",
    "podsecuritypolicies": "The folder is singular, as for ingresses; the kind is gone since 1.25.",
    "customresourcedefinitions": "It comes from another API server inside the first: the group comes first.",
    "apiservices": "It comes from the aggregator inside the first API server: the group comes first.",
}


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind: how kubectl names it, how its keys look, and how many there are; `remark` on it or its old name."""

    plural: str
    command: str
    key: str
    count: int
    href: str
    remark: str


def first_kinds(window: Window, tree: Tree) -> tuple[KindRow, ...]:
    """The kinds to know first, all of them, and then this cluster's custom ones."""
    counts = {t.resource.prefix: t for t in tree.types}
    known = [r for plural in _FIRST for r in BUILTIN if r.plural == plural]
    rows = [_row(window.keyspace, r, counts.get(r.prefix), _FIRST[r.plural]) for r in known]
    custom = [t for t in tree.types if not t.resource.builtin][:3]
    return (*rows, *(_row(window.keyspace, t.resource, t, "a custom kind: group first, then plural") for t in custom))


def old_names(window: Window, tree: Tree) -> tuple[KindRow, ...]:
    """The kinds whose keys do not say their plural."""
    counts = {t.resource.prefix: t for t in tree.types}
    return tuple(
        _row(window.keyspace, r, counts.get(r.prefix), _OLD_NAMES[r.plural]) for r in BUILTIN if r.plural in _OLD_NAMES
    )


def _row(keyspace: KeySpace, resource: ResourceType, counted: TypeCount | None, remark: str) -> KindRow:
    namespace = "NAMESPACE/" if resource.namespaced else ""
    return KindRow(
        plural=resource.plural,
        command=f"kubectl get {resource.qualified if not resource.builtin else resource.plural}"
        + (" -A" if resource.namespaced else ""),
        key=f"{show(keyspace.range_prefix(resource))}{namespace}NAME",
        count=counted.count if counted else 0,
        href=href("/registry", resource=resource.id) if counted else "",
        remark=remark,
    )
