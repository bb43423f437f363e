"""`--etcd-servers-overrides` as kube-apiserver writes it: which types are in other etcds than the rest.

Source: the flag's help in k8s.io/apiserver's pkg/server/options/etcd.go: `group/resource#servers`, the servers with
semicolons between them, several of these with commas.
"""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.config.values import endpoints, texts


@dataclass(frozen=True, slots=True)
class ServersOverride:
    """The objects of one type are in the etcd at `servers`; `group` is "" for the core group."""

    group: str
    resource: str
    servers: tuple[str, ...]

    @property
    def name(self) -> str:
        """As the API server writes the type: /events."""
        return f"{self.group}/{self.resource}"


def overrides(value: object) -> tuple[str, ...]:
    """Several overrides, as they are written."""
    found = texts(value)
    seen: set[str] = set()
    for one in found:
        name = parse_override(one).name
        if name in seen:
            raise ValueError(f"it names {name} twice")
        seen.add(name)
    return found


def parse_override(text: str) -> ServersOverride:
    """One override. Raises ValueError with a sentence about how it is written."""
    what, hash_, servers = text.partition("#")
    group, slash, resource = what.strip().partition("/")
    if not (hash_ and slash and resource) or "/" in resource:
        raise ValueError("each is written GROUP/RESOURCE#SERVERS, such as /events#https://h1:2379;https://h2:2379")
    return ServersOverride(group, resource, endpoints([server for server in servers.split(";") if server.strip()]))
