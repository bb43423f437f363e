"""Custom resource types as their CRDs define them: kinds, versions, short names, categories. Pure.

Understands CustomResourceDefinitions of apiextensions.k8s.io/v1 and, stored by old releases, v1beta1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from etcdview import resources
from etcdview.resources import BUILTIN, ResourceType
from etcdview.tables.custom import preferred_version, versions
from etcdview.tables.reading import items, mapping, text

Definition = Mapping[str, Any]

# Groups that serve what another group stores: group -> (the group behind the plural, or none).
_SERVED_TWICE = (".v1.events.k8s.io", ".events.k8s.io")


@dataclass(frozen=True, slots=True)
class Definitions:
    """The CRDs of one registry, and all resource types there are with them."""

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
        """The type that an owner reference or the like names; any version of its group will do."""
        group = api_version.rpartition("/")[0]
        found = (r for r in self.known if r.served and r.kind == kind and r.group == group)
        return next(found, None)

    def _versions(self) -> Iterable[ResourceType]:
        for crd in self.crds.values():
            for version in versions(crd):
                yield replace(resource_type(crd), version=text(version, "name"))


def definitions(crds: Iterable[Definition]) -> Definitions:
    """From decoded CRDs; one that names no group or plural is left out."""
    by_name = {(text(c, "spec", "group"), text(c, "spec", "names", "plural")): c for c in crds}
    usable = {name: crd for name, crd in by_name.items() if all(name)}
    return Definitions(usable, (*BUILTIN, *map(resource_type, usable.values())))


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
