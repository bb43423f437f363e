"""Autoscalers of autoscaling/v1, v2beta1 and v2beta2, served as v2.

v1 has one metric, the CPU; its other metrics, its conditions and its behaviour are in annotations.

Source: k8s.io/kubernetes/pkg/apis/autoscaling/{v1,v2beta1,v2beta2,v2}/conversion.go and annotations.go.
"""

from __future__ import annotations

import json
from typing import Any

from etcdview.codec import rawjson
from etcdview.codec.model import Object
from etcdview.codec.served.rows import set_default
from etcdview.errors import DecodeError

_PREFIX = "autoscaling.alpha.kubernetes.io/"
_ROUND_TRIP = ("metrics", "behavior", "current-metrics", "conditions")
_TOLERANCES = {"scaleDown": f"{_PREFIX}scale-down-tolerance", "scaleUp": f"{_PREFIX}scale-up-tolerance"}
_TOLERANCE_SINCE = 33
_DEFAULT_CPU = 80
_V2_SINCE = 23


def from_v1(obj: Object, minor: int) -> None:
    """Convert in place."""
    notes = _taken(obj, minor)
    spec, status = obj.get("spec"), obj.get("status")
    if isinstance(spec, dict):
        metrics, cpu = _list(notes.get("metrics")), spec.pop("targetCPUUtilizationPercentage", None)
        found = [_metric(metric) for metric in metrics or ()]
        if cpu is not None or not found:
            found.append(_cpu_metric(_DEFAULT_CPU if cpu is None else cpu))
        spec["metrics"] = found
        behaviour = _behaviour(notes.get("behavior"))
        if behaviour:
            spec["behavior"] = behaviour
    if isinstance(status, dict):
        current, cpu = _list(notes.get("current-metrics")), status.pop("currentCPUUtilizationPercentage", None)
        if current is not None:
            status["currentMetrics"] = [_metric_status(metric) for metric in current]
        elif cpu is not None:
            status["currentMetrics"] = [_cpu_status(cpu)]
        else:
            status["currentMetrics"] = None
        conditions = _list(notes.get("conditions"))
        if conditions:
            status["conditions"] = conditions
        _without_zeros(status)


def first_autoscaler(obj: Object, minor: int) -> None:
    """Set the CPU that one of v1 measures where nothing else is said; before 1.23, also what is answered as v1."""
    metadata, spec = obj.get("metadata"), obj.get("spec")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    said = (
        {name: _json(annotations.get(_PREFIX + name)) for name in _ROUND_TRIP} if isinstance(annotations, dict) else {}
    )
    if isinstance(spec, dict) and not _list(said.get("metrics")):
        set_default(spec, "targetCPUUtilizationPercentage", _DEFAULT_CPU)
    if minor < _V2_SINCE and isinstance(metadata, dict):
        _rewrite(metadata, obj.get("status"), said)


def _rewrite(metadata: Object, status: Any, said: Object) -> None:
    """The annotations are written anew: those that say nothing go, and what is measured is in one, too."""
    had = metadata.get("annotations")
    kept = dict(had) if isinstance(had, dict) else {}
    for name, value in said.items():
        if not (value if name == "behavior" else _list(value)):
            kept.pop(_PREFIX + name, None)
    if isinstance(status, dict):
        current = _list(said.get("current-metrics"))
        if current is not None:
            status.pop("currentCPUUtilizationPercentage", None)
            status.update(_present(currentCPUUtilizationPercentage=_measured(current)))
        elif status.get("currentCPUUtilizationPercentage") is not None:
            kept[f"{_PREFIX}current-metrics"] = _measurement(status["currentCPUUtilizationPercentage"])
    metadata.pop("annotations", None)
    if kept:
        metadata["annotations"] = kept


def _measured(statuses: list[Object]) -> Any:
    found = None
    for status in statuses:
        resource = status.get("resource")
        if status.get("type") == "Resource" and isinstance(resource, dict) and resource.get("name") == "cpu":
            found = resource.get("currentAverageUtilization", found)
    return found


def _measurement(cpu: Any) -> str:
    resource = {"name": "cpu", "currentAverageUtilization": cpu, "currentAverageValue": "0"}
    return json.dumps([{"type": "Resource", "resource": resource}], separators=(",", ":"))


def from_v2beta1(obj: Object, minor: int) -> None:
    """Convert in place."""
    notes = _taken(obj, minor)
    spec, status = obj.get("spec"), obj.get("status")
    if isinstance(spec, dict):
        if isinstance(spec.get("metrics"), list):
            spec["metrics"] = [_metric(metric) for metric in spec["metrics"]]
        behaviour = _behaviour(notes.get("behavior"))
        if behaviour:
            spec["behavior"] = behaviour
    if isinstance(status, dict):
        if isinstance(status.get("currentMetrics"), list):
            status["currentMetrics"] = [_metric_status(metric) for metric in status["currentMetrics"]]
        _without_zeros(status)


def from_v2beta2(obj: Object, minor: int) -> None:
    """Convert in place: the same as v2, but that a tolerance is in an annotation, and zeros are shown."""
    metadata, spec = obj.get("metadata"), obj.get("spec")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    for direction, name in _TOLERANCES.items() if minor >= _TOLERANCE_SINCE else ():
        if isinstance(annotations, dict) and name in annotations and isinstance(spec, dict):
            behaviour = _inner(spec, "behavior")
            _inner(behaviour, direction)["tolerance"] = annotations[name]
    _taken(obj, minor)
    if isinstance(obj.get("status"), dict):
        _without_zeros(obj["status"])


def _inner(obj: Object, name: str) -> Object:
    if not isinstance(obj.get(name), dict):
        obj[name] = {}
    found: Object = obj[name]
    return found


def _taken(obj: Object, minor: int) -> Object:
    """What the annotations say that no version but the old ones has, as JSON; they are taken from the object."""
    metadata = obj.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(annotations, dict):
        return {}
    names = {_PREFIX + name: name for name in _ROUND_TRIP}
    gone = {*names, *(_TOLERANCES.values() if minor >= _TOLERANCE_SINCE else ())}
    kept = {name: value for name, value in annotations.items() if name not in gone}
    if kept:
        metadata["annotations"] = kept
    else:
        del metadata["annotations"]
    return {short: _json(annotations[name]) for name, short in names.items() if name in annotations}


def _json(text: Any) -> Any:
    try:
        return rawjson.parse(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else None
    except DecodeError:
        return None


def _list(value: Any) -> list[Object] | None:
    """A list of objects with a type; None for anything else, as Go reads it."""
    if not isinstance(value, list) or not all(isinstance(one, dict) and _is_metric(one) for one in value):
        return None
    return value


def _is_metric(one: Object) -> bool:
    return isinstance(one.get("type", ""), str) and all(isinstance(one.get(name, {}), dict) for name in _SOURCES)


def _behaviour(value: Any) -> Any:
    """Go wrote its internal type, whose fields begin with capitals and of which nothing is left out."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _behaviour(one) for name, one in value.items() if one is not None}
    return [_behaviour(one) for one in value] if isinstance(value, list) else value


def _cpu_metric(utilization: Any) -> Object:
    target = {"type": "Utilization", "averageUtilization": utilization}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _cpu_status(utilization: Any) -> Object:
    return {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": utilization}}}


def _metric(metric: Any) -> Any:
    return _each_source(metric, _SOURCES)


def _metric_status(metric: Any) -> Any:
    return _each_source(metric, _STATUSES)


def _each_source(metric: Any, converters: Any) -> Any:
    if not isinstance(metric, dict):
        return metric
    return {
        name: converters[name](value) if name in converters and isinstance(value, dict) else value
        for name, value in metric.items()
        if value is not None
    }


def _identifier(source: Object, selector: str = "selector") -> Object:
    return {"name": source.get("metricName", "")} | _present(selector=source.get(selector))


def _present(**values: Any) -> Object:
    return {name: value for name, value in values.items() if value is not None}


def _object(source: Object) -> Object:
    average = source.get("averageValue")
    kind = "Value" if average is None else "AverageValue"
    target = {"type": kind, "value": source.get("targetValue", "0")} | _present(averageValue=average)
    return {"describedObject": source.get("target", {}), "target": target, "metric": _identifier(source)}


def _pods(source: Object) -> Object:
    target = {"type": "AverageValue", "averageValue": source.get("targetAverageValue", "0")}
    return {"metric": _identifier(source), "target": target}


def _resource(source: Object) -> Object:
    """A resource of pods, or of one container of them."""
    utilization = source.get("targetAverageUtilization")
    target = {"type": "AverageValue" if utilization is None else "Utilization"}
    target |= _present(averageValue=source.get("targetAverageValue"), averageUtilization=utilization)
    return {"name": source.get("name", ""), "target": target} | _present(container=source.get("container"))


def _external(source: Object) -> Object:
    value = source.get("targetValue")
    target = {"type": "AverageValue" if value is None else "Value"}
    target |= _present(value=value, averageValue=source.get("targetAverageValue"))
    return {"metric": _identifier(source, "metricSelector"), "target": target}


def _object_status(source: Object) -> Object:
    current = {"value": source.get("currentValue", "0")} | _present(averageValue=source.get("averageValue"))
    return {"metric": _identifier(source), "current": current, "describedObject": source.get("target", {})}


def _pods_status(source: Object) -> Object:
    return {"metric": _identifier(source), "current": {"averageValue": source.get("currentAverageValue", "0")}}


def _resource_status(source: Object) -> Object:
    current = {"averageValue": source.get("currentAverageValue", "0")}
    current |= _present(averageUtilization=source.get("currentAverageUtilization"))
    return {"name": source.get("name", ""), "current": current} | _present(container=source.get("container"))


def _external_status(source: Object) -> Object:
    current = {"value": source.get("currentValue", "0")} | _present(averageValue=source.get("currentAverageValue"))
    return {"metric": _identifier(source, "metricSelector"), "current": current}


_SOURCES = {
    "object": _object,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _resource,
    "external": _external,
}
_STATUSES = {
    "object": _object_status,
    "pods": _pods_status,
    "resource": _resource_status,
    "containerResource": _resource_status,
    "external": _external_status,
}


def _without_zeros(status: Object) -> None:
    """v2 leaves out what v2beta1 and v2beta2 show when it is zero."""
    for name in ("conditions", "currentReplicas"):
        if not status.get(name):
            status.pop(name, None)
