"""How this etcd is deployed: in words, as a picture, flag by flag, and what is missing for high availability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etcdview.cluster.setup import LOOKED_AT, NAMESPACE, Setup
from etcdview.cluster.window import Window
from etcdview.deployment.deployment import Deployment, Flag, Topology, topology
from etcdview.deployment.flags import meaning
from etcdview.endpoints import host_of, port_of
from etcdview.health.facts import ClusterFacts, MemberFacts
from etcdview.health.gaps import Gap, gaps
from etcdview.pages.health.picture import DrawnMember, Picture, draw

MANIFEST = "/etc/kubernetes/manifests/etcd.yaml"
_HOW = {
    "kubeadm static pod": f"kubeadm set it up: a static pod, which the kubelet starts from {MANIFEST} without asking "
    "any API server.",
    "static pod": "A static pod starts it, but kubeadm did not write that pod.",
    "systemd unit": "It was set up without kubeadm: systemd starts it.",
    "configuration file": "It was set up without kubeadm and reads its settings from a YAML file.",
}
_NOT_FOUND = (
    "Could not find how etcd is started: no pod in the registry, and no manifest, systemd unit or config file on "
    "this machine."
)
# What members tell of themselves stands under these flags, where no manifest or unit can be read.
_FIRST_FLAGS = ("name", "advertise-client-urls", "listen-client-urls", "initial-advertise-peer-urls")


@dataclass(frozen=True, slots=True)
class FlagValue:
    """A flag's value at one member; `member` is "" where all have the same."""

    member: str
    value: str


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag, what it is for ("" where it is not explained), and its values."""

    name: str
    meaning: str
    values: tuple[FlagValue, ...]


@dataclass(frozen=True, slots=True)
class DeploymentSection:
    """`words` are sentences, `sources` where flags were read; `flags_configured` is false for what members report."""

    words: tuple[str, ...]
    picture: Picture | None
    flags: tuple[FlagRow, ...]
    sources: tuple[str, ...]
    flags_configured: bool
    gaps: tuple[Gap, ...]
    problem: str


def deployment_section(window: Window, facts: ClusterFacts | None) -> DeploymentSection:
    """The section. Asks etcd at most once a minute, and nothing while its quorum is lost."""
    reader = window.cluster.setup
    if not all(map(window.viewer.scope.has, LOOKED_AT)):
        return describe(reader.of_files(f"Pods in {NAMESPACE} are outside your role's scope."), facts)
    may_read = not window.cluster.store.live or (facts is not None and facts.quorum.state == "has")
    return describe(reader.known(may_read=may_read), facts)


def describe(setup: Setup, facts: ClusterFacts | None) -> DeploymentSection:
    """The section of a setup and a cluster. Pure."""
    members = _drawn(setup.deployments, facts)
    where = _topology(setup, members)
    flags = _rows(setup.deployments) or _reported_rows(facts)
    return DeploymentSection(
        words=tuple(_words(setup, facts, where)),
        picture=draw(members, where, setup.api_servers),
        flags=tuple(sorted(flags, key=lambda row: (_rank(row.name), row.name))),
        sources=tuple(dict.fromkeys(d.source for d in setup.deployments)),
        flags_configured=bool(setup.deployments),
        gaps=gaps(setup.deployments, facts),
        problem=setup.problem,
    )


def _topology(setup: Setup, members: Sequence[DrawnMember]) -> Topology:
    """By pods and flags; else stacked where API servers have the very addresses of the members."""
    found = topology(setup.deployments, setup.servers, setup.api_servers)
    hosts = {m.host for m in members if m.host}
    if found == "unknown" and hosts and hosts <= set(setup.api_servers):
        return "stacked"
    return found


def _words(setup: Setup, facts: ClusterFacts | None, where: Topology) -> Iterator[str]:
    yield " ".join(dict.fromkeys(_HOW[d.how] for d in setup.deployments)) or _NOT_FOUND
    yield _where(setup, where)
    if facts is not None and facts.membership is not None:
        quorum = facts.quorum
        spare = max(0, quorum.voters - quorum.majority)
        yield (
            f"With {quorum.voters} {'voter' if quorum.voters == 1 else 'voters'} a quorum is {quorum.majority}: "
            f"{spare or 'none'} of them can fail."
        )
    yield (
        "Clients come to the member's client port, 2379 by custom, and members speak raft with each other over the "
        "peer port, 2380."
    )


def _where(setup: Setup, where: Topology) -> str:
    servers = f" ({', '.join(setup.servers)})" if setup.servers else ""
    if where == "stacked":
        return (
            f"Stacked: it runs on the machines of the control plane, where each kube-apiserver asks the member beside "
            f"it{servers}. A machine that fails takes an API server and a member with it."
        )
    if where == "external":
        return f"External: kube-apiserver finds it on machines of its own{servers}. Either can fail without the other."
    known = f" They advertise {', '.join(setup.api_servers)}." if setup.api_servers else ""
    return f"Unknown whether it is stacked or external: could not find how the API servers are started.{known}"


def _rows(deployments: Sequence[Deployment]) -> list[FlagRow]:
    flags: dict[str, dict[str, Flag]] = {}
    for deployment in deployments:
        for flag in deployment.flags:
            flags.setdefault(flag.name, {})[deployment.name or deployment.source] = flag
    return [_row(name, {m: f.value for m, f in found.items()}, len(deployments)) for name, found in flags.items()]


def _reported_rows(facts: ClusterFacts | None) -> list[FlagRow]:
    """The flags whose values show in the membership, for want of a place where they stand."""
    if facts is None or facts.membership is None:
        return []
    members = [m for m in facts.members if m.member is not None]
    reported = {
        "name": {m.name: m.name for m in members},
        "advertise-client-urls": {m.name: ",".join(m.client_urls) for m in members},
        "initial-advertise-peer-urls": {m.name: ",".join(m.peer_urls) for m in members},
        "initial-cluster": {m.name: _initial_cluster(members) for m in members},
        "quota-backend-bytes": {m.name: str(m.quota_bytes) for m in members if m.quota_bytes},
    }
    return [_row(name, values, len(members)) for name, values in reported.items() if values]


def _initial_cluster(members: Sequence[MemberFacts]) -> str:
    return ",".join(f"{m.name}={url}" for m in members for url in m.peer_urls)


def _row(name: str, values: dict[str, str], members: int) -> FlagRow:
    if len(set(values.values())) == 1 and len(values) == members:
        return FlagRow(name, meaning(name), (FlagValue("", next(iter(values.values()))),))
    return FlagRow(name, meaning(name), tuple(FlagValue(m, v) for m, v in values.items()))


def _rank(name: str) -> int:
    """The most informative flags first, the rest by name."""
    return _FIRST_FLAGS.index(name) if name in _FIRST_FLAGS else len(_FIRST_FLAGS)


def _drawn(deployments: Sequence[Deployment], facts: ClusterFacts | None) -> list[DrawnMember]:
    if facts is not None:
        return [_of_facts(m) for m in facts.members]
    return [_of_flags(d) for d in deployments]


def _of_facts(member: MemberFacts) -> DrawnMember:
    client, peer = _url(member.client_urls), _url(member.peer_urls)
    return DrawnMember(
        name=member.name,
        host=_host(peer) or _host(client),
        role=_role(member),
        client_port=_port(client),
        peer_port=_port(peer),
        healthy=member.healthy if member.probed else None,
    )


def _role(member: MemberFacts) -> str:
    if not member.started:
        return "has never started"
    if member.probed and not member.alive:
        return "does not answer"
    if member.healthy or member.role == "learner":
        return member.role
    return "no quorum" if member.role == "unknown" else f"{member.role}, no quorum"


def _of_flags(deployment: Deployment) -> DrawnMember:
    client = deployment.flag("advertise-client-urls").partition(",")[0]
    peer = deployment.flag("initial-advertise-peer-urls").partition(",")[0]
    return DrawnMember(deployment.name, _host(client), "not asked", _port(client), _port(peer), None)


def _url(urls: Sequence[str]) -> str:
    return urls[0] if urls else ""


def _host(url: str) -> str:
    return host_of(url)


def _port(url: str) -> str:
    port = port_of(url)
    return str(port) if port else ""
