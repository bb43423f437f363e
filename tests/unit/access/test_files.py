"""The users file is written whole or not at all, and a write that fails leaves nothing behind."""

from __future__ import annotations

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
