"""Services and their endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etcdview.kube.fields import NONE, items, mapping, number, text
from etcdview.tables.base import AGE, NAME, SELECTOR, Cells, Column, Object, created, name_of, table
from etcdview.tables.texts import first_three, labels_text


@table(
    "",
    "Service",
    columns=(
        NAME,
        Column("Type", description="How the service is reached."),
        Column("Cluster-IP", description="Its address inside the cluster; None for a headless one."),
        Column("External-IP", description="Its addresses outside."),
        Column("Port(s)", description="Its ports, with the node's port behind a colon."),
        AGE,
        SELECTOR,
    ),
)
def service(obj: Object, now: datetime) -> Cells:
    """A service."""
    return (
        name_of(obj),
        text(obj, "spec", "type") or "ClusterIP",
        _cluster_ip(obj),
        external_ip(obj),
        ",".join(map(_port, items(obj, "spec", "ports"))) or NONE,
        created(obj, now),
        labels_text(mapping(obj, "spec", "selector")),
    )


def _cluster_ip(obj: Object) -> str:
    addresses = [a for a in items(obj, "spec", "clusterIPs") if isinstance(a, str)]
    return addresses[0] if addresses else text(obj, "spec", "clusterIP") or NONE


def external_ip(obj: Object) -> str:
    """Where a service is reached from outside: load balancers first, then its own external IPs."""
    own = [a for a in items(obj, "spec", "externalIPs") if isinstance(a, str)]
    match text(obj, "spec", "type") or "ClusterIP":
        case "ClusterIP" | "NodePort":
            return ",".join(own) if own else NONE
        case "LoadBalancer":
            return ",".join(balancers(obj) + own) or "<pending>"
        case "ExternalName":
            return text(obj, "spec", "externalName")
    return "<unknown>"


def balancers(obj: Object) -> list[str]:
    """The addresses and names of the load balancers, in order, each once."""
    entries = items(obj, "status", "loadBalancer", "ingress")
    return sorted({text(e, "ip") or text(e, "hostname") for e in entries} - {""})


def _port(port: Any) -> str:
    protocol = text(port, "protocol") or "TCP"
    outside = number(port, "nodePort")
    return f"{number(port, 'port')}:{outside}/{protocol}" if outside > 0 else f"{number(port, 'port')}/{protocol}"


@table(
    "",
    "Endpoints",
    columns=(NAME, Column("Endpoints", description="The first three addresses that are ready."), AGE),
)
def endpoints(obj: Object, now: datetime) -> Cells:
    """Endpoints of the old kind, one object a service."""
    subsets = items(obj, "subsets")
    shown = first_three([e for subset in subsets for e in _subset(subset)], empty="") if subsets else NONE
    return name_of(obj), shown, created(obj, now)


def _subset(subset: Any) -> list[str]:
    addresses = [text(a, "ip") for a in items(subset, "addresses")]
    ports = items(subset, "ports")
    return [_join(a, number(p, "port")) for p in ports for a in addresses] if ports else addresses


def _join(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
