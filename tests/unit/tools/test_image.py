"""`make image`: says which way it took, and why none; tells every difference of two builds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.image.__main__ import main
from tools.image.base import make_base
from tools.image.stage import Impossible, added


def _built(root: Path) -> Path:
    folder = root / "opt" / "etcdview" / "bin"
    folder.mkdir(parents=True)
    (folder / "etcdview").write_text("#!/opt/etcdview/bin/python3\n")
    (folder / "python3").symlink_to("/usr/bin/python3")
    for path in (folder / "etcdview", folder):
        os.utime(path, (0, 0))
    os.utime(folder / "python3", (0, 0), follow_symlinks=False)
    return root


def test_the_same_files_are_told_alike(tmp_path: Path) -> None:
    assert added(_built(tmp_path / "first")) == added(_built(tmp_path / "again"))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: os.utime(file, (1, 1)),
        lambda file: file.chmod(0o700),
        lambda file: (file.write_text("other"), os.utime(file, (0, 0))),
    ],
    ids=["its time", "its mode", "what is in it"],
)
def test_a_file_that_differs_is_told(tmp_path: Path, change: object) -> None:
    first, again = added(_built(tmp_path / "first")), _built(tmp_path / "again")
    assert callable(change)
    change(again / "opt" / "etcdview" / "bin" / "etcdview")

    second = added(again)

    assert [name for name in first if first[name] != second[name]] == ["bin/etcdview"]


def test_a_machine_without_root_is_no_fault_of_the_recipe_but_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert main([]) == 2
    assert main(["--if-possible"]) == 0
    assert capsys.readouterr().out.startswith("THE IMAGE WAS NOT TRIED: it takes root")


def test_a_debian_that_cannot_be_made_is_said_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "debootstrap"
    program.write_text("#!/bin/sh\necho E: no mirror >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(Impossible, match="debootstrap ended with: E: no mirror"):
        make_base(tmp_path / "base")
