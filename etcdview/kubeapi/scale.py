"""The scale subresource: how many replicas an object wants and has."""

from __future__ import annotations

from typing import Any

from etcdview.errors import QueryError
from etcdview.kube.fields import dig, mapping
from etcdview.kube.jsonpath import compile_path
from etcdview.kube.resources import ResourceType
from etcdview.kubeapi.served_types import ServedType
from etcdview.tables.texts import selector_text

SCALE = ServedType(ResourceType("", "autoscaling", "v1", "Scale", "scales"), "autoscaling", "v1", "ScaleList")
_COPIED = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(served: ServedType, obj: dict[str, Any]) -> dict[str, Any]:
    """autoscaling/v1 Scale of an object whose type has one."""
    metadata = mapping(obj, "metadata")
    status: dict[str, Any] = {"replicas": _replicas(obj, served.scale.get("status", ""))}
    if selector := _selector(served, obj):
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in _COPIED if metadata.get(name)},
        "spec": {"replicas": _replicas(obj, served.scale.get("spec", ""))},
        "status": status,
    }


def _replicas(obj: dict[str, Any], path: str) -> int:
    found = _at(obj, path)
    return found if type(found) is int else 0


def _at(obj: dict[str, Any], path: str) -> Any:
    try:
        return compile_path(path).first(obj) if path else None
    except QueryError:
        return None


def _selector(served: ServedType, obj: dict[str, Any]) -> str:
    if not served.resource.builtin:
        found = _at(obj, served.scale.get("selector", ""))
        return found if isinstance(found, str) else ""
    selector = dig(obj, "spec", "selector")
    if served.group == "":  # a replication controller's is a map
        return ",".join(sorted(f"{key}={value}" for key, value in mapping(obj, "spec", "selector").items()))
    try:
        return selector_text(selector)
    except ValueError:
        return ""
