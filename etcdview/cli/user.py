"""`etcdview user`: who may log in with a password or a token."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from etcdview.access.files import changing, read_users
from etcdview.access.hashes import hash_password
from etcdview.access.roles import EVERYTHING, ROLES, Role, Scope
from etcdview.access.users import User, Users, add_token, check_name, drop_token
from etcdview.cli.terminal import say
from etcdview.cli.usage import CommandGroup
from etcdview.config import load
from etcdview.errors import SettingError, UsageError

_FILE = click.option(
    "--users-file", metavar="FILE", help="The users file.  [variable: ETCDVIEW_USERS_FILE, or the settings file]"
)
_NAME = click.argument("name")


@click.group("user", cls=CommandGroup)
def command() -> None:
    """Who may log in with a password or an API token.

    The users file holds hashes only. `etcdview serve --users-file FILE` reads it again whenever it changes.
    """


@command.command("add")
@_NAME
@_FILE
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What they may do.")
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    help="Only this namespace; NAME* for several, !NAME for all but it. Repeatable.",
)
@click.option(
    "--resource", "resources", multiple=True, help="Only this resource type; !NAME for all but it. Repeatable."
)
@click.option("--no-password", is_flag=True, help="No password: the user logs in by token only, such as a script.")
def add(
    name: str, users_file: str | None, role: Role, namespaces: tuple[str, ...], resources: tuple[str, ...],
    no_password: bool,
) -> None:  # fmt: skip
    """Add a user. The password is asked for, or read from standard input."""
    scope = _scope(namespaces, resources)
    user = User(check_name(name), role, "" if no_password else hash_password(_ask()), scope)
    with _changed(users_file) as change:
        if name in change.users.by_name:
            raise UsageError(f"User {name!r} already exists.", "Remove it first, or use `etcdview user password`.")
        change.users = change.users.with_user(user)
    say(f"Added {name}, {role}.")


@command.command("password")
@_NAME
@_FILE
def password(name: str, users_file: str | None) -> None:
    """Give a user another password; their sessions end."""
    with _changed(users_file) as change:
        change.users = change.users.with_user(replace(change.users.get(name), password=hash_password(_ask())))
    say(f"{name} has a new password.")


@command.command("list")
@_FILE
def list_(users_file: str | None) -> None:
    """Show all users and their tokens."""
    for user in sorted(read_users(_path(users_file)).by_name.values(), key=lambda user: user.name):
        covers = "" if user.scope is None else f"  {_words(user.scope)}"
        say(f"{user.name}  {user.role}{covers}{'' if user.password else '  no password'}")
        for token in user.tokens:
            until = f"until {token.until:%Y-%m-%d}" if token.until else "does not expire"
            say(f"  token {token.id}  made {token.made:%Y-%m-%d}, {until}  {token.note}".rstrip())


@command.command("remove")
@_NAME
@_FILE
def remove(name: str, users_file: str | None) -> None:
    """Remove a user with all their tokens; their sessions end."""
    with _changed(users_file) as change:
        change.users = change.users.without(name)
    say(f"Removed {name}.")


@command.command("token")
@_NAME
@_FILE
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="How long it is valid.")
@click.option("--forever", is_flag=True, help="It does not expire.")
@click.option("--note", default="", help="Purpose.")
@click.option("--revoke", metavar="ID", help="Revoke this token instead.")
def token(name: str, users_file: str | None, days: int, forever: bool, note: str, revoke: str | None) -> None:
    """Make an API token of a user, or take one away. It is shown once: the file keeps only its hash.

    Scripts send it as `Authorization: Bearer TOKEN`.
    """
    now = datetime.now(UTC)
    with _changed(users_file) as change:
        if revoke:
            change.users, text = drop_token(change.users, name, revoke), f"Token {revoke} is revoked."
        else:
            until = None if forever else now + timedelta(days=days)
            change.users, made = add_token(change.users, name, now, until, note)
            text = str(made)
    say(text)


class _Change:
    def __init__(self, users: Users) -> None:
        self.users = users


@contextmanager
def _changed(users_file: str | None) -> Iterator[_Change]:
    """The users to change; written when the block ends without an error."""
    path = _path(users_file)
    with changing(path) as write:
        change = _Change(read_users(path) if path.exists() else Users())
        yield change
        write(change.users)


def _path(users_file: str | None) -> Path:
    path = load({"users_file": users_file}).users_file
    if not path:
        raise SettingError("No users file is set.", "Give --users-file FILE, or set ETCDVIEW_USERS_FILE.")
    return Path(path)


def _scope(namespaces: tuple[str, ...], resources: tuple[str, ...]) -> Scope | None:
    if not namespaces and not resources:
        return None
    return Scope(_or_all(namespaces), _or_all(resources))


def _or_all(texts: tuple[str, ...]) -> tuple[str, ...]:
    """All where nothing is named; where something is only taken out, all but that."""
    return texts if any(not text.startswith("!") for text in texts) else (*EVERYTHING, *texts)


def _words(scope: Scope) -> str:
    return f"namespaces {','.join(scope.namespaces)}  resources {','.join(scope.resources)}"


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
