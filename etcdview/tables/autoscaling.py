"""The group autoscaling: horizontal pod autoscalers, stored as v2, v2beta2, v2beta1 or v1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from etcdview.kube.fields import NONE, UNSET, dig, items, number, quantity, text
from etcdview.kube.release import Release
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, release_table, table

_UNKNOWN = "<unknown>"
_DEFAULT_CPU = 80
_METRICS_ANNOTATION = "autoscaling.alpha.kubernetes.io/metrics"
_CURRENT_ANNOTATION = "autoscaling.alpha.kubernetes.io/current-metrics"
_CONDITIONS_ANNOTATION = "autoscaling.alpha.kubernetes.io/conditions"


@release_table(
    "autoscaling",
    "HorizontalPodAutoscaler",
    columns=(
        NAME,
        Column("Reference", description="What it scales."),
        Column("Targets", description="Each metric: what it is, and what it should be."),
        Column("MinPods", description="The fewest pods."),
        Column("MaxPods", description="The most pods."),
        Column("Replicas", description="Pods there are."),
        AGE,
    ),
)
def horizontal_pod_autoscaler(obj: Object, now: datetime, release: Release) -> Cells:
    """A horizontal pod autoscaler of any version."""
    return (
        name_of(obj),
        f"{text(obj, 'spec', 'scaleTargetRef', 'kind')}/{text(obj, 'spec', 'scaleTargetRef', 'name')}",
        metrics_text(obj, named=release >= Release(1, 30)),
        UNSET if dig(obj, "spec", "minReplicas") is None else str(number(obj, "spec", "minReplicas")),
        number(obj, "spec", "maxReplicas"),
        number(obj, "status", "currentReplicas"),
        created(obj, now),
    )


@table(
    "autoscaling",
    "Scale",
    columns=(
        Column("Name", description=NAME.description),
        Column("Desired", "integer", description="Pods there should be."),
        Column("Available", "integer", description="Pods there are."),
        AGE,
    ),
)
def scale(obj: Object, now: datetime) -> Cells:
    """The replicas of an object, alone."""
    return name_of(obj), number(obj, "spec", "replicas"), number(obj, "status", "replicas"), created(obj, now)


def metric_rows(obj: Object, *, named: bool = True) -> list[tuple[str, str]]:
    """Each metric: of which kind it is, and its current/target; those of resources `named`, as since 1.30."""
    specs, statuses = _specs(obj), _statuses(obj)
    return [
        (text(spec, "type"), _metric(spec, statuses[i] if i < len(statuses) else None, named=named))
        for i, spec in enumerate(specs)
    ]


def metrics_text(obj: Object, *, named: bool = True) -> str:
    """The first two metrics as current/target; "<none>" for none."""
    shown = [metric for _, metric in metric_rows(obj, named=named)]
    if not shown:
        return NONE
    more = f" + {len(shown) - 2} more..." if len(shown) > 2 else ""
    return ", ".join(shown[:2]) + more


def autoscaler_conditions(obj: Object) -> list[Any]:
    """Its conditions, which v1 keeps in an annotation."""
    return items(obj, "status", "conditions") or _annotated(obj, _CONDITIONS_ANNOTATION)


def _metric(spec: Any, status: Any, *, named: bool) -> str:
    kind = text(spec, "type")
    member = kind[:1].lower() + kind[1:]
    source, current = dig(spec, member), dig(status, member)
    match kind:
        case "External" | "Object":
            return _value_metric(source, current)
        case "Pods":
            have = _UNKNOWN if current is None else quantity(_current(current, "averageValue"))
            return f"{have}/{quantity(_target(source, 'averageValue'))}"
        case "Resource" | "ContainerResource":
            return (f"{text(source, 'name')}: " if named else "") + _resource_metric(source, current)
    return "<unknown type>"


def _value_metric(source: Any, current: Any) -> str:
    average = _target(source, "averageValue")
    if average is not None:
        have = _current(current, "averageValue")
        return f"{_UNKNOWN if have is None else have}/{average} (avg)"
    have = _UNKNOWN if current is None else quantity(_current(current, "value"))
    return f"{have}/{quantity(_target(source, 'value'))}"


def _resource_metric(source: Any, current: Any) -> str:
    average = _target(source, "averageValue")
    if average is not None:
        return f"{_UNKNOWN if current is None else quantity(_current(current, 'averageValue'))}/{average}"
    have, want = _current(current, "averageUtilization"), _target(source, "averageUtilization")
    return f"{_UNKNOWN if have is None else f'{have}%'}/{'<auto>' if want is None else f'{want}%'}"


def _target(source: Any, name: str) -> Any:
    """A member of the target: nested in v2, spelt out in v2beta1 (targetAverageValue, targetValue)."""
    return _member(source, "target", name)


def _current(status: Any, name: str) -> Any:
    return _member(status, "current", name)


def _member(obj: Any, of: str, name: str) -> Any:
    """In v2beta1 the average of an object's metric has no word before it."""
    found = (dig(obj, *path) for path in ((of, name), (of + name[0].upper() + name[1:],), (name,)))
    return next((value for value in found if value is not None), None)


def _specs(obj: Object) -> list[Any]:
    """The metrics; v1 has them in an annotation, then CPU, a field of its own, and 80 % of CPU where it has none."""
    metrics = items(obj, "spec", "metrics")
    cpu = dig(obj, "spec", "targetCPUUtilizationPercentage")
    annotated = _annotated(obj, _METRICS_ANNOTATION)
    if cpu is None and not metrics and not annotated and text(obj, "apiVersion") == "autoscaling/v1":
        cpu = _DEFAULT_CPU
    if cpu is not None:
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": cpu}}}, *metrics]
    return annotated + metrics


def _statuses(obj: Object) -> list[Any]:
    found = items(obj, "status", "currentMetrics") or _annotated(obj, _CURRENT_ANNOTATION)
    cpu = dig(obj, "status", "currentCPUUtilizationPercentage")
    if found or cpu is None:
        return found
    return [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": cpu}}}]


def _annotated(obj: Object, annotation: str) -> list[Any]:
    try:
        found = json.loads(text(obj, "metadata", "annotations", annotation) or "[]")
    except (ValueError, RecursionError):
        return []
    return [m for m in found if isinstance(m, Mapping)] if isinstance(found, list) else []
