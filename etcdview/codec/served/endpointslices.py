"""EndpointSlices stored as v1beta1 (1.17 to 1.24 and what they left behind), served as v1.

Source: k8s.io/kubernetes/pkg/apis/discovery/v1beta1/conversion.go and v1/conversion.go.
"""

from __future__ import annotations

from etcdview.codec.model import Object

_ZONE = "topology.kubernetes.io/zone"
_HOSTNAME = "kubernetes.io/hostname"


def to_v1(obj: Object, minor: int) -> None:
    """Convert in place."""
    endpoints = obj.get("endpoints")
    for endpoint in endpoints if isinstance(endpoints, list) else ():
        if isinstance(endpoint, dict):
            _endpoint(endpoint)


def _endpoint(endpoint: Object) -> None:
    topology = endpoint.pop("topology", None)
    if not isinstance(topology, dict):
        return
    if _ZONE in topology:
        endpoint["zone"] = topology.pop(_ZONE)
    if _HOSTNAME in topology and topology[_HOSTNAME] == endpoint.get("nodeName"):
        del topology[_HOSTNAME]
    if topology:
        endpoint["deprecatedTopology"] = topology
