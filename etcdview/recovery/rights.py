"""Who may do what by RBAC, and what of that one state has and another lacks. Pure.

A right is one verb on one resource for one subject; what a wildcard or a ClusterRoleBinding covers is not lost with the
narrower rule beside it. Source: k8s.io/api/rbac/v1 and the RBAC authorizer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from etcdview.kube.fields import items, text

RBAC = "rbac.authorization.k8s.io"
ROLE_PREFIXES = ("roles", "clusterroles")
BINDING_PREFIXES = ("rolebindings", "clusterrolebindings")
EVERYWHERE = ""
_ALL = "*"
_EVERY_PATH = "/*"  # the same as "*" among paths, which "*" among resources is not


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """`what` is a resource with its group (deployments.apps), or a path (/*: all); `name` one object, "" for all."""

    what: str
    verb: str
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """A subject, and where it may: in one namespace, or everywhere ("")."""

    kind: str
    namespace: str
    name: str
    where: str

    @property
    def subject(self) -> str:
        """As people write it: ServiceAccount shop/web."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


Rights = Mapping[Holder, frozenset[Right]]


@dataclass(frozen=True, slots=True)
class RightsChange:
    """What one subject gained or lost in one place: verbs by what they act on."""

    gained: bool
    holder: Holder
    rights: tuple[tuple[str, tuple[str, ...]], ...]


def rights_of(objects: Iterable[Mapping[str, Any]]) -> Rights:
    """Of all roles and bindings of a state; a binding to a role that does not exist gives nothing."""
    roles: dict[tuple[str, str, str], frozenset[Right]] = {}
    bindings = []
    for obj in objects:
        kind, namespace = text(obj, "kind"), text(obj, "metadata", "namespace")
        if kind in ("Role", "ClusterRole"):
            roles[kind, namespace, text(obj, "metadata", "name")] = frozenset(_rights(items(obj, "rules")))
        elif kind in ("RoleBinding", "ClusterRoleBinding"):
            bindings.append(obj)
    found: defaultdict[Holder, set[Right]] = defaultdict(set)
    for binding in bindings:
        where = text(binding, "metadata", "namespace") or EVERYWHERE
        kind, name = text(binding, "roleRef", "kind"), text(binding, "roleRef", "name")
        granted = roles.get((kind, where if kind == "Role" else "", name), frozenset())
        for subject in items(binding, "subjects"):
            holder = Holder(text(subject, "kind"), text(subject, "namespace"), text(subject, "name"), where)
            found[holder] |= granted
    return {holder: frozenset(rights) for holder, rights in found.items()}


def rights_changed(old: Rights, new: Rights) -> Iterator[RightsChange]:
    """What was gained and lost, by subject and place."""
    for holder in sorted({*old, *new}):
        for gained, before, after in ((False, new, old), (True, old, new)):
            had = (before.get(holder, frozenset()), before.get(_everywhere(holder), frozenset()))
            found = [r for r in sorted(after.get(holder, ())) if not any(_covers(rights, r) for rights in had)]
            if found:
                yield RightsChange(gained, holder, _by_resource(found))


def rights_json(changes: Iterable[RightsChange]) -> dict[str, list[dict[str, Any]]]:
    """As JSON: {"gained": [...], "lost": [...]}."""
    found: dict[str, list[dict[str, Any]]] = {"gained": [], "lost": []}
    for change in changes:
        found["gained" if change.gained else "lost"].append(
            {
                "subject": change.holder.subject,
                "namespace": change.holder.where,
                "rights": [{"resource": what, "verbs": list(verbs)} for what, verbs in change.rights],
            }
        )
    return found


def _everywhere(holder: Holder) -> Holder:
    return Holder(holder.kind, holder.namespace, holder.name, EVERYWHERE)


def _rights(rules: Iterable[Any]) -> Iterator[Right]:
    for rule in rules:
        verbs, names = items(rule, "verbs"), items(rule, "resourceNames") or [""]
        resources = product(items(rule, "apiGroups"), items(rule, "resources"))
        whats = [f"{resource}.{group}" if group else str(resource) for group, resource in resources]
        for what, verb, name in product(whats, verbs, names):
            yield Right(what, str(verb), str(name))
        for path, verb in product(items(rule, "nonResourceURLs"), verbs):
            yield Right(_EVERY_PATH if path == _ALL else str(path), str(verb))


def _covers(rights: frozenset[Right], wanted: Right) -> bool:
    """Whether one of the rights is the wanted one, or a wider one."""
    return any(
        Right(what, verb, name) in rights
        for what in _wider(rights, wanted.what)
        for verb in (wanted.verb, _ALL)
        for name in {wanted.name, ""}
    )


def _wider(rights: frozenset[Right], what: str) -> set[str]:
    """What covers a resource or a path: itself, and wildcards (RBAC's ResourceMatches, NonResourceURLMatches)."""
    if what.startswith("/"):
        paths = {right.what for right in rights if right.what.startswith("/") and right.what.endswith(_ALL)}
        return {what, *(path for path in paths if what.startswith(path.removesuffix(_ALL)))}
    resource, dot, group = what.partition(".")
    _, slash, part = resource.partition("/")
    names = {resource, _ALL, f"{_ALL}{slash}{part}"}
    return {f"{name}{where}" for name in names for where in (f"{dot}{group}", f".{_ALL}")}


def _by_resource(rights: Iterable[Right]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for right in rights:
        found[f"{right.what}/{right.name}" if right.name else right.what].append(right.verb)
    return tuple((what, tuple(verbs)) for what, verbs in found.items())
