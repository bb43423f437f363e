"""The users file: names, roles, scopes, hashes of passwords and tokens. Pure data, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from etcdview.access import hashes
from etcdview.access.hashes import Token
from etcdview.access.roles import ROLES, Role, Scope
from etcdview.errors import NotFoundError, SettingError, UsageError

MAX_NAME = 100
_HOW_TOKENS = "Make tokens with `etcdview user token`."
_HOW_TIMES = "Write it such as 2027-01-31T00:00:00+00:00."


@dataclass(frozen=True, slots=True)
class KeptToken:
    """What is kept of a token; `until` None: it does not expire."""

    id: str
    hash: str = field(repr=False)
    made: datetime
    until: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the users file. `password` is a hash, "" for who logs in by token alone; `scope` None: the role's."""

    name: str
    role: Role
    password: str = field(default="", repr=False)
    scope: Scope | None = None
    tokens: tuple[KeptToken, ...] = ()


@dataclass(frozen=True, slots=True)
class Users:
    """All users, by name."""

    by_name: dict[str, User] = field(default_factory=dict)

    def get(self, name: str) -> User:
        """Raises NotFoundError."""
        if name not in self.by_name:
            raise NotFoundError(f"Unknown user: {name!r}.", "`etcdview user list` shows all.")
        return self.by_name[name]

    def with_user(self, user: User) -> Users:
        """With this user added, or in the place of the one of that name."""
        return Users(self.by_name | {user.name: user})

    def without(self, name: str) -> Users:
        """Raises NotFoundError."""
        self.get(name)
        return Users({known: user for known, user in self.by_name.items() if known != name})

    def of_password(self, name: str, password: str) -> User | None:
        """Who logs in so; None takes as long as a user does."""
        user = self.by_name.get(name)
        return user if hashes.password_is(password, user.password if user else None) else None

    def of_token(self, token: Token, now: datetime) -> User | None:
        """Whose token that is; None for one that is unknown or has expired."""
        for user in self.by_name.values():
            for kept in user.tokens:
                if kept.id == token.id and hashes.token_is(token, kept.hash):
                    return user if kept.until is None or now < kept.until else None
        return None


def check_name(name: str) -> str:
    """The name, if a user may be called so. Raises UsageError."""
    if not name or len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        raise UsageError(f"{name[:40]!r} is not a valid user name.", f"Use up to {MAX_NAME} letters, digits and signs.")
    return name


def add_token(users: Users, name: str, now: datetime, until: datetime | None, note: str) -> tuple[Users, Token]:
    """A new token of the user, to be shown once. Raises NotFoundError."""
    user, token = users.get(name), hashes.new_token()
    kept = KeptToken(token.id, hashes.hash_token(token), now, until, note)
    return users.with_user(replace(user, tokens=(*user.tokens, kept))), token


def drop_token(users: Users, name: str, token_id: str) -> Users:
    """Without that token. Raises NotFoundError."""
    user = users.get(name)
    left = tuple(kept for kept in user.tokens if kept.id != token_id)
    if len(left) == len(user.tokens):
        raise NotFoundError(f"{name} has no token {token_id!r}.", "`etcdview user list` shows their ids.")
    return users.with_user(replace(user, tokens=left))


def to_raw(users: Users) -> dict[str, Any]:
    """As the file has it."""
    return {"users": [_raw_user(users.by_name[name]) for name in sorted(users.by_name)]}


def from_raw(raw: Any) -> Users:
    """What a file says. Raises SettingError that names the place."""
    if not isinstance(raw, dict) or not isinstance(raw.get("users"), list):
        raise SettingError("It has no list of users.", "Make it with `etcdview user add`.")
    users = [_user(entry, f"users[{i}]") for i, entry in enumerate(raw["users"])]
    return Users({user.name: user for user in users})


def _raw_user(user: User) -> dict[str, Any]:
    raw: dict[str, Any] = {"name": user.name, "role": user.role, "password": user.password}
    if user.scope is not None:
        raw |= {"namespaces": list(user.scope.namespaces), "resources": list(user.scope.resources)}
    return raw | {"tokens": [_raw_token(token) for token in user.tokens]}


def _raw_token(token: KeptToken) -> dict[str, Any]:
    until = token.until.isoformat() if token.until else None
    return {"id": token.id, "hash": token.hash, "made": token.made.isoformat(), "until": until, "note": token.note}


def _user(raw: Any, where: str) -> User:
    if not isinstance(raw, dict) or raw.get("role") not in ROLES or not isinstance(raw.get("name"), str):
        raise SettingError(f"{where} needs a name and a role: {', '.join(ROLES)}.")
    scope = scope_of(raw, where)
    listed = raw.get("tokens") or []
    if not isinstance(listed, list):
        raise SettingError(f"{where}.tokens is not a list of tokens.", _HOW_TOKENS)
    tokens = tuple(_token(entry, f"{where}.tokens[{i}]") for i, entry in enumerate(listed))
    password = raw.get("password") or ""
    if not isinstance(password, str) or not password.isascii():
        raise SettingError(f"{where}.password is not a hash.", "Set it with `etcdview user password NAME`.")
    return User(raw["name"], raw["role"], password, scope, tokens)


def _token(raw: Any, where: str) -> KeptToken:
    if not isinstance(raw, dict):
        raise SettingError(f"{where} is not a valid token.", _HOW_TOKENS)
    token_id, kept = raw.get("id"), raw.get("hash")
    if not isinstance(token_id, str) or not token_id:
        raise SettingError(f"{where} has no id.", _HOW_TOKENS)
    if not isinstance(kept, str) or not kept or not kept.isascii():
        raise SettingError(f"{where}.hash is not a hash.", _HOW_TOKENS)
    until = _time(raw["until"], f"{where}.until") if raw.get("until") else None
    return KeptToken(token_id, kept, _time(raw.get("made"), f"{where}.made"), until, str(raw.get("note", "")))


def _time(raw: Any, where: str) -> datetime:
    """A time with its zone: without one it cannot be compared with now. TOML has times of its own."""
    try:
        time = raw if isinstance(raw, datetime) else datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise SettingError(f"{where} is not a time.", _HOW_TIMES) from None
    if time.tzinfo is None:
        raise SettingError(f"{where} has no time zone.", _HOW_TIMES)
    return time


def scope_of(raw: dict[str, Any], where: str) -> Scope | None:
    """The scope that `namespaces` and `resources` make; None where neither is there. Raises SettingError."""
    lists = {name: raw[name] for name in ("namespaces", "resources") if name in raw}
    for name, value in lists.items():
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
            raise SettingError(f"{where}.{name} is not a list of names.", 'Such as ["shop", "team-*"].')
    try:
        return Scope(**{name: tuple(value) for name, value in lists.items()}) if lists else None
    except SettingError as error:
        raise SettingError(f"{where}: {error.what}", error.remedy) from None
