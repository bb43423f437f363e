"""Which releases of Kubernetes the tools build and read: the newest patch of each."""

from __future__ import annotations

import re
import subprocess

FIRST_MINOR = 20
MODULE = "k8s.io/kubernetes"
# The last of the releases that have ended: the module proxy gives them, and lists few.
_LAST = {20: 15, 21: 14, 22: 17, 23: 17, 24: 17, 25: 16, 26: 15, 27: 16, 28: 15, 29: 15}
_STABLE = re.compile(r"(?<!\S)v[01]\.(\d+)\.(\d+)(?!\S)")


def versions() -> list[str]:
    """One version of every release from 1.20 on, such as 1.36.3, oldest first. Needs Go."""
    newest = newest_patches(MODULE)
    newest |= {minor: max(patch, newest.get(minor, 0)) for minor, patch in _LAST.items()}
    return [f"1.{minor}.{patch}" for minor, patch in sorted(newest.items()) if minor >= FIRST_MINOR]


def newest_patches(module: str) -> dict[int, int]:
    """Minor release -> the newest patch of it that the module proxy lists, of one of Kubernetes' modules. Needs Go."""
    command = ["go", "list", "-m", "-versions", module]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    newest: dict[int, int] = {}
    for minor, patch in _STABLE.findall(listed):
        newest[int(minor)] = max(int(patch), newest.get(int(minor), 0))
    return newest
