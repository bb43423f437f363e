"""Who gets which role: grants to users and groups, and what each role covers. From the access file (TOML).

[roles.viewer]                # everybody with that role, unless a grant says otherwise
namespaces = ["shop", "team-*", "!team-red"]
resources = ["*", "!secrets"]

[[grants]]                    # the first match counts
group = "sre"                 # or user = "ann@example.org"; method = "oidc" keeps it to that login
role = "admin"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etcdview.access.files import read_text
from etcdview.access.roles import ROLES, Role, Scope, Viewer
from etcdview.access.users import User, scope_of
from etcdview.errors import SettingError

METHODS = ("oidc", "proxy", "certificate")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom somebody else has vouched for: a provider, a proxy, a CA. `method` is one of METHODS."""

    name: str
    groups: tuple[str, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the file: `user` or `group` is "" where it does not matter, `scope` None: the role's."""

    role: Role
    user: str = ""
    group: str = ""
    method: str = ""
    scope: Scope | None = None

    def fits(self, identity: Identity) -> bool:
        """Whether it is meant for them."""
        return (
            (not self.user or self.user == identity.name)
            and (not self.group or self.group in identity.groups)
            and (not self.method or self.method == identity.method)
        )


@dataclass(frozen=True, slots=True)
class Access:
    """All of the file. `default_role` is for those whom no grant names; "" refuses them."""

    grants: tuple[Grant, ...] = ()
    roles: Mapping[Role, Scope] = field(default_factory=dict)
    default_role: Role | None = None

    def viewer(self, identity: Identity) -> Viewer | None:
        """What the first grant that fits makes of them; None: no grant does."""
        grant = next((grant for grant in self.grants if grant.fits(identity)), None)
        role = grant.role if grant else self.default_role
        if role is None:
            return None
        return Viewer(identity.name, role, self._scope(role, grant.scope if grant else None), identity.method)

    def user_viewer(self, user: User, method: str) -> Viewer:
        """A user of the users file, who has a role there."""
        return Viewer(user.name, user.role, self._scope(user.role, user.scope), method)

    def _scope(self, role: Role, own: Scope | None) -> Scope:
        return own or self.roles.get(role, Scope())


def read_access(path: Path, default_role: Role | None = None) -> Access:
    """Raises SettingError that names the file and the place."""
    try:
        raw = tomllib.loads(read_text(path, "access-file"))
        return parse_access(raw, default_role)
    except ValueError as error:  # also a number of thousands of digits
        raise SettingError(f"The access file {path} is not valid TOML: {error}.", "Correct that line.") from error
    except RecursionError:
        raise SettingError(f"The access file {path} is nested too deep.", "It has two levels of tables.") from None
    except SettingError as error:
        raise SettingError(f"The access file {path} cannot be used: {error.what}", error.remedy) from None


def parse_access(raw: Mapping[str, Any], default_role: Role | None = None) -> Access:
    """The content of a file. Raises SettingError: what is misspelt must not let more people in, or in to more."""
    _only(raw, ("roles", "grants"), "the file")
    roles, grants = raw.get("roles", {}), raw.get("grants", [])
    if not isinstance(roles, dict) or not isinstance(grants, list):
        raise SettingError("[roles.NAME] are tables and [[grants]] a list of them.")
    return Access(
        tuple(_grant(entry, f"grants[{i}]") for i, entry in enumerate(grants)),
        {parse_role(name): _role_scope(entry, f"roles.{name}") for name, entry in roles.items()},
        default_role,
    )


def parse_role(name: object) -> Role:
    """Raises SettingError."""
    for role in ROLES:
        if name == role:
            return role
    raise SettingError(f"Unknown role: {str(name)[:40]!r}.", f"Choose one of {', '.join(ROLES)}.")


def _grant(raw: Any, where: str) -> Grant:
    _only(raw, ("user", "group", "method", "role", "namespaces", "resources"), where)
    who = {name: raw.get(name, "") for name in ("user", "group", "method")}
    if not all(isinstance(value, str) for value in who.values()) or not (who["user"] or who["group"]):
        raise SettingError(f"{where} names neither a user nor a group.")
    for name in ("user", "group"):
        if who[name] != who[name].strip() or "*" in who[name] or who[name].startswith("!"):
            raise SettingError(
                f"{where}.{name} is {who[name]!r}, but a grant names one {name}.", "* and ! mean nothing."
            )
    if who["method"] and who["method"] not in METHODS:
        raise SettingError(f"{where}.method must be one of {', '.join(METHODS)}.")
    return Grant(parse_role(raw.get("role")), scope=scope_of(raw, where), **who)


def _role_scope(raw: Any, where: str) -> Scope:
    _only(raw, ("namespaces", "resources"), where)
    return scope_of(raw, where) or Scope()


def _only(raw: Any, known: tuple[str, ...], where: str) -> None:
    unknown = set(raw) - set(known) if isinstance(raw, Mapping) else {"?"}
    if unknown:
        raise SettingError(f"{where} has {sorted(unknown)[0]!r}, which is unknown.", f"Known are {', '.join(known)}.")
