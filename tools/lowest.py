"""`python -m tools.lowest FOLDER`: requirements with the lowest versions that pyproject.toml's ranges allow.

`make lowest` installs them and runs the core of the tests, so that a lower bound is a promise that was tried. The test
tools, and what the dependencies need in turn, keep the versions of requirements.txt and requirements-dev.txt.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What the core of the tests imports besides the dependencies. All else in requirements-dev.txt is for other targets.
TEST_TOOLS = ("hypothesis", "psutil", "pytest", "pytest-xdist", "pyyaml")


class NoLowerBoundError(ValueError):
    """A dependency whose range is open below: nobody can say which version is its lowest."""


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lowest(requirement: str) -> tuple[str, str]:
    """Name and lowest version of `name>=lowest,<other`. Raises NoLowerBoundError without a `>=` or `==`."""
    name = requirement.partition(";")[0]
    found = re.fullmatch(r"\s*([\w.-]+)\s*(\[[^]]*\])?\s*(.*?)\s*", name)
    bounds = re.findall(r"(?:>=|==|~=)\s*([\w.]+)", found[3] if found else "")
    if found is None or len(bounds) != 1:
        raise NoLowerBoundError(f"pyproject.toml: {requirement!r} has not one lower bound")
    return normal(found[1]), bounds[0]


def declared(pyproject: str) -> dict[str, str]:
    """The lowest version of each dependency, those of the extras too. Raises NoLowerBoundError."""
    project = tomllib.loads(pyproject)["project"]
    extras = project.get("optional-dependencies", {}).values()
    return dict(lowest(each) for each in [*project["dependencies"], *(one for extra in extras for one in extra)])


def pins(text: str) -> dict[str, str]:
    """What a requirements file with exact versions says."""
    return {normal(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)}


def requirements(pyproject: str, pinned: dict[str, str]) -> dict[str, str]:
    """What is installed: the dependencies at their lowest, the test tools as pinned. Raises NoLowerBoundError."""
    return declared(pyproject) | {name: pinned[name] for name in TEST_TOOLS}


def main(folder: Path) -> int:
    """Write lowest.txt and constraints.txt into the folder."""
    pinned = pins("\n".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt")))
    wanted = requirements((ROOT / "pyproject.toml").read_text(), pinned)
    (folder / "lowest.txt").write_text(_text(wanted))
    (folder / "constraints.txt").write_text(_text({name: pinned[name] for name in pinned.keys() - wanted}))
    return 0


def _text(versions: dict[str, str]) -> str:
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    sys.exit(main(parser.parse_args().folder))
