"""Which releases of Kubernetes' Go modules the module proxy has, and the newest patch of each."""

from __future__ import annotations

from dataclasses import dataclass

from tools.kubernetes import FIRST_MINOR, newest_patches

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
    newest = {module: newest_patches(module) for module in (*REQUIRED, *OPTIONAL)}
    minors = sorted(set.intersection(*(set(newest[module]) for module in REQUIRED)))
    return tuple(
        Source(f"1.{minor}", {m: f"v0.{minor}.{newest[m][minor]}" for m in newest if minor in newest[m]})
        for minor in minors
        if minor >= FIRST_MINOR
    )
