"""What a kubeadm control plane tells about its etcd: the static Pod's manifest and the certificates beside it.

Paths are kubeadm's own (kubeadm/app/constants): manifests/etcd.yaml and pki/etcd under /etc/kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MANIFEST = Path("etc/kubernetes/manifests/etcd.yaml")
PKI = Path("etc/kubernetes/pki/etcd")
# The client certificates that kubeadm makes, the least powerful first; etcd's own server certificate is also a
# client's, since kubeadm 1.10 gives it both usages.
CLIENTS = ("healthcheck-client", "server")


@dataclass(frozen=True, slots=True)
class Found:
    """Values by field of Settings, where each came from, and sentences that say so. Empty where kubeadm was not."""

    values: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    path: str = ""


def find(root: Path) -> Found:
    """Look under `root`; nothing there, or nothing that may be read, is no error."""
    manifest, pki = root / MANIFEST, root / PKI
    if not _exists(manifest) and not _exists(pki / "ca.crt"):
        return Found()
    endpoints, notes = _endpoints(manifest)
    files = _certificates(pki)
    found = ", ".join([*([str(manifest)] if _exists(manifest) else []), *([str(pki)] if files else [])])
    note = f"Found kubeadm's files ({found}): etcd at {', '.join(endpoints)}."
    return Found({"endpoints": endpoints, **files}, (note, *notes), found)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way may not be looked into
        return False


def _certificates(pki: Path) -> dict[str, object]:
    files: dict[str, object] = {"cacert": str(pki / "ca.crt")} if _exists(pki / "ca.crt") else {}
    for name in CLIENTS:
        if _exists(pki / f"{name}.crt"):
            return files | {"cert": str(pki / f"{name}.crt"), "key": str(pki / f"{name}.key")}
    return files


def _endpoints(manifest: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The URLs that this machine's etcd listens on, and what was amiss with the manifest."""
    local = ("https://127.0.0.1:2379",)
    if not _exists(manifest):
        return local, ()
    try:
        listed = _listen_urls(manifest.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no static Pod of etcd"
        return local, (f"{manifest} cannot be read ({reason}); {local[0]} is tried.",)
    loopback = tuple(url for url in listed if "//127.0.0.1:" in url or "//[::1]:" in url)
    return loopback or listed or local, ()


def _listen_urls(manifest: str) -> tuple[str, ...]:
    # Imported here: only a control plane has the file, and the parser is a third of the start time elsewhere.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        pod = YAML(typ="safe", pure=True).load(manifest)
        words = [word for container in pod["spec"]["containers"] for word in container.get("command", ())]
    except (YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("it is no static Pod") from error
    for word in words:
        name, _, value = str(word).partition("=")
        if name == "--listen-client-urls":
            return tuple(url.strip() for url in value.split(",") if url.strip())
    return ()
