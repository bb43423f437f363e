"""The groups scheduling.k8s.io and node.k8s.io."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import dig, number, text
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, table


@table(
    "scheduling.k8s.io",
    "PriorityClass",
    columns=(
        NAME,
        Column("Value", "integer", description="The priority: higher goes first."),
        Column("Global-Default", "boolean", description="Whether pods without a class get it."),
        AGE,
        Column("PreemptionPolicy", description="Whether it may drive out others."),
    ),
)
def priority_class(obj: Object, now: datetime) -> Cells:
    """A priority class."""
    return (
        name_of(obj),
        number(obj, "value"),
        dig(obj, "globalDefault") is True,
        created(obj, now),
        text(obj, "preemptionPolicy") or "PreemptLowerPriority",
    )


@table(
    "node.k8s.io",
    "RuntimeClass",
    columns=(NAME, Column("Handler", description="The handler of the container runtime."), AGE),
)
def runtime_class(obj: Object, now: datetime) -> Cells:
    """A runtime class."""
    return name_of(obj), text(obj, "handler"), created(obj, now)
