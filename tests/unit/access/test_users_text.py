"""The users file is TOML where its name says so, and JSON otherwise."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.access import users, users_text
from etcdview.access.files import changing, read_users
from etcdview.access.users import KeptToken, Scope, User, Users
from etcdview.errors import SettingError

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ODD = 'a "quoted" \\ back\nslash \x7f \U0001f600 ü'
TOKENS = (KeptToken("t1", "h", NOW, NOW, ODD), KeptToken("t2", "h", NOW))
MANY = Users(
    {
        "ann": User(
            "ann", "admin", "scrypt$hash", None, (KeptToken("t1", "h", NOW, NOW, ODD), KeptToken("t2", "h", NOW))
        ),
        "bob": User("bob", "viewer", "", Scope(("shop", "team-*"), ("pods",)), ()),
        ODD: User(ODD, "viewer", ""),
    }
)


@pytest.mark.parametrize("name", ["users.toml", "users.json", "users"])
@pytest.mark.parametrize("content", [MANY, Users()], ids=["many", "none"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str, content: Users) -> None:
    path = tmp_path / name
    with changing(path) as change:
        change(content)

    assert read_users(path) == content
    read = tomllib.loads if name.endswith(".toml") else json.loads
    assert users.from_raw(read(path.read_text("utf-8"))) == content


def test_json_in_a_toml_file_is_read_and_turned_into_toml_by_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    path.write_text(json.dumps(users.to_raw(MANY)))
    path.chmod(0o600)
    old = read_users(path)

    with changing(path) as change:
        change(old)

    assert old == MANY
    assert tomllib.loads(path.read_text("utf-8"))["users"][1]["name"] == "ann"
    assert read_users(path) == MANY


@pytest.mark.parametrize(("name", "form"), [("users.toml", "TOML"), ("users.json", "JSON")])
def test_a_file_that_is_neither_is_told_by_what_it_should_be(tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    path.write_text("= [")
    path.chmod(0o600)

    with pytest.raises(SettingError, match=f"is not valid {form}"):
        read_users(path)


def test_a_toml_file_is_for_people(tmp_path: Path) -> None:
    assert users_text.render(tmp_path / "u.toml", users.to_raw(Users({"ann": User("ann", "admin", "h")}))) == (
        '[[users]]\nname = "ann"\nrole = "admin"\npassword = "h"\n\n'
    )
