"""Who looks, and what they may see and do: roles as data, each narrowed to namespaces and resource types. Pure.

What a viewer may see is enforced in cluster.window, what they may do there and in the views that change something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

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
# Among the namespaces of a scope: what is in no namespace, such as nodes.
NO_NAMESPACE = "@cluster"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the registry: what is in one of `namespaces` and of one of `resources`.

    A namespace is its name, a beginning with * behind it, "*", or "@cluster" for what is in none. A resource is spelt
    as kubectl does (pods, deployments.apps), "*.GROUP" for a whole group, or "*"; with ! before it, it is taken out.
    """

    namespaces: tuple[str, ...] = EVERYTHING
    resources: tuple[str, ...] = EVERYTHING

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return "*" in self.namespaces and "*" in self.resources and not any(r.startswith("!") for r in self.resources)

    def has_type(self, resource: ResourceType) -> bool:
        """Whether objects of this type may be seen at all."""
        if any(_names(pattern[1:], resource) for pattern in self.resources if pattern.startswith("!")):
            return False
        return any(_names(pattern, resource) for pattern in self.resources if not pattern.startswith("!"))

    def has(self, object_key: ObjectKey | None) -> bool:
        """Whether what lies there may be seen. A key without a place: only where nothing is left out."""
        if object_key is None:
            return self.whole
        namespace = object_key.name if object_key.resource.prefix == "namespaces" else object_key.namespace
        return self.has_type(object_key.resource) and self.has_namespace(namespace)

    def has_namespace(self, namespace: str) -> bool:
        """Whether what is in this namespace may be seen; "" is none."""
        if not namespace:
            return "*" in self.namespaces or NO_NAMESPACE in self.namespaces
        return any(_matches(pattern, namespace) for pattern in self.namespaces)


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
                f"It takes the role {next(role for role in ROLES if act in MAY[role])}, and a login."
                if self.method == LOCAL_METHOD
                else "Ask etcdview's administrator for it.",
            )


# Who looks where nobody has to log in: sees all names and objects, and no secret.
LOCAL = Viewer("local", "viewer")


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _names(pattern: str, resource: ResourceType) -> bool:
    if pattern.startswith("*."):
        return resource.group == pattern[2:]
    return pattern in ("*", resource.qualified) or (resource.builtin and pattern == resource.plural)
