"""Defaults of the core group, but for pods and volumes.

Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, pkg/registry/core/service/storage/storage.go.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.served.pods import one_and_all
from etcdview.codec.served.quantities import rounding
from etcdview.codec.served.rows import Default, Hook, Row, set_default

_NAME_LABEL = "kubernetes.io/metadata.name"
_TYPES_INSIDE = ("ClusterIP", "NodePort", "LoadBalancer")


def _service(spec: Object, minor: int) -> None:
    _affinity(spec)
    _ports(spec.get("ports"))
    _traffic(spec, minor)
    _dual_stack(spec, minor)


def _affinity(spec: Object) -> None:
    if spec.get("sessionAffinity") == "None":
        spec.pop("sessionAffinityConfig", None)
    if spec.get("sessionAffinity") == "ClientIP":
        config = spec.get("sessionAffinityConfig")
        client = config.get("clientIP") if isinstance(config, dict) else None
        if not isinstance(client, dict) or client.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}


def _ports(ports: Any) -> None:
    for port in ports if isinstance(ports, list) else ():
        if isinstance(port, dict) and "port" in port:
            set_default(port, "targetPort", port["port"], zero=True)


def _traffic(spec: Object, minor: int) -> None:
    kind = spec.get("type")
    outside = kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and spec.get("externalIPs") and minor >= 29)
    if outside:
        set_default(spec, "externalTrafficPolicy", "Cluster", zero=True)
    if minor >= 22 and (kind in _TYPES_INSIDE or minor < 24):
        set_default(spec, "internalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer" and minor >= 22:
        set_default(spec, "allocateLoadBalancerNodePorts", True)


def _dual_stack(spec: Object, minor: int) -> None:
    """defaultOnRead: the plural fields, from the single one that 1.19 stored."""
    address = spec.get("clusterIP")
    if spec.get("type") == "ExternalName" or not isinstance(address, str) or not address:
        return
    addresses = spec.setdefault("clusterIPs", [address])
    families = [family for family in map(_family, addresses if isinstance(addresses, list) else ()) if family]
    if families and not spec.get("ipFamilies"):
        spec["ipFamilies"] = families
        spec.setdefault("ipFamilyPolicy", "SingleStack" if len(families) == 1 else "RequireDualStack")


def _family(address: Any) -> str:
    if not isinstance(address, str):  # to ipaddress a number is an address, too
        return ""
    try:
        return f"IPv{ipaddress.ip_address(address).version}"
    except ValueError:
        return ""


def _balancer(obj: Object, minor: int) -> None:
    """How a balancer's address is reached, since 1.30."""
    spec, status = obj.get("spec"), obj.get("status")
    kind = spec.get("type") if isinstance(spec, dict) else None
    balancer = status.get("loadBalancer") if isinstance(status, dict) else None
    ingress = balancer.get("ingress") if isinstance(balancer, dict) else None
    for one in ingress if kind == "LoadBalancer" and isinstance(ingress, list) else ():
        if isinstance(one, dict) and one.get("ip"):
            set_default(one, "ipMode", "VIP")


def _namespace(obj: Object, minor: int) -> None:
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and metadata.get("name"):
        labels = metadata.get("labels")
        metadata["labels"] = {**(labels if isinstance(labels, dict) else {}), _NAME_LABEL: metadata["name"]}


def _node(status: Object, minor: int) -> None:
    rounding("capacity", "allocatable")(status, minor)
    if status.get("capacity") is not None:
        set_default(status, "allocatable", status["capacity"])


def _node_ranges(spec: Object, minor: int) -> None:
    one_and_all(spec, "podCIDR", "podCIDRs")


def _limit(item: Object, minor: int) -> None:
    """Of containers: the limit is the most that is allowed; the request is the limit, or else the least."""
    if item.get("type") != "Container":
        return
    most, least = (value if isinstance(value := item.get(name), dict) else {} for name in ("max", "min"))
    limit = most | (item["default"] if isinstance(item.get("default"), dict) else {})
    asked = least | limit | (item["defaultRequest"] if isinstance(item.get("defaultRequest"), dict) else {})
    item.update({name: value for name, value in (("default", limit), ("defaultRequest", asked)) if value})


def template_labels(spec: Any) -> Object:
    """The labels of a spec's template of pods; none where it has no template."""
    template = spec.get("template") if isinstance(spec, dict) else None
    metadata = template.get("metadata") if isinstance(template, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}


def labels_of_template(obj: Object, minor: int) -> None:
    """What has no labels gets those of its template."""
    metadata, labels = obj.get("metadata"), template_labels(obj.get("spec"))
    if labels and isinstance(metadata, dict) and not metadata.get("labels"):
        metadata["labels"] = dict(labels)


def _controller(obj: Object, minor: int) -> None:
    spec = obj.get("spec")
    labels = template_labels(spec)
    if labels and isinstance(spec, dict) and not spec.get("selector"):
        spec["selector"] = dict(labels)
    labels_of_template(obj, minor)


_LIMITS = rounding("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
SERVICE: tuple[Row, ...] = (
    Default("spec.sessionAffinity", "None", zero=True),
    Default("spec.type", "ClusterIP", zero=True),
    Default("spec.ports[].protocol", "TCP", zero=True),
    Hook("spec", _service),
    Hook("", _balancer, since=30),
)
NAMESPACE: tuple[Row, ...] = (Hook("", _namespace, since=21), Default("status.phase", "Active", zero=True))
NODE: tuple[Row, ...] = (Hook("status", _node), Hook("spec", _node_ranges))
LIMIT_RANGE: tuple[Row, ...] = (Hook("spec.limits[]", _LIMITS), Hook("spec.limits[]", _limit))
QUOTA: tuple[Row, ...] = (Hook("spec", rounding("hard")), Hook("status", rounding("hard", "used")))
SECRET: tuple[Row, ...] = (Default("type", "Opaque", zero=True),)
ENDPOINTS: tuple[Row, ...] = (Default("subsets[].ports[].protocol", "TCP", zero=True),)
CONTROLLER: tuple[Row, ...] = (Hook("", _controller), Default("spec.replicas", 1))
