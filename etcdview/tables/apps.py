"""The group apps: deployments, replica sets, stateful sets, daemon sets, controller revisions."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import NONE, dig, items, mapping, number, text
from etcdview.tables.base import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    WIDE_POD_COLUMNS,
    Cells,
    Column,
    Object,
    created,
    name_of,
    table,
)
from etcdview.tables.texts import container_cells, labels_text, selector_cell, selector_text

_READY = Column(
    "Ready",
    description="Pods that are ready, of those asked for.",
    reads=("spec.replicas", "status.readyReplicas"),
)


@table(
    "apps",
    "Deployment",
    columns=(
        NAME,
        _READY,
        Column("Up-to-date", description="Pods made from the newest template.", reads=("status.updatedReplicas",)),
        Column(
            "Available", description="Pods that have been ready for long enough.", reads=("status.availableReplicas",)
        ),
        AGE,
        *WIDE_POD_COLUMNS,
    ),
)
def deployment(obj: Object, now: datetime) -> Cells:
    """A deployment."""
    return (
        name_of(obj),
        _ready(obj),
        number(obj, "status", "updatedReplicas"),
        number(obj, "status", "availableReplicas"),
        created(obj, now),
        *container_cells(dig(obj, "spec", "template", "spec")),
        _deployment_selector(obj),
    )


def _deployment_selector(obj: Object) -> str:
    try:
        return selector_text(dig(obj, "spec", "selector"))
    except ValueError:
        return "<invalid>"


@table(
    "apps",
    "ReplicaSet",
    columns=(
        NAME,
        Column("Desired", "integer", description="Pods asked for.", reads=("spec.replicas",)),
        Column("Current", "integer", description="Pods there are.", reads=("status.replicas",)),
        Column("Ready", "integer", description="Pods that are ready.", reads=("status.readyReplicas",)),
        AGE,
        *WIDE_POD_COLUMNS,
    ),
)
def replica_set(obj: Object, now: datetime) -> Cells:
    """A replica set."""
    return (
        name_of(obj),
        number(obj, "spec", "replicas", default=1),
        number(obj, "status", "replicas"),
        number(obj, "status", "readyReplicas"),
        created(obj, now),
        *container_cells(dig(obj, "spec", "template", "spec")),
        selector_cell(dig(obj, "spec", "selector")),
    )


@table("apps", "StatefulSet", columns=(NAME, _READY, AGE, CONTAINERS, IMAGES))
def stateful_set(obj: Object, now: datetime) -> Cells:
    """A stateful set."""
    return name_of(obj), _ready(obj), created(obj, now), *container_cells(dig(obj, "spec", "template", "spec"))


@table(
    "apps",
    "DaemonSet",
    columns=(
        NAME,
        Column("Desired", "integer", description="Nodes that should run a pod."),
        Column("Current", "integer", description="Nodes that run one."),
        Column("Ready", "integer", description="Nodes whose pod is ready."),
        Column("Up-to-date", "integer", description="Nodes whose pod is of the newest template."),
        Column("Available", "integer", description="Nodes whose pod has been ready for long enough."),
        Column("Node Selector", description="The labels of the nodes it is for."),
        AGE,
        *WIDE_POD_COLUMNS,
    ),
)
def daemon_set(obj: Object, now: datetime) -> Cells:
    """A daemon set."""
    status = mapping(obj, "status")
    return (
        name_of(obj),
        number(status, "desiredNumberScheduled"),
        number(status, "currentNumberScheduled"),
        number(status, "numberReady"),
        number(status, "updatedNumberScheduled"),
        number(status, "numberAvailable"),
        labels_text(mapping(obj, "spec", "template", "spec", "nodeSelector")),
        created(obj, now),
        *container_cells(dig(obj, "spec", "template", "spec")),
        selector_cell(dig(obj, "spec", "selector")),
    )


@table(
    "apps",
    "ControllerRevision",
    columns=(
        NAME,
        Column("Controller", description="The set whose past it holds."),
        Column("Revision", description="Its number."),
        AGE,
    ),
)
def controller_revision(obj: Object, now: datetime) -> Cells:
    """A controller revision."""
    return name_of(obj), _controller(obj), number(obj, "revision"), created(obj, now)


def _controller(obj: Object) -> str:
    owner = next((o for o in items(obj, "metadata", "ownerReferences") if dig(o, "controller") is True), None)
    if owner is None:
        return NONE
    group, kind = text(owner, "apiVersion").rpartition("/")[0], text(owner, "kind").lower()
    owned_by = f"{kind}.{group}" if group else kind
    return f"{owned_by}/{text(owner, 'name')}" if owned_by else text(owner, "name")


def _ready(obj: Object) -> str:
    return f"{number(obj, 'status', 'readyReplicas')}/{number(obj, 'spec', 'replicas', default=1)}"
