"""Which changes say nothing about what people asked of the cluster: heartbeats, status, who wrote what. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from etcdview.kube.diff import Path
from etcdview.kube.keys import ObjectKey

# The API server's own key for compaction, beside the registry
COMPACT_REVISION_KEY = b"compact_rev_key"
_LEADER = "control-plane.alpha.kubernetes.io/leader"  # an election, renewed every two seconds
_TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
_PATHS: Mapping[Path, str] = {
    ("metadata", "managedFields"): "managedFields",
    ("metadata", "resourceVersion"): "resourceVersion",
    ("metadata", "generation"): "generation",
    ("metadata", "annotations", _LEADER): "heartbeat",
    ("metadata", "annotations", _TRIGGER): "heartbeat",
    ("status",): "status",
}
# Storage prefixes whose every change is a heartbeat or a count
_TYPES: Mapping[str, str] = {
    "leases": "lease",
    "masterleases": "lease",
    "peerserverleases": "lease",
    "events": "event",
    "leasecandidates": "lease",
}


def noise_of(object_key: ObjectKey | None, path: Path) -> str:
    """What a changed field is where it is noise: status, lease, event ...; "" for all that matters."""
    for length in range(1, min(len(path), 3) + 1):
        if word := _PATHS.get(path[:length], ""):
            return word
    return noise_type(object_key)


def noise_type(object_key: ObjectKey | None) -> str:
    """Of which kind of noise every change of this type is: lease or event; "" for any other type."""
    return "" if object_key is None else _TYPES.get(object_key.resource.prefix, "")
