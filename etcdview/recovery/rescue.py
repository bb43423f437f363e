"""What an object of a backup needs to be of use once it is stored again, and what becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from etcdview.kube.crds import Definitions
from etcdview.kube.fields import dig, items, mapping, text
from etcdview.kube.keys import KeySpace, ObjectKey
from etcdview.kube.resources import BY_PREFIX
from etcdview.recovery.noise import noise_type

Bond = Literal["namespace", "CRD", "volume", "owner"]
_NAMESPACES = BY_PREFIX["namespaces"]
_VOLUMES = BY_PREFIX["persistentvolumes"]
_CRDS = BY_PREFIX["apiextensions.k8s.io/customresourcedefinitions"]


@dataclass(frozen=True, slots=True)
class Need:
    """The key of another object that one needs; `uid` is the one that it must have, "" for any."""

    key: bytes
    bond: Bond
    uid: str = ""


@dataclass(frozen=True, slots=True)
class RescueItem:
    """A key of the backup to bring back. `for_key` is the one that needs it; b"" for one that was chosen.

    `deleting`: its deletion had begun. `encrypted`: its value is, at rest.
    """

    key: bytes
    object_key: ObjectKey
    uid: str
    needs: tuple[Need, ...]
    deleting: bool = False
    encrypted: bool = False
    for_key: bytes = b""
    bond: str = ""


def rescuable(object_key: ObjectKey | None) -> bool:
    """Whether a key is worth bringing back: no lease, no event, nothing of the API server's own."""
    return object_key is not None and object_key.resource.served and not noise_type(object_key)


def needs_of(
    keyspace: KeySpace, definitions: Definitions, object_key: ObjectKey, obj: Mapping[str, Any]
) -> Iterator[Need]:
    """What must be there for the object to be served, and not to be deleted by garbage collection."""
    if object_key.namespace:
        yield Need(keyspace.key(_NAMESPACES, "", object_key.namespace), "namespace")
    if not object_key.resource.builtin:
        yield Need(keyspace.key(_CRDS, "", object_key.resource.qualified), "CRD")
    volume = text(obj, "spec", "volumeName")
    if object_key.resource.prefix == "persistentvolumeclaims" and volume:
        yield Need(keyspace.key(_VOLUMES, "", volume), "volume")
    for owner in items(obj, "metadata", "ownerReferences"):
        resource = definitions.by_kind(text(owner, "apiVersion"), text(owner, "kind"))
        if resource is not None and text(owner, "name"):
            namespace = object_key.namespace if resource.namespaced else ""
            yield Need(keyspace.key(resource, namespace, text(owner, "name")), "owner", text(owner, "uid"))


def uid_of(obj: Mapping[str, Any]) -> str:
    """metadata.uid, "" where there is none."""
    return text(mapping(obj, "metadata"), "uid")


def is_being_deleted(obj: Mapping[str, Any]) -> bool:
    """Whether its deletion had begun: it goes on once the object is back."""
    return dig(obj, "metadata", "deletionTimestamp") is not None
