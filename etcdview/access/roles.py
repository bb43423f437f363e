"""Who looks, and what they may see and do: roles as data, each narrowed to namespaces and resource types. Pure.

What a viewer may see is enforced in cluster.window, what they may do there and in the views that change something.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from etcdview.access.patterns import (
    NO_NAMESPACE,
    NamespacePatterns,
    TypePatterns,
    check_together,
    namespace_patterns,
    type_patterns,
)
from etcdview.errors import DeniedError
from etcdview.kube.keys import ObjectKey
from etcdview.kube.resources import ResourceType

Role = Literal["viewer", "operator", "admin"]
Act = Literal["read", "reveal", "snapshot", "write", "maintain", "audit"]
ROLES: tuple[Role, ...] = get_args(Role)

# What each role may do. Secret data stays masked for all of them: "reveal" is one field, once, and logged.
MAY: dict[Role, frozenset[Act]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "reveal", "snapshot"}),
    "admin": frozenset({"read", "reveal", "snapshot", "write", "maintain", "audit"}),
}
# Acts on the cluster as a whole: a role that is narrowed to a part of it has them no more.
_OF_ALL: frozenset[Act] = frozenset({"snapshot", "maintain", "audit"})
# Never for somebody without a name: the log could not say who has seen the secrets.
_OF_SOMEBODY: frozenset[Act] = frozenset({"reveal", "snapshot", "audit"})

LOCAL_METHOD = "local"
EVERYTHING = ("*",)
__all__ = ["EVERYTHING", "LOCAL", "MAY", "NO_NAMESPACE", "ROLES", "Act", "Role", "Scope", "Viewer"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the registry: what is in one of `namespaces` and of one of `resources`.

    A namespace is its name, a beginning with * behind it, "*", or "@cluster" for what is in none. A resource is spelt
    as kubectl does (pods, deployments.apps), "*.GROUP" for a whole group, or "*". Either with ! before it is taken
    out. Raises SettingError for what is neither, and for what can match nothing.
    """

    namespaces: tuple[str, ...] = EVERYTHING
    resources: tuple[str, ...] = EVERYTHING
    by_namespace: NamespacePatterns = field(init=False, repr=False, compare=False)
    by_type: TypePatterns = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        namespaces, types = namespace_patterns(self.namespaces), type_patterns(self.resources)
        check_together(namespaces, types)
        object.__setattr__(self, "by_namespace", namespaces)
        object.__setattr__(self, "by_type", types)

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.by_namespace.whole and self.by_type.whole

    def has_type(self, resource: ResourceType) -> bool:
        """Whether objects of this type may be seen at all."""
        return self.by_type.has(resource)

    def has(self, object_key: ObjectKey | None) -> bool:
        """Whether what lies there may be seen. A key without a place: only where nothing is left out."""
        if object_key is None:
            return self.whole
        namespace = object_key.name if object_key.resource.prefix == "namespaces" else object_key.namespace
        return self.has_type(object_key.resource) and self.has_namespace(namespace)

    def has_namespace(self, namespace: str) -> bool:
        """Whether what is in this namespace may be seen; "" is none."""
        return self.by_namespace.has(namespace)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks: `method` is how they logged in (password, token, oidc, proxy, certificate; local: not)."""

    name: str
    role: Role
    scope: Scope = Scope()
    method: str = LOCAL_METHOD

    def may(self, act: Act) -> bool:
        """Whether the role permits it."""
        if act not in MAY[self.role] or (act in _OF_ALL and not self.scope.whole):
            return False
        return act not in _OF_SOMEBODY or self.method != LOCAL_METHOD

    def check(self, act: Act) -> None:
        """Raises DeniedError unless the role permits it."""
        if not self.may(act):
            raise DeniedError(
                f"Your role ({self.role}) does not permit this.",
                f"Log in with the role {next(role for role in ROLES if act in MAY[role])}."
                if self.method == LOCAL_METHOD
                else "Ask etcdview's administrator for it.",
            )


# Who looks where nobody has to log in: sees all names and objects, and no secret.
LOCAL = Viewer("local", "viewer")
