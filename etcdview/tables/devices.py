"""The group resource.k8s.io (dynamic resource allocation), from its alphas on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etcdview.kube.fields import NONE, deleting, dig, items, number, text
from etcdview.kube.release import Release
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, release_table, table
from etcdview.tables.durations import age

_GROUP = "resource.k8s.io"


# Until 1.30 a claim named a class of resources, and when it was to be served.
_CLASS = Column("ResourceClassName", description="The class it asks for.", until=30)
_MODE = Column("AllocationMode", description="Whether it is served at once, or when a pod needs it.", until=30)


@table(_GROUP, "DeviceClass", columns=(NAME, AGE))
def device_class(obj: Object, now: datetime) -> Cells:
    """A device class."""
    return name_of(obj), created(obj, now)


@table(_GROUP, "ResourceClaimTemplate", columns=(NAME, _CLASS, _MODE, AGE))
def resource_claim_template(obj: Object, now: datetime) -> Cells:
    """A template of claims."""
    return name_of(obj), *_class_and_mode(dig(obj, "spec", "spec")), created(obj, now)


@release_table(
    _GROUP,
    "ResourceClaim",
    columns=(NAME, _CLASS, _MODE, Column("State", description="Whether it has got its devices."), AGE),
)
def resource_claim(obj: Object, now: datetime, release: Release) -> Cells:
    """A claim on devices; until 1.31 one whose devices are being given back says so."""
    state = claim_state(obj)
    if release < Release(1, 32) and _deallocating(obj):
        state += ",deallocating"
    return name_of(obj), *_class_and_mode(dig(obj, "spec")), state, created(obj, now)


def _class_and_mode(spec: Any) -> tuple[str, str]:
    return text(spec, "resourceClassName"), text(spec, "allocationMode")


def _deallocating(obj: Object) -> bool:
    if dig(obj, "status", "allocation") is None or items(obj, "status", "reservedFor"):
        return False
    return deleting(obj) or dig(obj, "status", "deallocationRequested") is True


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
        Column("Pool", description="The pool they belong to.", since=31),
        AGE,
    ),
)
def resource_slice(obj: Object, now: datetime) -> Cells:
    """Devices that a driver offers."""
    spec = dig(obj, "spec")
    node = text(spec, "nodeName") or text(obj, "nodeName")  # 1.30 has no spec
    driver = text(spec, "driver") or text(obj, "driverName")
    return name_of(obj), node, driver, text(spec, "pool", "name"), created(obj, now)


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
    "PodScheduling",
    columns=(NAME, Column("SelectedNode", description="The node that the scheduler tries."), AGE),
)
def pod_scheduling_context(obj: Object, now: datetime) -> Cells:
    """What scheduler and drivers agree on for a pod (1.26 to 1.31; PodScheduling in 1.26)."""
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
    shown = "" if origin is None else f"{text(origin, 'kind')}.{text(origin, 'apiGroup')} {text(origin, 'name')}"
    return name_of(obj), shown, created(obj, now)


@table(
    _GROUP,
    "ResourcePoolStatusRequest",
    columns=(
        NAME,
        Column("Driver", description="The driver whose pools it asks about."),
        Column("Total", description="Devices in all."),
        Column("Available", description="Devices that are free."),
        Column("Allocated", description="Devices that claims have."),
        Column("Unavailable", description="Devices that cannot be used."),
        Column("Errors", description="Pools whose slices are not valid."),
        Column("Pools", "integer", description="How many pools match."),
        Column("Status", description="Pending, Complete or Failed."),
        Column("Completed", description="Since it is complete."),
    ),
)
def pool_status_request(obj: Object, now: datetime) -> Cells:
    """A question about pools of devices, and its answer."""
    end = next((c for c in items(obj, "status", "conditions") if _ends(c)), None)
    count, pools = number(obj, "status", "poolCount"), items(obj, "status", "pools")
    status = text(end, "type") or "Pending"
    complete = status == "Complete"
    if complete and count > len(pools):
        status = f"Complete ({len(pools)}/{count} pools)"
    return (
        name_of(obj),
        text(obj, "spec", "driver"),
        *(_pool_sums(pools) if status != "Failed" and dig(obj, "status") is not None else ("-",) * 5),
        count,
        status,
        age(text(end, "lastTransitionTime"), now) if complete else NONE,
    )


def _ends(condition: Any) -> bool:
    return text(condition, "type") in ("Complete", "Failed") and text(condition, "status") == "True"


def _pool_sums(pools: list[Any]) -> tuple[str, ...]:
    members = ("totalDevices", "availableDevices", "allocatedDevices", "unavailableDevices")
    errors = sum(dig(pool, "validationError") is not None for pool in pools)
    return *(str(sum(number(pool, member) for pool in pools)) for member in members), str(errors)
