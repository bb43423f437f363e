"""What this machine tells about its Kubernetes' etcd: static Pods, systemd units, and the files of k3s and RKE2.

Paths are those of kubeadm (kubeadm/app/constants), k3s (pkg/daemons/config, pkg/etcd) and RKE2, which is k3s inside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etcdview.config.command_lines import from_environment, from_words, program_words
from etcdview.config.overrides import overrides
from etcdview.config.units import read_unit, started_by
from etcdview.kube.yaml_text import read_yaml_file

MANIFEST = Path("etc/kubernetes/manifests/etcd.yaml")
API_SERVER = Path("etc/kubernetes/manifests/kube-apiserver.yaml")
PKI = Path("etc/kubernetes/pki/etcd")
# The client certificates that kubeadm makes, the least powerful first; etcd's own server certificate is also a
# client's, since kubeadm 1.10 gives it both usages.
CLIENTS = ("healthcheck-client", "server")
LOCAL = ("https://127.0.0.1:2379",)
# The folder of the server's state, and whose it is.
RANCHER = (("k3s", Path("var/lib/rancher/k3s/server")), ("RKE2", Path("var/lib/rancher/rke2/server")))
# Sockets of kine: k0s and microk8s name the file as their --etcd-servers does, a port and all.
SOCKETS = (
    ("k0s", Path("run/k0s/kine/kine.sock:2379")),
    ("k0s", Path("run/k0s/kine/kine.sock")),
    ("microk8s", Path("var/snap/microk8s/current/var/kubernetes/backend/kine.sock:12379")),
)
_EVERY = ("//0.0.0.0:", "//[::]:")  # listened on, so not an address to connect to


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """Values by field of Settings, where each came from, and sentences that say so. Empty where nothing was found."""

    values: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    path: str = ""
    whose: str = "kubeadm"


@dataclass(frozen=True, slots=True)
class _Started:
    """A program as a static Pod or a unit starts it: its flags, the file that says so, its folders on the machine."""

    flags: Mapping[str, str]
    source: str
    mounts: Mapping[str, str] = field(default_factory=dict)

    def file(self, flag: str, root: Path) -> str:
        """The path that a flag names, as this machine has it; below `root` where it is there. "" without the flag."""
        path = self.flags.get(flag, "")
        for inside in sorted(self.mounts, key=len, reverse=True):
            if path == inside or path.startswith(inside.rstrip("/") + "/"):
                path = self.mounts[inside] + path[len(inside) :]
                break
        below = root / path.lstrip("/")
        return str(below) if path and _exists(below) else path


def find(root: Path) -> FoundSettings:
    """Look under `root`; missing or unreadable files are not an error. The first that is there counts."""
    ways: tuple[Callable[[Path], FoundSettings], ...] = (_kubeadm, _api_server, _pki, _rancher, _socket, _unit)
    return next((found for found in (way(root) for way in ways) if found.values), FoundSettings())


def _kubeadm(root: Path) -> FoundSettings:
    """An etcd beside the API server, in a static Pod of its own."""
    manifest, pki = root / MANIFEST, root / PKI
    if not _exists(manifest):
        return FoundSettings()
    started, notes = _static_pod(manifest, "etcd")
    endpoints = _near(started.flags.get("listen-client-urls", "")) or LOCAL
    files = _certificates(pki)
    found = ", ".join([str(manifest), *([str(pki)] if files else [])])
    files = files or _own_files(started, root)
    note = f"Found kubeadm's files ({found}): etcd at {', '.join(endpoints)}."
    # without a word where it cannot be read: etcd's own manifest says what is needed
    api = _static_pod(root / API_SERVER, "kube-apiserver")[0]
    more, more_notes = _registry(api, root)
    return FoundSettings({"endpoints": endpoints, **files, **more}, (note, *notes, *more_notes), found)


def _api_server(root: Path) -> FoundSettings:
    """An etcd elsewhere, as the API server of a static Pod or a unit is told of it."""
    manifest = root / API_SERVER
    started, notes = _static_pod(manifest, "kube-apiserver")
    servers = _urls(started.flags.get("etcd-servers", ""))
    if not servers:
        unit = read_unit(root, "kube-apiserver.service")
        words = started_by(unit, "kube-apiserver")[0] if unit else []
        started = _Started(from_words(words), unit.path if unit else "")
        servers = _urls(started.flags.get("etcd-servers", ""))
    if not servers:
        return FoundSettings()
    flags = {"cacert": "etcd-cafile", "cert": "etcd-certfile", "key": "etcd-keyfile"}
    files = {name: path for name, flag in flags.items() if (path := started.file(flag, root))}
    more, more_notes = _registry(started, root)
    note = f"Found the API server's flags ({started.source}): etcd at {', '.join(servers)}."
    return FoundSettings(
        {"endpoints": servers, **files, **more}, (note, *notes, *more_notes), started.source, "the API server"
    )


def _pki(root: Path) -> FoundSettings:
    """kubeadm's certificates alone."""
    files = _certificates(root / PKI)
    if "cacert" not in files:
        return FoundSettings()
    note = f"Found kubeadm's files ({root / PKI}): etcd at {LOCAL[0]}."
    return FoundSettings({"endpoints": LOCAL, **files}, (note,), str(root / PKI))


def _rancher(root: Path) -> FoundSettings:
    """k3s and RKE2: an embedded etcd, or kine's socket. k3s makes certificates for etcd whether it runs one or not."""
    for name, server in RANCHER:
        folder, socket = root / server / "tls/etcd", root / server / "kine.sock"
        if _exists(socket) and not _exists(root / server / "db/etcd"):
            return _at_socket(name, socket)
        if _exists(folder / "server-ca.crt"):
            files = {"cacert": "server-ca.crt", "cert": "client.crt", "key": "client.key"}
            note = f"Found {name}'s files ({folder}): etcd at {LOCAL[0]}."
            found = {k: str(folder / v) for k, v in files.items()}
            return FoundSettings({"endpoints": LOCAL, **found}, (note,), str(folder), name)
    return FoundSettings()


def _socket(root: Path) -> FoundSettings:
    return next((_at_socket(name, root / path) for name, path in SOCKETS if _exists(root / path)), FoundSettings())


def _at_socket(name: str, socket: Path) -> FoundSettings:
    note = f"Found {name}'s socket ({socket}): kine at unix://{socket}."
    return FoundSettings({"endpoints": (f"unix://{socket}",)}, (note,), str(socket), name)


def _unit(root: Path) -> FoundSettings:
    """An etcd that systemd starts on this machine."""
    unit = read_unit(root, "etcd.service")
    words, variables = started_by(unit, "etcd") if unit else ([], {})
    started = _Started({**from_environment(variables), **from_words(words)}, unit.path if unit else "")
    endpoints = _near(started.flags.get("listen-client-urls", ""))
    if not words or not endpoints:
        return FoundSettings()
    note = f"Found etcd's unit ({started.source}): etcd at {', '.join(endpoints)}."
    return FoundSettings({"endpoints": endpoints, **_own_files(started, root)}, (note,), started.source, "etcd")


def _registry(api: _Started, root: Path) -> tuple[dict[str, object], tuple[str, ...]]:
    """What the API server's flags say of the keys: their prefix, and how they are encrypted."""
    found: dict[str, object] = {}
    prefix = api.flags.get("etcd-prefix", "").strip("/")
    if prefix:
        found["etcd_prefix"] = f"/{prefix}"
    elsewhere = _overrides(api)
    if elsewhere:
        found["etcd_servers_overrides"] = elsewhere
    encryption = api.file("encryption-provider-config", root)
    if encryption and not _unreadable(encryption):
        found["encryption_config"] = encryption
    said = [f"the prefix /{prefix}"] if prefix and prefix != "registry" else []
    said += [f"other etcds ({', '.join(elsewhere)})"] if elsewhere else []
    said += [f"the encryption configuration {encryption}"] if "encryption_config" in found else []
    notes = [f"{api.source} also names {' and '.join(said)}."] if said else []
    if encryption and "encryption_config" not in found:
        notes.append(f"{encryption}, the API server's encryption configuration, cannot be read by this user.")
    return found, tuple(notes)


def _overrides(api: _Started) -> tuple[str, ...]:
    """Types that the API server keeps in other etcds; none where it would not take the flag itself."""
    try:
        return overrides(api.flags.get("etcd-servers-overrides", ""))
    except ValueError:
        return ()


def _own_files(started: _Started, root: Path) -> dict[str, object]:
    """The CA of clients, and etcd's own certificate, which is the only one known here where clients need one."""
    files = {"cacert": "trusted-ca-file"}
    if started.flags.get("client-cert-auth", "").lower() in ("true", "1", "t"):
        files |= {"cert": "cert-file", "key": "key-file"}
    return {name: path for name, flag in files.items() if (path := started.file(flag, root))}


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way may be unreadable
        return False


def _unreadable(path: str) -> bool:
    return os.path.exists(path) and not os.access(path, os.R_OK)


def _certificates(pki: Path) -> dict[str, object]:
    files: dict[str, object] = {"cacert": str(pki / "ca.crt")} if _exists(pki / "ca.crt") else {}
    for name in CLIENTS:
        if _exists(pki / f"{name}.crt"):
            return files | {"cert": str(pki / f"{name}.crt"), "key": str(pki / f"{name}.key")}
    return files


def _urls(text: str) -> tuple[str, ...]:
    return tuple(url.strip().rstrip("/") for url in text.split(",") if url.strip())


def _near(text: str) -> tuple[str, ...]:
    """Of the URLs that etcd listens on those of this machine alone; all where there is none."""
    listed = _urls(text)
    for every, loopback in zip(_EVERY, ("//127.0.0.1:", "//[::1]:"), strict=True):
        listed = tuple(url.replace(every, loopback) for url in listed)
    near = ("//127.0.0.1:", "//[::1]:", "//localhost:")
    return tuple(url for url in listed if any(host in url for host in near)) or listed


def _static_pod(manifest: Path, program: str) -> tuple[_Started, tuple[str, ...]]:
    """The flags of a program in a static Pod, and what was amiss with the manifest."""
    nothing = _Started({}, str(manifest))
    try:
        pod = read_yaml_file(manifest)
        containers = [c for c in pod["spec"]["containers"] if isinstance(c, Mapping)]
        container = next(c for c in containers if program_words(_words(c), program) or c.get("name") == program)
        variables = {str(e.get("name")): str(e.get("value", "")) for e in container.get("env") or ()}
        words = program_words(_words(container), program, variables) or _words(container)
        mounts = _mounts(pod["spec"], container)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        reason = getattr(error, "strerror", None) or f"it is not a static Pod of {program}"
        tried = f"; {LOCAL[0]} is tried" if program == "etcd" else ""
        return nothing, (f"{manifest} cannot be read ({reason}){tried}.",)
    return _Started({**from_environment(variables), **from_words(words)}, str(manifest), mounts), ()


def _words(container: Mapping[str, Any]) -> list[str]:
    lists: Sequence[Any] = (container.get("command"), container.get("args"))
    return [str(word) for words in lists if isinstance(words, list) for word in words]


def _mounts(spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, str]:
    """Folders in the container -> folders of the machine."""
    volumes = [volume for volume in spec.get("volumes") or () if volume.get("hostPath")]
    folders = {volume["name"]: str(volume["hostPath"]["path"]).rstrip("/") for volume in volumes}
    mounted = container.get("volumeMounts") or ()
    return {str(m["mountPath"]).rstrip("/"): folders[m["name"]] for m in mounted if m.get("name") in folders}
