"""What the API server adds on the way out (DECODING.md, "Stored is not served"), as far as it is known offline."""

from __future__ import annotations

import copy
from collections.abc import Callable

from etcdview.codec.model import Object


def as_served(obj: Object) -> Object:
    """A copy with the additions; the object itself where there are none."""
    hook = _HOOKS.get((str(obj.get("apiVersion")), str(obj.get("kind"))))
    if hook is None:
        return obj
    served = copy.deepcopy(obj)
    hook(served)
    return served


def _claim(obj: Object) -> None:
    """Defaulting sets the phase of a claim that was stored without one (pkg/apis/core/v1/defaults.go)."""
    status = obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def _stateful_set(obj: Object) -> None:
    """The templates are whole claims to the API server, and it names their type."""
    for template in obj.get("spec", {}).get("volumeClaimTemplates") or ():
        template.setdefault("apiVersion", "v1")
        template.setdefault("kind", "PersistentVolumeClaim")
        _claim(template)


_HOOKS: dict[tuple[str, str], Callable[[Object], None]] = {
    ("v1", "PersistentVolumeClaim"): _claim,
    ("apps/v1", "StatefulSet"): _stateful_set,
}
