"""Rules about the addresses that members advertise."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator

from etcdview.endpoints import host_of, is_endpoint, is_socket
from etcdview.health.assemble import address
from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Finding
from etcdview.health.rules.base import MEMBERS, RuleContext, read_at, rule
from etcdview.kube.words import listed
from etcdview.models import Member

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@rule("url-loopback")
def url_loopback(context: RuleContext) -> Iterator[Finding]:
    """A member advertises a loopback address while others advertise real ones: nobody else can reach it there."""
    members = _members(context.facts)
    if all(_on_loopback(url) for m in members for url in (*m.peer_urls, *m.client_urls)):
        return
    for member in members:
        peer = [url for url in member.peer_urls if _on_loopback(url)]
        client = [url for url in member.client_urls if _on_loopback(url)] if len(members) > 1 else []
        # A member may advertise loopback beside a real address, for clients on its own machine.
        if (not peer or len(peer) < len(member.peer_urls)) and (not client or len(client) < len(member.client_urls)):
            continue
        yield Finding(
            id="url-loopback",
            severity="warning",
            summary=f"Member {member.name} advertises a loopback or unspecified address.",
            evidence=f"It advertises {listed(peer + client)} {read_at(context.facts.at)}.",
            why="Peers cannot reach it there; clients that follow the member list reach the wrong member or none.",
            action="Set --initial-advertise-peer-urls and --advertise-client-urls to an address of the machine.",
            commands=(f"etcdctl member update {member.id:x} --peer-urls=https://ADDRESS:2380", MEMBERS),
            member=member.name,
        )


@rule("url-shared")
def url_shared(context: RuleContext) -> Iterator[Finding]:
    """Two members advertise the same address."""
    users = defaultdict(list)
    for member in _members(context.facts):
        for url in {address(u) for u in (*member.peer_urls, *member.client_urls)}:
            users[url].append(member.name or f"{member.id:x}")
    for url, names in users.items():
        if len(names) < 2:
            continue
        yield Finding(
            id="url-shared",
            severity="warning",
            summary=f"Members {listed(names)} advertise the same address.",
            evidence=f"{url} is advertised by {listed(names)} {read_at(context.facts.at)}.",
            why="A client of one can reach the other: a dead member can look alive.",
            action="Give each member its own --advertise-client-urls.",
            commands=(MEMBERS,),
        )


@rule("url-misleads")
def url_misleads(context: RuleContext) -> Iterator[Finding]:
    """The client URL that one member advertises is answered by another."""
    probed = {address(e.url): e for m in context.facts.members for e in m.endpoints}
    for owner in _members(context.facts):
        for endpoint in filter(None, (probed.get(address(url)) for url in owner.client_urls)):
            status = endpoint.status.value
            if status is None or status.member_id == owner.id:
                continue
            yield Finding(
                id="url-misleads",
                severity="warning",
                summary=f"Behind the address of member {owner.name} another member answers.",
                evidence=f"{endpoint.url} is advertised by {owner.name} ({owner.id:x}) and answered by "
                f"{status.member_id:x} {read_at(endpoint.status.at)}.",
                why=f"The state of {owner.name} is unknown.",
                action="Correct --advertise-client-urls, or the name or load balancer that the address leads to.",
                commands=(MEMBERS,),
                member=owner.name,
            )


@rule("url-unreachable")
def url_unreachable(context: RuleContext) -> Iterator[Finding]:
    """A member answers at a given endpoint, but not at the address that it advertises."""
    for member in context.facts.members:
        silent = [e for e in member.endpoints if e.advertised and e.status.failed]
        if not member.alive or not silent or any(e.advertised and e.status.ok for e in member.endpoints):
            continue
        problem = silent[0].status.problem
        yield Finding(
            id="url-unreachable",
            severity="info",
            summary=f"Member {member.name} cannot be reached from here at the address it advertises.",
            evidence=f"{problem.what if problem else silent[0].url} It answers at {member.endpoint.url} "
            f"{read_at(silent[0].status.at)}.",
            why="Clients that follow the membership use the advertised address.",
            action="Check --advertise-client-urls; through a tunnel or a forwarded port this is to be expected.",
            commands=(MEMBERS,),
            member=member.name,
        )


@rule("url-missing")
def url_missing(context: RuleContext) -> Iterator[Finding]:
    """A member that has started advertises no client URL."""
    for member in _members(context.facts):
        if not member.name or member.client_urls:
            continue
        yield Finding(
            id="url-missing",
            severity="warning",
            summary=f"Member {member.name} advertises no client URL.",
            evidence=f"The membership lists none for {member.id:x} {read_at(context.facts.at)}.",
            why="It cannot be probed, and clients that follow the member list never use it.",
            action="Set --advertise-client-urls, and start it again.",
            commands=(MEMBERS,),
            member=member.name,
        )


@rule("url-odd")
def url_odd(context: RuleContext) -> Iterator[Finding]:
    """A member advertises a client URL that no client can use over the network: another scheme, or no port there is."""
    for member in _members(context.facts):
        odd = [url for url in member.client_urls if not is_endpoint(url)]
        if not odd or (all(map(is_socket, odd)) and _answers_at_socket(member.id, context.facts)):
            continue
        yield Finding(
            id="url-odd",
            severity="warning" if len(odd) == len(member.client_urls) else "info",
            summary=f"Member {member.name} advertises an address that cannot be probed.",
            evidence=f"The membership lists {listed(odd)} {read_at(context.facts.at)}.",
            why="Only http and https addresses of a host and a port lead to it from another machine.",
            action="Correct --advertise-client-urls; a socket file belongs only in --listen-client-urls.",
            commands=(MEMBERS,),
            member=member.name,
        )


@rule("url-plain")
def url_plain(context: RuleContext) -> Iterator[Finding]:
    """Members advertise http addresses: what they say and hold can be read and changed by anyone on the network.

    Only a fact worth knowing of kine at a loopback address: it has no peers, and no network leads there.
    """
    plain = [
        url for m in _members(context.facts) for url in (*m.peer_urls, *m.client_urls) if url.startswith("http://")
    ]
    if not plain:
        return
    alone = not context.facts.has_raft and all(host_of(url) in _LOOPBACK for url in plain)
    yield Finding(
        id="url-plain",
        severity="info" if alone else "warning",
        summary="Members are reached without TLS.",
        evidence=f"Advertised: {listed(plain[:6])}{' and more' if len(plain) > 6 else ''} {read_at(context.facts.at)}.",
        why="Every Secret of the cluster travels unencrypted, and anyone who reaches the port can write.",
        action="Give members certificates and https addresses, with --client-cert-auth and --peer-client-cert-auth.",
        commands=(MEMBERS,),
    )


@rule("one-machine")
def one_machine(context: RuleContext) -> Iterator[Finding]:
    """All members of a cluster of several have their peer addresses on one host."""
    members = _members(context.facts)
    hosts = {host_of(url) for m in members for url in m.peer_urls}
    if len(members) < 2 or len(hosts) != 1 or hosts == {""}:
        return
    yield Finding(
        id="one-machine",
        severity="info",
        summary="All members run on one machine.",
        evidence=f"Every peer URL is on {hosts.pop()} {read_at(context.facts.at)}.",
        why="When that machine fails, all members fail. Acceptable for a test cluster only.",
        action="Run each member on its own machine, with its own disk.",
        commands=(MEMBERS,),
    )


def all_on_loopback(facts: ClusterFacts) -> bool:
    """Whether every peer address is a loopback one: a cluster for trying out, on one machine."""
    urls = [url for m in _members(facts) for url in m.peer_urls]
    return bool(urls) and all(map(_on_loopback, urls))


def _members(facts: ClusterFacts) -> tuple[Member, ...]:
    return facts.membership.members if facts.membership else ()


def _answers_at_socket(member_id: int, facts: ClusterFacts) -> bool:
    """Whether the member was reached over a socket file that somebody gave."""
    mine = [e for m in facts.members if m.id == member_id for e in m.endpoints]
    return any(is_socket(e.url) and e.status.ok for e in mine)


def _on_loopback(url: str) -> bool:
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
