"""How an etcd member is deployed, read from its static pod, its systemd unit or its own YAML. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from etcdview.config.command_lines import from_environment, from_words, program_words
from etcdview.config.units import Unit, started_by
from etcdview.deployment.flags import meaning
from etcdview.endpoints import host_of

How = Literal["kubeadm static pod", "static pod", "systemd unit", "configuration file"]
Topology = Literal["stacked", "external", "unknown"]


@dataclass(frozen=True, slots=True)
class Flag:
    """One setting of etcd, with what it is for; `meaning` is empty where it is not explained."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One member's deployment. `source` is the file or key it was read from, `node` the machine where that tells."""

    how: How
    source: str
    flags: tuple[Flag, ...]
    node: str = ""
    image: str = ""

    def flag(self, name: str) -> str:
        """The value of a flag; empty where it is not set."""
        return next((f.value for f in self.flags if f.name == name), "")

    def is_on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.flag(name).lower() in ("true", "1", "t")

    @property
    def name(self) -> str:
        """The member's name."""
        return self.flag("name") or self.node

    @property
    def peers(self) -> tuple[tuple[str, str], ...]:
        """Names and peer addresses in --initial-cluster."""
        parts = (part.partition("=") for part in self.flag("initial-cluster").split(",") if part)
        return tuple((name, url) for name, _, url in parts)


def from_pod(pod: Mapping[str, Any], source: str) -> Deployment | None:
    """The etcd in a pod, of the manifest on disk or of the mirror pod in the registry; None where it runs none."""
    spec = _mapping(pod.get("spec"))
    container = next((c for c in map(_mapping, _list(spec.get("containers"))) if _is_etcd(c)), None)
    if container is None:
        return None
    meta = _mapping(pod.get("metadata"))
    variables = {str(e.get("name")): str(e.get("value", "")) for e in map(_mapping, _list(container.get("env")))}
    words = _words(container)
    return Deployment(
        how="kubeadm static pod" if _by_kubeadm(meta) else "static pod",
        source=source,
        flags=_flags({**from_environment(variables), **from_words(program_words(words, "etcd", variables) or words)}),
        node=str(spec.get("nodeName", "")),
        image=str(container.get("image", "")),
    )


def from_unit(unit: Unit) -> Deployment | None:
    """The etcd that a systemd unit starts. None where it starts none."""
    words, variables = started_by(unit, "etcd")
    if not words:
        return None
    return Deployment("systemd unit", unit.path, _flags({**from_environment(variables), **from_words(words)}))


def from_yaml(settings: Mapping[str, Any], source: str) -> Deployment:
    """The etcd that etcd's own YAML file describes: flags by their names, TLS in two sections of their own."""
    flat = {str(k): _text(v) for k, v in settings.items() if not isinstance(v, Mapping)}
    for section, prefix in (("client-transport-security", ""), ("peer-transport-security", "peer-")):
        for key, value in _mapping(settings.get(section)).items():
            flat[prefix + str(key)] = _text(value)
    return Deployment("configuration file", source, _flags(flat))


def etcd_servers(pod: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses under which a kube-apiserver pod looks for etcd."""
    for container in map(_mapping, _list(_mapping(pod.get("spec")).get("containers"))):
        words = _words(container)
        servers = from_words(program_words(words, "kube-apiserver") or words).get("etcd-servers", "")
        if servers:
            return tuple(servers.split(","))
    return ()


def topology(deployments: Iterable[Deployment], servers: Sequence[str], nodes: Iterable[str] = ()) -> Topology:
    """Stacked: etcd runs as pods on the control plane's nodes. External: kube-apiserver looks for it elsewhere.

    `servers` are kube-apiserver's --etcd-servers, `nodes` the addresses of the cluster's nodes.
    """
    hosts = {host_of(url) for url in servers}
    if any(d.how in ("kubeadm static pod", "static pod") for d in deployments):
        return "stacked"
    if not hosts:
        return "unknown"
    return "stacked" if hosts <= {"127.0.0.1", "localhost", "::1", *nodes} else "external"


def _flags(found: Mapping[str, str]) -> tuple[Flag, ...]:
    return tuple(Flag(name, value, meaning(name)) for name, value in sorted(found.items()))


def _is_etcd(container: Mapping[str, Any]) -> bool:
    return bool(program_words(_words(container), "etcd")) or container.get("name") == "etcd"


def _words(container: Mapping[str, Any]) -> list[str]:
    return [str(word) for word in (*_list(container.get("command")), *_list(container.get("args")))]


def _by_kubeadm(meta: Mapping[str, Any]) -> bool:
    return any(str(key).startswith("kubeadm.kubernetes.io/") for key in _mapping(meta.get("annotations")))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
