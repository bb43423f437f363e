"""Volumes, claims and classes; config maps and secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from etcdview.describe.sections import Field, Section, Text, field, fields, named, show, table
from etcdview.kube.fields import dig, items, mapping, text
from etcdview.relations.model import Object
from etcdview.relations.severity import severity_of
from etcdview.relations.states import state_of
from etcdview.tables.core_volumes import storage_class as class_of
from etcdview.tables.texts import access_modes

_NOT_SOURCES = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)


def claim(obj: Object, now: datetime) -> Iterator[Section]:
    """A claim on a volume."""
    spec = mapping(obj, "spec")
    state = state_of(obj, now)
    yield fields(
        "Claim",
        Field("Status", state.text, severity=severity_of(obj, now)),
        named("Volume", "", "PersistentVolume", "", text(spec, "volumeName")),
        named("Class", "storage.k8s.io", "StorageClass", "", class_of(obj)),
        field("Asked for", dig(spec, "resources", "requests", "storage")),
        field("Got", dig(obj, "status", "capacity", "storage")),
        field("Access modes", access_modes(items(spec, "accessModes"))),
        field("Mode", spec.get("volumeMode")),
        field("Made from", spec.get("dataSourceRef") or spec.get("dataSource")),
    )


def volume(obj: Object, now: datetime) -> Iterator[Section]:
    """A volume."""
    spec = mapping(obj, "spec")
    state = state_of(obj, now)
    bound = dig(spec, "claimRef")
    yield fields(
        "Volume",
        Field("Status", state.text, severity=severity_of(obj, now)),
        named("Claim", "", "PersistentVolumeClaim", text(bound, "namespace"), text(bound, "name")),
        named("Class", "storage.k8s.io", "StorageClass", "", class_of(obj)),
        field("Capacity", dig(spec, "capacity", "storage")),
        field("Access modes", access_modes(items(spec, "accessModes"))),
        field("Reclaim policy", spec.get("persistentVolumeReclaimPolicy")),
        field("Mode", spec.get("volumeMode")),
        field("Reason", dig(obj, "status", "reason")),
        field("Message", dig(obj, "status", "message")),
    )
    sources = ((kind, show(source)) for kind, source in spec.items() if kind not in _NOT_SOURCES)
    yield table("Source", ("Kind", "Where"), sources)


def storage_class(obj: Object, now: datetime) -> Iterator[Section]:
    """A storage class."""
    yield fields(
        "Class",
        field("Provisioner", obj.get("provisioner")),
        field("Reclaim policy", obj.get("reclaimPolicy")),
        field("Binding", obj.get("volumeBindingMode")),
        field("Claims may grow", obj.get("allowVolumeExpansion")),
        field("Mount options", obj.get("mountOptions")),
        field("Parameters", obj.get("parameters")),
    )


def config_map(obj: Object, now: datetime) -> Iterator[Section]:
    """A config map: its texts, and the sizes of what is binary."""
    data, binary = sorted(mapping(obj, "data").items()), sorted(mapping(obj, "binaryData").items())
    yield fields("Config map", field("Immutable", obj.get("immutable")))
    note = "" if data or binary else "It holds nothing."
    yield Section("Entries", texts=tuple(Text(name, show(value)) for name, value in data), note=note)
    yield table("Binary entries", ("Name", "Size"), ((name, f"{_decoded_size(value)} bytes") for name, value in binary))


def secret(obj: Object, now: datetime) -> Iterator[Section]:
    """A secret: the names and sizes of its entries; a masked value says its size itself."""
    yield fields("Secret", field("Type", obj.get("type")), field("Immutable", obj.get("immutable")))
    rows = ((name, _masked(value)) for name, value in sorted(mapping(obj, "data").items()))
    yield table("Entries", ("Name", "Value"), rows)


def _masked(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith("•") else f"{_decoded_size(value)} bytes"


def _decoded_size(value: Any) -> int:
    encoded = str(value).rstrip("=")
    return len(encoded) * 3 // 4
