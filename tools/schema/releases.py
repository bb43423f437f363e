"""Which releases of Kubernetes' Go modules the module proxy has, and the newest patch of each."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from tools.kubernetes import FIRST_MINOR

_STABLE = re.compile(r"v0\.(\d+)\.(\d+)$")

# Without the first two there is no release; the others came to the proxy later, and their kinds are JSON in etcd.
REQUIRED = ("k8s.io/api", "k8s.io/client-go")
OPTIONAL = ("k8s.io/apiextensions-apiserver", "k8s.io/kube-aggregator")


@dataclass(frozen=True, slots=True)
class Source:
    """One release ("1.36") and the module versions its facts come from."""

    release: str
    modules: dict[str, str]


def available() -> tuple[Source, ...]:
    """Every release from 1.20 on that the proxy has, oldest first."""
    newest = {module: _newest_patches(module) for module in (*REQUIRED, *OPTIONAL)}
    minors = sorted(set.intersection(*(set(newest[module]) for module in REQUIRED)))
    return tuple(
        Source(f"1.{minor}", {m: newest[m][minor] for m in newest if minor in newest[m]})
        for minor in minors
        if minor >= FIRST_MINOR
    )


def _newest_patches(module: str) -> dict[int, str]:
    listing = subprocess.run(["go", "list", "-m", "-versions", module], capture_output=True, text=True, check=True)
    found: dict[int, int] = {}
    for version in listing.stdout.split():
        if match := _STABLE.match(version):
            minor, patch = int(match[1]), int(match[2])
            found[minor] = max(patch, found.get(minor, 0))
    return {minor: f"v0.{minor}.{patch}" for minor, patch in found.items()}
