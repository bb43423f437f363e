"""Structs whose JSON form is their own (MarshalJSON in Go), by name; read from parsed messages.

Sources: k8s.io/apimachinery pkg/apis/meta/v1 (time.go, micro_time.go, helpers.go), pkg/runtime/extension.go,
pkg/util/intstr, pkg/api/resource; k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1/marshal.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etcdview.codec import cbor, rawjson
from etcdview.codec.scalars import ZERO_TIME_SECONDS, rfc3339, rfc3339_micro
from etcdview.errors import DecodeError

# First bytes of FieldsV1 that are CBOR: maps, and tags around one.
_CBOR_FIRST = (*range(0xA0, 0xC0), *range(0xC6, 0xDC), 0xF6)


def time(message: Any) -> str | None:
    """metav1.Time: whole seconds; nothing on the wire, or Go's zero time, is null."""
    seconds = message.f1
    if seconds == ZERO_TIME_SECONDS or (not seconds and not message.ByteSize()):
        return None
    return rfc3339(seconds)


def micro_time(message: Any) -> str | None:
    """metav1.MicroTime: always six digits."""
    seconds, nanos = message.f1, message.f2
    if (seconds == ZERO_TIME_SECONDS and not nanos) or (not seconds and not message.ByteSize()):
        return None
    return rfc3339_micro(seconds, nanos)


def quantity(message: Any) -> str:
    """resource.Quantity: the stored text."""
    return message.f1 or "0"


def int_or_string(message: Any) -> int | str:
    """intstr.IntOrString: type 1 is the string."""
    value: int | str = message.f3 if message.f1 == 1 else message.f2
    return value


def raw(message: Any) -> Any:
    """FieldsV1, RawExtension and apiextensions' JSON: JSON, or CBOR by its first byte; nothing is null."""
    held: bytes = message.f1
    return parsed(held)


def parsed(held: bytes) -> Any:
    """The value in such bytes. Raises DecodeError."""
    if not held:
        return None
    if held.startswith(cbor.SELF_DESCRIBED) or held[0] in _CBOR_FIRST:
        return cbor.parse(held)
    return rawjson.parse(held)


def raw_or_null(message: Any) -> Any:
    """As raw, but null for what cannot be read: for what is shown beside the error."""
    try:
        return raw(message)
    except DecodeError:
        return None


READERS: dict[str, Callable[[Any], Any]] = {
    "apis/meta/v1.Time": time,
    "apis/meta/v1.MicroTime": micro_time,
    "apis/meta/v1.FieldsV1": raw,
    "api/resource.Quantity": quantity,
    "util/intstr.IntOrString": int_or_string,
    "runtime.RawExtension": raw,
    "apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": raw,
    "apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.JSON": raw,
}
LENIENT_READERS: dict[str, Callable[[Any], Any]] = {
    name: raw_or_null if reader is raw else reader for name, reader in READERS.items()
}
