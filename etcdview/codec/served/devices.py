"""Claims and slices of devices of resource.k8s.io v1alpha3 and v1beta1, served as v1beta1, v1beta2 or v1.

Source: k8s.io/kubernetes/pkg/apis/resource/{v1alpha3,v1beta1}/conversion.go.
"""

from __future__ import annotations

from typing import Any

from etcdview.codec.model import Object

# What v1beta1 says in the request itself, and later versions under `exactly`; in Go's order.
_EXACTLY = (
    *("deviceClassName", "selectors", "allocationMode", "count", "adminAccess", "tolerations", "capacity"),
    "derivedAttributes",
)


def claim(obj: Object, minor: int) -> None:
    """Convert a ResourceClaim in place."""
    _requests(obj.get("spec"))


def claim_template(obj: Object, minor: int) -> None:
    """Convert a ResourceClaimTemplate in place."""
    spec = obj.get("spec")
    _requests(spec.get("spec") if isinstance(spec, dict) else None)


def device_slice(obj: Object, minor: int) -> None:
    """Convert a ResourceSlice in place: what a device has is in it, and no longer under `basic`."""
    for device in _devices(obj):
        basic = device.pop("basic", None)
        if isinstance(basic, dict):
            device.update(basic)


def capacities(obj: Object, minor: int) -> None:
    """Convert a ResourceSlice of v1alpha3 in place, whose capacities were quantities alone."""
    for device in _devices(obj):
        basic = device.get("basic")
        capacity = basic.get("capacity") if isinstance(basic, dict) else None
        if isinstance(basic, dict) and isinstance(capacity, dict):
            basic["capacity"] = {k: v if isinstance(v, dict) else {"value": v} for k, v in capacity.items()}


def first_slice(obj: Object, minor: int) -> None:
    """Convert a ResourceSlice of v1alpha3 in place, to what v1 has."""
    capacities(obj, minor)
    device_slice(obj, minor)


def _devices(obj: Object) -> list[Object]:
    spec = obj.get("spec")
    devices = spec.get("devices") if isinstance(spec, dict) else None
    return [device for device in devices if isinstance(device, dict)] if isinstance(devices, list) else []


def _requests(spec: Any) -> None:
    devices = spec.get("devices") if isinstance(spec, dict) else None
    requests = devices.get("requests") if isinstance(devices, dict) else None
    if isinstance(devices, dict) and isinstance(requests, list):
        devices["requests"] = [_request(one) if isinstance(one, dict) else one for one in requests]


def _request(request: Object) -> Object:
    own = {name: value for name in _EXACTLY if (value := request.get(name)) or isinstance(value, (bool, dict))}
    found = {"name": request.get("name", "")}
    if own:
        found["exactly"] = {"deviceClassName": ""} | own
    return found | {name: value for name, value in request.items() if name not in (*_EXACTLY, "name")}
