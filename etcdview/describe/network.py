"""Services and endpoints, ingresses, network policies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from etcdview.describe.sections import Section, field, fields, named, show, table
from etcdview.kube.fields import dig, items, mapping, text
from etcdview.relations.model import Object
from etcdview.tables.core_services import external_ip
from etcdview.tables.texts import labels_text, selector_cell


def service(obj: Object, now: datetime) -> Iterator[Section]:
    """A service."""
    spec = mapping(obj, "spec")
    yield fields(
        "Service",
        field("Type", text(spec, "type") or "ClusterIP"),
        field("Addresses", spec.get("clusterIPs") or spec.get("clusterIP")),
        field("Outside", external_ip(obj)),
        field("Families", spec.get("ipFamilies")),
        field("Selector", labels_text(mapping(spec, "selector"))),
        field("Session affinity", spec.get("sessionAffinity")),
        field("Traffic from outside", spec.get("externalTrafficPolicy")),
        field("Traffic from inside", spec.get("internalTrafficPolicy")),
    )
    ports = items(spec, "ports")
    rows = ((text(p, "name"), *(dig(p, m) for m in ("port", "targetPort", "nodePort", "protocol"))) for p in ports)
    yield table("Ports", ("Name", "Port", "To port", "Node's port", "Protocol"), rows)


def endpoints(obj: Object, now: datetime) -> Iterator[Section]:
    """Endpoints of the old kind."""
    rows = [
        (dig(a, "ip"), ready, dig(a, "nodeName"), text(a, "targetRef", "name"), _ports(subset))
        for subset in items(obj, "subsets")
        for member, ready in (("addresses", True), ("notReadyAddresses", False))
        for a in items(subset, member)
    ]
    yield table("Endpoints", ("Address", "Ready", "Node", "Pod", "Ports"), rows)


def endpoint_slice(obj: Object, now: datetime) -> Iterator[Section]:
    """An endpoint slice."""
    service_name = text(obj, "metadata", "labels", "kubernetes.io/service-name")
    yield fields(
        "Slice",
        named("Service", "", "Service", text(obj, "metadata", "namespace"), service_name),
        field("Address type", obj.get("addressType")),
        field("Ports", _ports(obj)),
    )
    rows = (
        (
            dig(e, "addresses"),
            dig(e, "conditions", "ready"),
            dig(e, "conditions", "terminating"),
            dig(e, "nodeName") or dig(e, "topology", "kubernetes.io/hostname"),  # v1beta1
            dig(e, "zone") or dig(e, "topology", "topology.kubernetes.io/zone"),
            text(e, "targetRef", "name"),
        )
        for e in items(obj, "endpoints")
    )
    yield table("Endpoints", ("Addresses", "Ready", "Terminating", "Node", "Zone", "Pod"), rows)


def _ports(holder: Any) -> str:
    return ", ".join(f"{text(p, 'name')} {show(dig(p, 'port'))}".strip() for p in items(holder, "ports"))


def ingress(obj: Object, now: datetime) -> Iterator[Section]:
    """An ingress."""
    spec = mapping(obj, "spec")
    name = text(spec, "ingressClassName")
    yield fields(
        "Ingress",
        named("Class", "networking.k8s.io", "IngressClass", "", name),
        field(
            "Addresses", [text(a, "ip") or text(a, "hostname") for a in items(obj, "status", "loadBalancer", "ingress")]
        ),
        field("Default", _backend(spec.get("defaultBackend") or spec.get("backend"))),
    )
    rules = (
        (text(rule, "host") or "*", text(path, "path") or "/", text(path, "pathType"), _backend(dig(path, "backend")))
        for rule in items(spec, "rules")
        for path in items(rule, "http", "paths")
    )
    yield table("Rules", ("Host", "Path", "Match", "To"), rules)
    yield table("TLS", ("Hosts", "Secret"), ((dig(t, "hosts"), text(t, "secretName")) for t in items(spec, "tls")))


def _backend(backend: Any) -> str:
    name = text(backend, "service", "name") or text(backend, "serviceName")
    port = dig(backend, "service", "port", "number") or text(backend, "service", "port", "name")
    port = port or dig(backend, "servicePort")
    if name:
        return f"{name}:{port}" if port else name
    return show(dig(backend, "resource"))


def network_policy(obj: Object, now: datetime) -> Iterator[Section]:
    """A network policy."""
    spec = mapping(obj, "spec")
    yield fields(
        "Network policy",
        field("Pods", selector_cell(spec.get("podSelector"))),
        field("For", spec.get("policyTypes")),
    )
    for title, member, peers in (("Let in", "ingress", "from"), ("Let out", "egress", "to")):
        rows = ((_peers(rule, peers), _ports_of(rule)) for rule in items(spec, member))
        yield table(title, ("Peers", "Ports"), rows)


def _peers(rule: Any, member: str) -> str:
    return show(items(rule, member)) or "anyone"


def _ports_of(rule: Any) -> str:
    shown = (f"{text(p, 'protocol') or 'TCP'} {show(dig(p, 'port'))}".strip() for p in items(rule, "ports"))
    return ", ".join(shown) or "any"
