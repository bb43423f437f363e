"""The users file is written whole or not at all, and a write that fails leaves nothing behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from etcdview.access.files import changing, read_users
from etcdview.access.users import User, Users
from etcdview.errors import SettingError

ANN = User("ann", "viewer", "scrypt$hash")


def write(path: Path, users: Users) -> None:
    with changing(path) as change:
        change(users)


def test_what_is_written_is_for_its_owner_alone_and_has_no_other_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    write(path, Users().with_user(ANN))
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["users.json", "users.json.lock"]
    assert read_users(path).get("ann").role == "viewer"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_users_and_no_copy_of_the_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "users.json"
    write(path, Users().with_user(ANN))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(SettingError, match="No space left on device"):
        write(path, Users())
    assert sorted(os.listdir(tmp_path)) == ["users.json", "users.json.lock"]
    assert read_users(path).get("ann").role == "viewer"


def test_a_stopped_write_leaves_no_copy_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "users.json", Users())
    assert os.listdir(tmp_path) == ["users.json.lock"]


def test_a_folder_that_cannot_be_made_is_a_sentence_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="cannot be written"):
        write(tmp_path / "file" / "users.json", Users())


TOKEN = {"id": "abc", "hash": "0" * 64, "made": "2026-11-23T10:00:00+00:00", "until": "2027-11-23T10:00:00Z"}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"tokens": 5}, r"users\[0\].tokens is not a list"),
        ({"tokens": {"abc": TOKEN}}, r"users\[0\].tokens is not a list"),
        ({"tokens": [5]}, r"tokens\[0\] is not a valid token"),
        ({"tokens": [TOKEN | {"until": "2027-11-23T10:00:00"}]}, r"tokens\[0\].until has no time zone"),
        ({"tokens": [TOKEN | {"made": "2026-11-23"}]}, r"tokens\[0\].made has no time zone"),
        ({"tokens": [TOKEN | {"until": "soon"}]}, r"tokens\[0\].until is not a time"),
        ({"tokens": [TOKEN | {"until": 5}]}, r"tokens\[0\].until is not a time"),
        ({"tokens": [TOKEN | {"hash": "ä" * 64}]}, r"tokens\[0\].hash is not a hash"),
        ({"tokens": [TOKEN | {"hash": 5}]}, r"tokens\[0\].hash is not a hash"),
        ({"tokens": [TOKEN | {"id": ["abc"]}]}, r"tokens\[0\] has no id"),
        ({"password": "$argon2id$ä"}, r"users\[0\].password is not a hash"),
        ({"password": ["x"]}, r"users\[0\].password is not a hash"),
    ],
)
def test_a_users_file_that_would_fail_at_a_login_is_refused_at_the_start(
    tmp_path: Path, part: dict[str, object], said: str
) -> None:
    path = tmp_path / "users.json"
    path.write_text(json.dumps({"users": [{"name": "ann", "role": "viewer"} | part]}))
    path.chmod(0o600)
    with pytest.raises(SettingError, match=said):
        read_users(path)


def test_times_of_toml_are_read_if_they_have_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    token = '[[users.tokens]]\nid = "a"\nhash = "0"\nmade = 2026-11-23T10:00:00Z\nuntil = {}\n'
    user = '[[users]]\nname = "ann"\nrole = "viewer"\n'
    path.write_text(user + token.format("2027-11-23T10:00:00Z"))
    path.chmod(0o600)
    assert read_users(path).get("ann").tokens[0].until is not None
    path.write_text(user + token.format("2027-11-23"))
    with pytest.raises(SettingError, match="until is not a time"):
        read_users(path)
