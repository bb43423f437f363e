"""The group resource.k8s.io (dynamic resource allocation), from its alphas on."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import deleting, dig, items, text
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, table
from etcdview.tables.durations import age

_GROUP = "resource.k8s.io"


@table(_GROUP, "DeviceClass", "ResourceClaimTemplate", columns=(NAME, AGE))
def named(obj: Object, now: datetime) -> Cells:
    """A device class, or a template of claims."""
    return name_of(obj), created(obj, now)


@table(_GROUP, "ResourceClaim", columns=(NAME, Column("State", description="Whether it has got its devices."), AGE))
def resource_claim(obj: Object, now: datetime) -> Cells:
    """A claim on devices."""
    return name_of(obj), claim_state(obj), created(obj, now)


def claim_state(obj: Object) -> str:
    """deleted, then pending or allocated, then reserved."""
    states = ["deleted"] if deleting(obj) else []
    if dig(obj, "status", "allocation") is not None:
        states += ["allocated"] + ["reserved"] * bool(items(obj, "status", "reservedFor"))
    elif not states:
        states = ["pending"]
    return ",".join(states)


@table(
    _GROUP,
    "ResourceSlice",
    columns=(
        NAME,
        Column("Node", description="The node that has the devices."),
        Column("Driver", description="The driver that offers them."),
        Column("Pool", description="The pool they belong to."),
        AGE,
    ),
)
def resource_slice(obj: Object, now: datetime) -> Cells:
    """Devices that a driver offers."""
    spec = dig(obj, "spec")
    return name_of(obj), text(spec, "nodeName"), text(spec, "driver"), text(spec, "pool", "name"), created(obj, now)


@table(
    _GROUP,
    "DeviceTaintRule",
    columns=(
        NAME,
        Column("Key", description="The taint's key."),
        Column("Value", description="The taint's value."),
        Column("Effect", description="What the taint does."),
        Column("TimeAdded", description="Since it is in force."),
        AGE,
    ),
)
def device_taint_rule(obj: Object, now: datetime) -> Cells:
    """A taint on devices."""
    taint = dig(obj, "spec", "taint")
    added = dig(taint, "timeAdded")
    fields = [text(taint, member) for member in ("key", "value", "effect")]
    return name_of(obj), *fields, age(added, now) if added else "", created(obj, now)


@table(
    _GROUP,
    "PodSchedulingContext",
    columns=(NAME, Column("SelectedNode", description="The node that the scheduler tries."), AGE),
)
def pod_scheduling_context(obj: Object, now: datetime) -> Cells:
    """What scheduler and drivers agree on for a pod (1.26 to 1.31)."""
    return name_of(obj), text(obj, "spec", "selectedNode"), created(obj, now)


@table(_GROUP, "ResourceClass", columns=(NAME, Column("DriverName", description="Its driver."), AGE))
def resource_class(obj: Object, now: datetime) -> Cells:
    """A resource class (1.26 to 1.30)."""
    return name_of(obj), text(obj, "driverName"), created(obj, now)


@table(
    _GROUP,
    "ResourceClaimParameters",
    "ResourceClassParameters",
    columns=(NAME, Column("GeneratedFrom", description="The object it was made from."), AGE),
)
def parameters(obj: Object, now: datetime) -> Cells:
    """Parameters in a form of Kubernetes' own (1.30)."""
    origin = dig(obj, "generatedFrom")
    kind, name = text(origin, "kind"), text(origin, "name")
    return name_of(obj), f"{kind}/{name}" if origin is not None else "", created(obj, now)
