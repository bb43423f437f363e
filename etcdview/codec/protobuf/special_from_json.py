"""The way back of custom.py: JSON forms that are their own -> their messages. ValueError where it is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etcdview.codec import rawjson
from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.schema import Struct
from etcdview.codec.scalars import parse_time


def time(value: Any) -> bytes:
    """metav1.Time: whole seconds, nothing for null."""
    if value is None:
        return b""
    seconds, _ = parse_time(value)
    return _stamp(seconds, 0)


def micro_time(value: Any) -> bytes:
    """metav1.MicroTime: microseconds, nothing for null."""
    if value is None:
        return b""
    seconds, nanos = parse_time(value)
    return _stamp(seconds, nanos - nanos % 1000)


def _stamp(seconds: int, nanos: int) -> bytes:
    return wire.tag(1, wire.VARINT) + wire.encode_varint(seconds) + wire.tag(2, wire.VARINT) + wire.encode_varint(nanos)


def quantity(value: Any) -> bytes:
    """resource.Quantity: the text as it is."""
    return wire.text(1, "0" if value is None else str(value))


def int_or_string(value: Any) -> bytes:
    """intstr.IntOrString: all three fields, whichever holds."""
    is_text = isinstance(value, str)
    number = 0 if is_text or value is None else value
    if not isinstance(number, int) or isinstance(number, bool) or not -(1 << 31) <= number < 1 << 31:
        raise ValueError("it is neither a string nor an integer of 32 bits")
    varint = wire.VARINT
    return (
        wire.tag(1, varint)
        + wire.encode_varint(int(is_text))
        + wire.tag(2, varint)
        + wire.encode_varint(number)
        + wire.text(3, value if is_text else "")
    )


def raw(value: Any) -> bytes:
    """FieldsV1, RawExtension, apiextensions' JSON: the JSON as Go writes it, nothing for null."""
    return b"" if value is None else wire.delimited(1, rawjson.dump(value).encode("utf-8"))


def choice(struct: Struct, value: Any) -> dict[str, Any]:
    """JSONSchemaPropsOrBool, OrArray, OrStringArray as the fields that they have in Go."""
    if isinstance(value, bool):
        return {"Allows": value}
    if isinstance(value, list):
        return {next(f.name for f in struct.fields if f.repeated): value}
    allows = {"Allows": True} if any(f.name == "Allows" for f in struct.fields) else {}
    return {"Schema": value, **allows} if value is not None else {}


WRITERS: dict[str, Callable[[Any], bytes]] = {
    "apis/meta/v1.Time": time,
    "apis/meta/v1.MicroTime": micro_time,
    "apis/meta/v1.FieldsV1": raw,
    "api/resource.Quantity": quantity,
    "util/intstr.IntOrString": int_or_string,
    "runtime.RawExtension": raw,
    "apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": raw,
    "apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.JSON": raw,
}
