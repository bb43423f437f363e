"""How an etcd member is deployed, read from its static pod, its systemd unit or its own YAML. Pure functions."""

from __future__ import annotations

import re
import shlex
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

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
    words = [str(w) for w in (*_list(container.get("command")), *_list(container.get("args")))]
    return Deployment(
        how="kubeadm static pod" if _by_kubeadm(meta) else "static pod",
        source=source,
        flags=_flags({**from_environment(variables), **from_words(words)}),
        node=str(spec.get("nodeName", "")),
        image=str(container.get("image", "")),
    )


def from_unit(
    text: str, source: str, environment: Mapping[str, str] | None = None, *, unit: str = "etcd.service"
) -> Deployment | None:
    """The etcd that a systemd unit starts. None where it starts none.

    `text` is the unit with its drop-ins behind it; `environment` holds its EnvironmentFile, which counts more than
    its Environment (systemd.exec, "EnvironmentFile=").
    """
    starts = [value for value in _settings(text, "ExecStart", unit) if "etcd" in value]
    if not starts:
        return None
    set_here = (word for value in _settings(text, "Environment", unit) for word in _words(value) if "=" in word)
    variables = {**dict(word.split("=", 1) for word in set_here), **(environment or {})}
    words = [piece for word in _words(starts[0]) for piece in _expand(word, variables)]
    if len(words) > 2 and words[0].endswith("sh") and words[1] == "-c":
        words = _words(words[2])
    return Deployment("systemd unit", source, _flags({**from_environment(variables), **from_words(words)}))


def environment_files(text: str, unit: str = "etcd.service") -> tuple[str, ...]:
    """The files that a systemd unit, with its drop-ins behind it, takes its environment from."""
    return tuple(value.lstrip("-") for value in _settings(text, "EnvironmentFile", unit))


def parse_environment(text: str) -> dict[str, str]:
    """The variables in an environment file such as /etc/default/etcd."""
    pairs = (_assignment(line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {key: value.strip("\"'") for key, value in pairs if key}


def from_yaml(settings: Mapping[str, Any], source: str) -> Deployment:
    """The etcd that etcd's own YAML file describes: flags by their names, TLS in two sections of their own."""
    flat = {str(k): _text(v) for k, v in settings.items() if not isinstance(v, Mapping)}
    for section, prefix in (("client-transport-security", ""), ("peer-transport-security", "peer-")):
        for key, value in _mapping(settings.get(section)).items():
            flat[prefix + str(key)] = _text(value)
    return Deployment("configuration file", source, _flags(flat))


def from_words(words: Sequence[str]) -> dict[str, str]:
    """Flags on a command line: --name=value, --name value, and switches that are on by being there."""
    found: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], "--"], strict=True):
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if name:
            found[name] = value if equals else ("true" if following.startswith("-") else following)
    return found


def from_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Flags as etcd takes them from the environment: ETCD_LISTEN_CLIENT_URLS is --listen-client-urls."""
    return {k[5:].lower().replace("_", "-"): v for k, v in variables.items() if k.startswith("ETCD_") and v}


def etcd_servers(pod: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses under which a kube-apiserver pod looks for etcd."""
    for container in map(_mapping, _list(_mapping(pod.get("spec")).get("containers"))):
        words = [str(w) for w in (*_list(container.get("command")), *_list(container.get("args")))]
        servers = from_words(words).get("etcd-servers", "")
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
    words = [str(w) for w in (*_list(container.get("command")), *_list(container.get("args")))]
    return (bool(words) and any(word.rpartition("/")[2] == "etcd" for word in words[:1])) or container.get(
        "name"
    ) == "etcd"


def _by_kubeadm(meta: Mapping[str, Any]) -> bool:
    return any(str(key).startswith("kubeadm.kubernetes.io/") for key in _mapping(meta.get("annotations")))


def _assignment(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    return (key.strip().removeprefix("export "), value.strip()) if equals else ("", "")


def _settings(text: str, name: str, unit: str) -> list[str]:
    """The values of a setting of a unit; an empty one takes back those before it. systemd's specifiers are filled in.

    Of these only what can stand in an etcd's unit: its name, with and without its type, and the machine's.
    """
    whole, _, _ = unit.rpartition(".")
    filled = {"%%": "%", "%n": unit, "%N": whole, "%p": whole.partition("@")[0], "%i": whole.partition("@")[2]}
    filled |= {"%H": socket.gethostname(), "%l": socket.gethostname().partition(".")[0]}
    found: list[str] = []
    for key, value in map(_assignment, text.replace("\\\n", " ").splitlines()):
        if key == name and not value:
            found.clear()
        elif key == name:
            found.append(re.sub(r"%[%nNpiHl]", lambda seen: filled[seen[0]], value))
    return found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _expand(word: str, variables: Mapping[str, str]) -> list[str]:
    """What becomes of a word: a variable without braces that is all of it is split at spaces, and may come to none."""
    alone = re.fullmatch(r"\$(\w+)", word)
    if alone:
        return _words(variables.get(alone[1], ""))
    return [re.sub(r"\$\{?(\w+)\}?", lambda found: variables.get(found[1], found[0]), word)]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
