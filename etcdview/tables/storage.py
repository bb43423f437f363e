"""The group storage.k8s.io: classes, CSI drivers, attachments."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import NONE, UNSET, dig, items, text
from etcdview.kube.release import Release
from etcdview.tables.base import (
    AGE,
    CREATED_AT,
    NAME,
    Cells,
    Column,
    Object,
    created,
    created_at,
    name_of,
    release_table,
    table,
)
from etcdview.tables.texts import annotated, stated

_GROUP = "storage.k8s.io"
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_DEFAULT_ATTRIBUTES = "volumeattributesclass.alpha.kubernetes.io/is-default-class"


@table(
    _GROUP,
    "StorageClass",
    columns=(
        NAME,
        Column("Provisioner", description="What makes its volumes."),
        Column("ReclaimPolicy", description="What becomes of a volume when its claim is gone."),
        Column("VolumeBindingMode", description="Whether volumes are made at once, or when a pod needs them."),
        Column("AllowVolumeExpansion", description="Whether claims may grow."),
        AGE,
    ),
)
def storage_class(obj: Object, now: datetime) -> Cells:
    """A storage class."""
    default = " (default)" if any(annotated(obj, a) for a in _DEFAULT_CLASS) else ""
    return (
        name_of(obj) + default,
        text(obj, "provisioner"),
        stated(obj, "reclaimPolicy", otherwise="Delete"),
        stated(obj, "volumeBindingMode", otherwise="Immediate"),
        dig(obj, "allowVolumeExpansion") is True,
        created(obj, now),
    )


@release_table(
    _GROUP,
    "VolumeAttributesClass",
    columns=(NAME, Column("DriverName", description="The CSI driver it is for."), AGE),
)
def volume_attributes_class(obj: Object, now: datetime, release: Release) -> Cells:
    """A volume attributes class; a default was marked before 1.34."""
    marked = release < Release(1, 34) and annotated(obj, _DEFAULT_ATTRIBUTES)
    return name_of(obj) + (" (default)" if marked else ""), text(obj, "driverName"), created(obj, now)


@table(
    _GROUP,
    "VolumeAttachment",
    columns=(
        NAME,
        Column("Attacher", format="name", description="The driver that attaches it."),
        Column("PV", description="The volume."),
        Column("Node", description="The node."),
        Column("Attached", "boolean", description="Whether it is attached."),
        AGE,
    ),
)
def volume_attachment(obj: Object, now: datetime) -> Cells:
    """A volume attachment."""
    return (
        name_of(obj),
        text(obj, "spec", "attacher"),
        text(obj, "spec", "source", "persistentVolumeName"),
        text(obj, "spec", "nodeName"),
        dig(obj, "status", "attached") is True,
        created(obj, now),
    )


@table(
    _GROUP,
    "CSINode",
    columns=(NAME, Column("Drivers", "integer", description="How many CSI drivers the node has."), AGE),
)
def csi_node(obj: Object, now: datetime) -> Cells:
    """What a node has of CSI."""
    return name_of(obj), len(items(obj, "spec", "drivers")), created(obj, now)


@table(
    _GROUP,
    "CSIDriver",
    columns=(
        NAME,
        Column("AttachRequired", "boolean", description="Whether volumes must be attached."),
        Column("PodInfoOnMount", "boolean", description="Whether it is told of the pod when mounting."),
        Column("StorageCapacity", "boolean", description="Whether the scheduler looks at free capacity.", since=21),
        Column("TokenRequests", description="The audiences of the tokens it gets.", since=21),
        Column("RequiresRepublish", "boolean", description="Whether volumes are published again and again.", since=21),
        Column("Modes", description="How long its volumes live."),
        AGE,
    ),
)
def csi_driver(obj: Object, now: datetime) -> Cells:
    """A CSI driver."""
    spec = dig(obj, "spec")
    tokens = dig(spec, "tokenRequests")
    return (
        name_of(obj),
        dig(spec, "attachRequired") is not False,
        dig(spec, "podInfoOnMount") is True,
        dig(spec, "storageCapacity") is True,
        UNSET if tokens is None else ",".join(text(t, "audience") for t in items(spec, "tokenRequests")),
        dig(spec, "requiresRepublish") is True,
        ",".join(map(str, items(spec, "volumeLifecycleModes"))) or NONE,
        created(obj, now),
    )


@table(_GROUP, "CSIStorageCapacity", columns=(NAME, CREATED_AT))
def csi_storage_capacity(obj: Object, now: datetime) -> Cells:
    """What is free of a class somewhere; kubectl shows the moment of its making."""
    return name_of(obj), created_at(obj)
