"""Persistent volumes and the claims on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etcdview.kube.fields import UNSET, deleting, dig, items, text
from etcdview.kube.release import Release
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, release_table
from etcdview.tables.texts import access_modes, stated

_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_MODE = Column("VolumeMode", priority=1, description="A file system, or a block device.")


@release_table(
    "",
    "PersistentVolume",
    columns=(
        NAME,
        Column("Capacity", description="Its size."),
        Column("Access Modes", description="How it can be mounted."),
        Column("Reclaim Policy", description="What becomes of it when its claim is gone."),
        Column("Status", description="Whether it is bound to a claim."),
        Column("Claim", description="The claim it is bound to, or kept for."),
        Column("StorageClass", description="The class it is of."),
        Column("VolumeAttributesClass", description="The class of its attributes.", since=29),
        Column("Reason", description="Why it is in that status."),
        AGE,
        _MODE,
    ),
)
def persistent_volume(obj: Object, now: datetime, release: Release) -> Cells:
    """A persistent volume."""
    claim = dig(obj, "spec", "claimRef")
    return (
        name_of(obj),
        _storage(dig(obj, "spec", "capacity")),
        _modes(items(obj, "spec", "accessModes"), release),
        text(obj, "spec", "persistentVolumeReclaimPolicy") or "Retain",
        _phase(obj),
        "" if claim is None else f"{text(claim, 'namespace')}/{text(claim, 'name')}",
        storage_class(obj),
        stated(obj, "spec", "volumeAttributesClassName", otherwise=UNSET),
        text(obj, "status", "reason"),
        created(obj, now),
        stated(obj, "spec", "volumeMode", otherwise="Filesystem"),
    )


@release_table(
    "",
    "PersistentVolumeClaim",
    columns=(
        NAME,
        Column("Status", description="Whether it has got a volume."),
        Column("Volume", description="The volume it is bound to."),
        Column("Capacity", description="The volume's size."),
        Column("Access Modes", description="How the volume can be mounted."),
        Column("StorageClass", description="The class it asks for."),
        Column("VolumeAttributesClass", description="The class of attributes it asks for.", since=29),
        AGE,
        _MODE,
    ),
)
def persistent_volume_claim(obj: Object, now: datetime, release: Release) -> Cells:
    """A claim. One that no controller has touched is stored without a phase, and served as Pending."""
    volume = text(obj, "spec", "volumeName")
    return (
        name_of(obj),
        _phase(obj),
        volume,
        _storage(dig(obj, "status", "capacity")) if volume else "",
        _modes(items(obj, "status", "accessModes"), release) if volume else "",
        storage_class(obj),
        stated(obj, "spec", "volumeAttributesClassName", otherwise=UNSET),
        created(obj, now),
        stated(obj, "spec", "volumeMode", otherwise="Filesystem"),
    )


def _modes(modes: list[Any], release: Release) -> str:
    """ReadWriteOncePod is known since 1.22."""
    return access_modes(modes if release >= Release(1, 22) else [m for m in modes if m != "ReadWriteOncePod"])


def storage_class(obj: Object) -> str:
    """The class of a volume or a claim: an annotation once, a field since."""
    annotation = dig(obj, "metadata", "annotations", _CLASS_ANNOTATION)
    return annotation if isinstance(annotation, str) else text(obj, "spec", "storageClassName")


def _phase(obj: Object) -> str:
    return "Terminating" if deleting(obj) else text(obj, "status", "phase") or "Pending"


def _storage(capacity: object) -> str:
    return text(capacity, "storage") or "0"
