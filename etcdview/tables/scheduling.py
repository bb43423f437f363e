"""The groups scheduling.k8s.io and node.k8s.io."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import NONE, condition, dig, number, text
from etcdview.kube.release import Release
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, release_table, table
from etcdview.tables.texts import stated


@table(
    "scheduling.k8s.io",
    "PriorityClass",
    columns=(
        NAME,
        Column("Value", "integer", description="The priority: higher goes first."),
        Column("Global-Default", "boolean", description="Whether pods without a class get it."),
        AGE,
        Column("PreemptionPolicy", description="Whether it may drive out others.", since=32),
    ),
)
def priority_class(obj: Object, now: datetime) -> Cells:
    """A priority class."""
    return (
        name_of(obj),
        number(obj, "value"),
        dig(obj, "globalDefault") is True,
        created(obj, now),
        stated(obj, "preemptionPolicy", otherwise="PreemptLowerPriority"),
    )


_POLICY = Column("Policy", description="Basic, or Gang: all pods or none.")
_WORKLOAD = Column("Workload", description="The workload it was made from.")


@table("scheduling.k8s.io", "Workload", columns=(NAME, AGE))
def workload(obj: Object, now: datetime) -> Cells:
    """A workload."""
    return name_of(obj), created(obj, now)


@release_table(
    "scheduling.k8s.io",
    "PodGroup",
    columns=(NAME, _POLICY, _WORKLOAD, Column("Status", description="Whether its pods have places."), AGE),
)
def pod_group(obj: Object, now: datetime, release: Release) -> Cells:
    """A group of pods that get places together; from 1.37 on its first scheduling counts."""
    scheduled = "PodGroupInitiallyScheduled" if release >= Release(1, 37) else "PodGroupScheduled"
    found = condition(obj, scheduled)
    status = "Pending" if found is None else "Scheduled" if text(found, "status") == "True" else "Unschedulable"
    target = condition(obj, "DisruptionTarget")
    if target is not None:
        status = text(target, "reason")
    return name_of(obj), _policy(obj), _workload(obj), status, created(obj, now)


@table("scheduling.k8s.io", "CompositePodGroup", columns=(NAME, _POLICY, _WORKLOAD, AGE))
def composite_pod_group(obj: Object, now: datetime) -> Cells:
    """A group of pod groups."""
    return name_of(obj), _policy(obj), _workload(obj), created(obj, now)


def _policy(obj: Object) -> str:
    return "Basic" if dig(obj, "spec", "schedulingPolicy", "gang") is None else "Gang"


def _workload(obj: Object) -> str:
    """1.36 has it in the template's reference."""
    reference = dig(obj, "spec", "workloadRef")
    if reference is not None:
        return text(reference, "workloadName")
    template = dig(obj, "spec", "podGroupTemplateRef")
    return NONE if template is None else text(template, "workload", "workloadName")


@table(
    "node.k8s.io",
    "RuntimeClass",
    columns=(NAME, Column("Handler", description="The handler of the container runtime."), AGE),
)
def runtime_class(obj: Object, now: datetime) -> Cells:
    """A runtime class."""
    handler = text(obj, "handler") or text(obj, "spec", "runtimeHandler")  # v1alpha1 has a spec
    return name_of(obj), handler, created(obj, now)
