"""What a stored value says of an object beside its content: metadata, sizes of its parts, and how it is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from etcdview.codec.model import Decoded, Object, StorageFormat
from etcdview.codec.scalars import parse_time
from etcdview.errors import DecryptError
from etcdview.kube.fields import items, managers, mapping, text

# What `kubectl apply` keeps of the object as it was applied: often as large as the object itself.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
DATA = ("data", "binaryData")
HOLDS_DATA = frozenset({("v1", "ConfigMap"), ("v1", "Secret")})


WantsBody = Callable[[str, str], bool]  # whether the object itself is wanted, by apiVersion and kind


class Owner(NamedTuple):
    """An entry of metadata.ownerReferences."""

    uid: str
    controller: bool = False


_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Outline(NamedTuple):
    """One stored value in outline. Times are Unix seconds, None where there are none; sizes are bytes.

    There are millions of them: a tuple takes a third of the time of a frozen dataclass.

    `error` says why the value cannot be decoded, "" where it can; `locked`: because it cannot be decrypted.
    `annotation_bytes` is without the last applied configuration. `manager` is the field manager that wrote last, at
    `managed_at`. `node` is spec.nodeName. `body` is what decides the state of the object, or all of it; None where it
    was not requested, or cannot be decoded. `shared`: it is one dict for all objects that are alike in this.
    """

    storage: StorageFormat
    error: str = ""
    locked: bool = False
    name: str = ""
    namespace: str = ""
    uid: str = ""
    created: int | None = None
    deleted: int | None = None
    labels: Mapping[str, str] = _NO_LABELS
    finalizers: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()
    managed_bytes: int = 0
    annotation_bytes: int = 0
    last_applied_bytes: int = 0
    data_bytes: int = 0
    manager: str = ""
    managed_at: int | None = None
    node: str = ""
    body: Object | None = None
    shared: bool = False


def of_decoded(decoded: Decoded) -> Outline:
    """The outline of a value that was decoded whole: JSON, CBOR, and what is known of a damaged one."""
    obj = decoded.object if decoded.object is not None else decoded.partial
    error = "" if decoded.object is not None else (decoded.error.what if decoded.error else "unknown")
    locked = isinstance(decoded.error, DecryptError)
    if obj is None:
        return Outline(decoded.storage, error, locked)
    manager, managed_at = _last_manager(obj)
    annotations = mapping(obj, "metadata", "annotations")
    last_applied = annotations.get(LAST_APPLIED)
    in_last_applied = _size(last_applied) + len(LAST_APPLIED) if last_applied is not None else 0
    return Outline(
        decoded.storage,
        error,
        locked,
        name=text(obj, "metadata", "name"),
        namespace=text(obj, "metadata", "namespace"),
        uid=text(obj, "metadata", "uid"),
        created=seconds_of(text(obj, "metadata", "creationTimestamp")),
        deleted=seconds_of(text(obj, "metadata", "deletionTimestamp")),
        labels={k: v for k, v in mapping(obj, "metadata", "labels").items() if isinstance(v, str)},
        finalizers=tuple(str(f) for f in items(obj, "metadata", "finalizers")),
        owners=tuple(_owner(o) for o in items(obj, "metadata", "ownerReferences") if isinstance(o, dict)),
        managed_bytes=_json_size(managers(obj)),
        annotation_bytes=sum(byte_size(k) + _size(v) for k, v in annotations.items()) - in_last_applied,
        last_applied_bytes=in_last_applied,
        data_bytes=_data_size(obj),
        manager=manager,
        managed_at=managed_at,
        node=text(obj, "spec", "nodeName"),
        body=decoded.object,
    )


def seconds_of(moment: str) -> int | None:
    """An RFC 3339 time as Unix seconds; None for none, and for what is not one."""
    if not moment:
        return None
    try:
        return parse_time(moment)[0]
    except ValueError:
        return None


def _owner(reference: Mapping[str, Any]) -> Owner:
    return Owner(text(reference, "uid"), reference.get("controller") is True)


def _last_manager(obj: Object) -> tuple[str, int | None]:
    name, last = "", 0
    for entry in managers(obj):  # of several in one second the last one in the list
        at = seconds_of(text(entry, "time")) or 0
        if at >= last:
            name, last = text(entry, "manager"), at
    return name, last or None


def byte_size(value: str | bytes) -> int:
    """How many bytes a text or bytes take."""
    if isinstance(value, bytes) or value.isascii():
        return len(value)
    return len(value.encode("utf-8", "surrogatepass"))


def _json_size(value: Any) -> int:
    return byte_size(json.dumps(value, separators=(",", ":"), ensure_ascii=False)) if value else 0


def _size(value: Any) -> int:
    return byte_size(value) if isinstance(value, str) else _json_size(value)


def _data_size(obj: Object) -> int:
    """Of the kinds that hold data; a Secret's is in base64, which makes three bytes four."""
    if (text(obj, "apiVersion"), text(obj, "kind")) not in HOLDS_DATA:
        return 0
    return sum(byte_size(k) + _size(v) for part in DATA for k, v in mapping(obj, part).items())
