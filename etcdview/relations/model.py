"""How relations are told: an object's reference, what it names, and what is related to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from etcdview.kube.fields import text
from etcdview.kube.resources import current_group
from etcdview.kube.selectors import LabelSelector

Object = Mapping[str, Any]
Direction = Literal["out", "in"]
Health = Literal["healthy", "unhealthy", "unknown"]


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An object's identity: its API group ("" for core), kind, namespace ("" for none) and name."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """What one object names. `relation` is a key of RELATIONS.

    `uid` is set where the object says which one it means: another of the same name is not it. `optional`: it may
    be absent.
    """

    relation: str
    ref: Ref
    uid: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """What one object selects by labels: all objects of a kind in a namespace."""

    relation: str
    group: str
    kind: str
    namespace: str
    selector: LabelSelector


def health(healthy: bool | None) -> Health:
    """The word for it; "unknown" for an object that is neither healthy nor unhealthy."""
    if healthy is None:
        return "unknown"
    return "healthy" if healthy else "unhealthy"


@dataclass(frozen=True, slots=True)
class State:
    """How an object is, in a word or two. `healthy` is None for one that is neither."""

    text: str = ""
    healthy: bool | None = None

    @property
    def health(self) -> Health:
        """`healthy` in a word, for lists and programs."""
        return health(self.healthy)


@dataclass(frozen=True, slots=True)
class Related:
    """Something related to an object. `direction` "out": the object names or selects it; "in": it is the other way.

    `words` say the relation as seen from the object. `missing`: it is named, and does not exist. `known` is false
    where its kind was not read, so that nobody can tell.
    """

    relation: str
    words: str
    direction: Direction
    ref: Ref
    state: State
    missing: bool = False
    known: bool = True


# relation -> (seen from the one that names, seen from the one that is named)
RELATIONS: dict[str, tuple[str, str]] = {
    "owner": ("owned by", "owns"),
    "node": ("runs on", "runs"),
    "identity": ("acts as", "identity of"),
    "claim": ("mounts", "mounted by"),
    "keeps": ("keeps data in", "keeps data of"),
    "volume": ("bound to", "bound to"),
    "class": ("of class", "class of"),
    "config": ("reads", "read by"),
    "secret": ("reads", "read by"),
    "pull": ("pulls images with", "pulls images for"),
    "selects": ("selects", "selected by"),
    "slice": ("endpoints of", "has its endpoints in"),
    "names": ("has its names from", "gives names to"),
    "endpoint": ("leads to", "reached through"),
    "role": ("gives", "given by"),
    "subject": ("gives to", "is given by"),
    "about": ("about", "told of by"),
    "scales": ("scales", "scaled by"),
    "guards": ("guards", "guarded by"),
    "limits": ("limits traffic of", "traffic limited by"),
    "routes": ("routes to", "reached through"),
    "calls": ("calls", "called by"),
    "attaches": ("attaches", "attached by"),
    "devices": ("uses devices of", "devices used by"),
    "policy": ("puts in force", "put in force by"),
    "level": ("gets", "given to"),
    "address": ("address of", "has the address"),
    "source": ("made from", "source of"),
    "definition": ("defined by", "defines"),
}


def ref_of(obj: Object) -> Ref:
    """The identity of an object, from its apiVersion, kind and metadata."""
    return Ref(*kind_of(obj), text(obj, "metadata", "namespace"), text(obj, "metadata", "name"))


def kind_of(obj: Any) -> tuple[str, str]:
    """Group and kind of an object, or of a reference that has both; whatever old group it is stored in."""
    kind = text(obj, "kind")
    return current_group(text(obj, "apiVersion"), kind), kind
