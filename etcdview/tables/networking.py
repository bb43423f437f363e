"""The groups networking.k8s.io and discovery.k8s.io."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etcdview.kube.fields import NONE, dig, items, number, text
from etcdview.kube.release import Release
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, release_table, table
from etcdview.tables.core_services import balancers
from etcdview.tables.texts import annotated, first_three, selector_cell, stated

_GROUP = "networking.k8s.io"


@table(
    _GROUP,
    "Ingress",
    columns=(
        NAME,
        Column("Class", description="The ingress class that serves it."),
        Column("Hosts", description="The hosts it answers for."),
        Column("Address", description="Where it is reached."),
        Column("Ports", description="80, and 443 with TLS."),
        AGE,
    ),
)
def ingress(obj: Object, now: datetime) -> Cells:
    """An ingress."""
    return (
        name_of(obj),
        stated(obj, "spec", "ingressClassName", otherwise=NONE),
        _hosts(items(obj, "spec", "rules")),
        ",".join(balancers(obj)),
        "80, 443" if items(obj, "spec", "tls") else "80",
        created(obj, now),
    )


def _hosts(rules: list[Any]) -> str:
    """Up to three hosts; what is left out is counted in rules, as kubectl does."""
    named = [(position, host) for position, rule in enumerate(rules) if (host := text(rule, "host"))][:3]
    if not named:
        return "*"
    shown = ",".join(host for _, host in named)
    more = len(named) == 3 and len(rules) > named[2][0] + 1
    return f"{shown} + {len(rules) - 3} more..." if more else shown


@release_table(
    _GROUP,
    "IngressClass",
    columns=(
        NAME,
        Column("Controller", description="The controller that serves this class."),
        Column("Parameters", description="Where its parameters are."),
        AGE,
    ),
)
def ingress_class(obj: Object, now: datetime, release: Release) -> Cells:
    """An ingress class; the default is marked since 1.36."""
    marked = release >= Release(1, 36) and annotated(obj, "ingressclass.kubernetes.io/is-default-class")
    default = " (default)" if marked else ""
    return name_of(obj) + default, text(obj, "spec", "controller"), _parameters(obj), created(obj, now)


def _parameters(obj: Object) -> str:
    parameters = dig(obj, "spec", "parameters")
    if parameters is None:
        return NONE
    group = dig(parameters, "apiGroup")
    kind = text(parameters, "kind") + (f".{group}" if group is not None else "")
    return f"{kind}/{text(parameters, 'name')}"


@table(_GROUP, "NetworkPolicy", columns=(NAME, Column("Pod-Selector", description="The pods it is for."), AGE))
def network_policy(obj: Object, now: datetime) -> Cells:
    """A network policy."""
    return name_of(obj), selector_cell(dig(obj, "spec", "podSelector")), created(obj, now)


@table(_GROUP, "IPAddress", columns=(NAME, Column("ParentRef", description="What the address belongs to.")))
def ip_address(obj: Object, now: datetime) -> Cells:
    """An IP address. The API server sends a third cell, the age, for which it has no column."""
    parent = dig(obj, "spec", "parentRef")
    return name_of(obj), NONE if parent is None else _parent(parent), created(obj, now)


def _parent(parent: Any) -> str:
    group, namespace = text(parent, "group"), text(parent, "namespace")
    resource = text(parent, "resource") + (f".{group}" if group else "")
    return "/".join([resource.lower(), *([namespace] if namespace else []), text(parent, "name")])


@table(_GROUP, "ServiceCIDR", columns=(NAME, Column("CIDRs", description="Where services get addresses from."), AGE))
def service_cidr(obj: Object, now: datetime) -> Cells:
    """A service CIDR."""
    return name_of(obj), ",".join(map(str, items(obj, "spec", "cidrs"))), created(obj, now)


@table(
    _GROUP,
    "ClusterCIDR",
    columns=(
        NAME,
        Column("PerNodeHostBits", description="How many bits of an address a node has for its pods."),
        Column("IPv4", description="The IPv4 range."),
        Column("IPv6", description="The IPv6 range."),
        AGE,
        Column("NodeSelector", priority=1, description="The nodes it is for."),
    ),
)
def cluster_cidr(obj: Object, now: datetime) -> Cells:
    """A cluster CIDR (alpha, 1.25 to 1.28)."""
    ranges = [text(obj, "spec", family) or NONE for family in ("ipv4", "ipv6")]
    nodes = (
        NONE
        if dig(obj, "spec", "nodeSelector") is None
        else _terms(items(obj, "spec", "nodeSelector", "nodeSelectorTerms"))
    )
    return name_of(obj), str(number(obj, "spec", "perNodeHostBits")), *ranges, created(obj, now), nodes


def _terms(terms: list[Any]) -> str:
    """The terms of a node selector, their requirements as Go prints structs."""
    found = [(member, items(term, member)) for term in terms for member in ("matchExpressions", "matchFields")]
    return ",".join(
        f"{member[0].upper()}{member[1:]}: [{' '.join(map(_requirement, requirements))}]"
        for member, requirements in found
        if requirements
    )


def _requirement(requirement: Any) -> str:
    values = " ".join(map(str, items(requirement, "values")))
    return f"{{{text(requirement, 'key')} {text(requirement, 'operator')} [{values}]}}"


@table(
    "discovery.k8s.io",
    "EndpointSlice",
    columns=(
        NAME,
        Column("AddressType", description="IPv4, IPv6 or FQDN.", reads=("addressType",)),
        Column("Ports", description="The first three ports.", reads=("ports",)),
        Column("Endpoints", description="The first three addresses, ready or not.", reads=("endpoints.addresses",)),
        AGE,
    ),
)
def endpoint_slice(obj: Object, now: datetime) -> Cells:
    """An endpoint slice."""
    addresses = [str(a) for endpoint in items(obj, "endpoints") for a in items(endpoint, "addresses")]
    return (
        name_of(obj),
        text(obj, "addressType"),
        first_three([_port(p) for p in items(obj, "ports")]),
        first_three(addresses),
        created(obj, now),
    )


def _port(port: Any) -> str:
    value = dig(port, "port")
    if value is not None:
        return str(value)
    name = dig(port, "name")
    return "*" if name is None else str(name)
