"""What a pod requests as a whole, where that is not said, from 1.34 to 1.36; 1.37 sets it when a pod is made.

Source: defaultPodRequests and defaultHugePagePodLimits in k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, and
k8s.io/component-helpers/resource/helpers.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.served.quantities import is_larger, total

_FIRST, _LAST = 34, 36
_OWN = ("cpu", "memory")
_HUGE = "hugepages-"
Amounts = dict[str, str]


def of_the_whole(spec: Object, minor: int) -> None:
    """Set them in a pod's spec that says something of them; before what its containers request is set."""
    own = spec.get("resources")
    if not _FIRST <= minor <= _LAST or not isinstance(own, dict):
        return
    limits, requests = _amounts(own.get("limits")), _amounts(own.get("requests"))
    if limits or requests:
        found = _together(spec, lambda container: _amounts(container.get("limits")))
        for name, amount in found.items():
            if name.startswith(_HUGE) and name not in requests:
                limits.setdefault(name, amount)
    if limits:
        own["limits"] = limits
        found = _together(spec, _requested)
        own["requests"] = {n: v for n, v in limits.items() if n in _OWN or n.startswith(_HUGE)} | (
            {name: amount for name, amount in found.items() if name in _OWN} | requests
        )
        if not own["requests"]:
            del own["requests"]


def _requested(resources: Object) -> Amounts:
    return _amounts(resources.get("limits")) | _amounts(resources.get("requests"))


def _together(spec: Object, of: Callable[[Object], Amounts]) -> Amounts:
    """Of containers and sidecars the sum; or what one init container takes beside the sidecars before it, if more."""
    found: Amounts = {}
    for container in _containers(spec, "containers"):
        _add(found, of(_resources(container)))
    sidecars: Amounts = {}
    most: Amounts = {}
    for container in _containers(spec, "initContainers"):
        taken = dict(of(_resources(container)))
        if container.get("restartPolicy") == "Always":
            _add(found, taken)
            _add(sidecars, taken)
            taken = dict(sidecars)
        else:
            _add(taken, sidecars)
        _raise(most, taken)
    _raise(found, most)
    return found


def _containers(spec: Object, name: str) -> Iterator[Object]:
    found = spec.get(name)
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def _resources(container: Object) -> Object:
    found = container.get("resources")
    return found if isinstance(found, dict) else {}


def _amounts(resources: Any) -> Amounts:
    found = resources.items() if isinstance(resources, dict) else ()
    return {name: amount for name, amount in found if isinstance(amount, str)}


def _add(amounts: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        amounts[name] = total(amounts[name], amount) if name in amounts else amount


def _raise(amounts: Amounts, other: Amounts) -> None:
    for name, amount in other.items():
        if name not in amounts or is_larger(amount, amounts[name]):
            amounts[name] = amount
