"""The image that the Dockerfile begins with: a small Debian with Python, made here, so that no registry is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.image.stage import Impossible

_SUITE, _PACKAGES = "bookworm", "python3,python3-venv,ca-certificates"
# A machine may trust a CA of its own, and reach an index in its own way.
_TRUST, _PIP = ("SSL_CERT_FILE", "PIP_CERT"), "PIP_"


def make_base(folder: Path) -> None:
    """Make it there. Raises Impossible."""
    made = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(folder)]
    done = subprocess.run(made, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Impossible("debootstrap ended with: " + " / ".join(done.stdout.splitlines()[-3:]))
    for given in {os.environ[name] for name in _TRUST if os.environ.get(name)}:
        inside = folder / given.lstrip("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(given, inside)
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", folder / "etc" / name)
    (folder / "etc" / "pip.conf").write_text(_pip_conf())


def _pip_conf() -> str:
    given = {name.removeprefix(_PIP): value for name, value in os.environ.items() if name.startswith(_PIP)}
    lines = [f"{name.lower().replace('_', '-')} = {value}" for name, value in sorted(given.items())]
    return "\n".join(["[global]", *lines]) + "\n"
