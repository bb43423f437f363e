"""Custom resource types as their CRDs define them: kinds, versions, short names, categories. Pure.

Understands CustomResourceDefinitions of apiextensions.k8s.io/v1 and, stored by old releases, v1beta1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from etcdview.kube import resources
from etcdview.kube.fields import items, mapping, text
from etcdview.kube.resources import BUILTIN, ResourceType

Definition = Mapping[str, Any]

_VERSION = re.compile(r"v(?P<major>\d+)(?:(?P<stage>alpha|beta)(?P<minor>\d+))?")
# Groups that serve what another group stores: group -> (the group behind the plural, or none).
_SERVED_TWICE = (".v1.events.k8s.io", ".events.k8s.io")


@dataclass(frozen=True, slots=True, eq=False)
class Definitions:
    """The CRDs of one registry, and all resource types there are with them. Equal to itself alone: it is long."""

    crds: Mapping[tuple[str, str], Definition] = field(default_factory=dict)
    known: tuple[ResourceType, ...] = BUILTIN

    def crd(self, resource: ResourceType) -> Definition | None:
        """The CRD of a type; None for what is built in, or has none any more."""
        return None if resource.builtin else self.crds.get((resource.group, resource.plural))

    def find(self, name: str) -> tuple[ResourceType, ...]:
        """The types that `name` means to kubectl (see resources.find), any served version of a CRD included."""
        for suffix in _SERVED_TWICE:
            name = name.removesuffix(suffix)
        return resources.find(name, self.known) or resources.find(name, self._versions())

    def resolve(self, resource: ResourceType) -> ResourceType:
        """The type with all that its CRD says, for one that is known by its key alone."""
        crd = self.crd(resource)
        return resource if crd is None else replace(resource_type(crd), namespaced=resource.namespaced)

    def by_kind(self, api_version: str, kind: str) -> ResourceType | None:
        """The type that an owner reference or the like names; any version of its group, or of its old one, will do."""
        group = resources.current_group(api_version, kind)
        found = (r for r in self.known if r.served and r.kind == kind and r.group == group)
        return next(found, None)

    def _versions(self) -> Iterable[ResourceType]:
        for crd in self.crds.values():
            for version in versions(crd):
                yield replace(resource_type(crd), version=text(version, "name"))


def definitions(crds: Iterable[Definition], others: tuple[ResourceType, ...] = ()) -> Definitions:
    """From decoded CRDs, one that names no group or plural is left out; `others` are types without a CRD."""
    by_name = {(text(c, "spec", "group"), text(c, "spec", "names", "plural")): c for c in crds}
    usable = {name: crd for name, crd in by_name.items() if all(name)}
    return Definitions(usable, (*BUILTIN, *others, *map(resource_type, usable.values())))


def resource_type(crd: Definition) -> ResourceType:
    """The type that a CRD defines, in the version that kubectl prefers."""
    names = mapping(crd, "spec", "names")
    group, plural = text(crd, "spec", "group"), text(names, "plural")
    kind = text(names, "kind")
    return ResourceType(
        prefix=f"{group}/{plural}",
        group=group,
        version=preferred_version(crd),
        kind=kind,
        plural=plural,
        singular=text(names, "singular") or kind.lower(),
        short_names=tuple(str(name) for name in items(names, "shortNames")),
        namespaced=text(crd, "spec", "scope") != "Cluster",
        categories=tuple(str(name) for name in items(names, "categories")),
        builtin=False,
    )


def versions(crd: Mapping[str, Any]) -> list[Any]:
    """spec.versions; the one of spec.version for a CRD of the oldest layout."""
    only = text(crd, "spec", "version")
    listed = [v for v in items(crd, "spec", "versions") if isinstance(v, Mapping)]
    return listed or ([{"name": only, "served": True, "storage": True}] if only else [])


def preferred_version(crd: Mapping[str, Any]) -> str:
    """The served version that kubectl asks for: releases before betas before alphas, the newest first."""
    served = [text(v, "name") for v in versions(crd) if v.get("served") is not False]
    return max(served, key=version_rank, default="")


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts versions as Kubernetes does: v2 over v1 over v1beta2 over v1beta1 over v1alpha1 over anything else."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return 0, 0, 0, version
    stage = {"alpha": 1, "beta": 2}.get(match["stage"], 3)
    return stage, int(match["major"]), int(match["minor"] or 0), ""
