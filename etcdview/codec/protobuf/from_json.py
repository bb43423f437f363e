"""Objects -> protobuf messages, byte for byte as Go's generated Marshal methods write them.

Fields in ascending order, map entries by key; every scalar and struct that is not a pointer is written even when zero,
if the release has it.
"""

from __future__ import annotations

import base64
import struct as packing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from etcdview.codec.protobuf import special_from_json, wire
from etcdview.codec.protobuf.schema import Schema, SchemaField, Struct
from etcdview.errors import EncodeError
from etcdview.kube.reasons import json_type, reason

_BOUNDS = {"i": (-(1 << 31), 1 << 31), "l": (-(1 << 63), 1 << 63), "u": (0, 1 << 32), "U": (0, 1 << 64)}
_WIRE_TYPES = {"s": wire.BYTES, "y": wire.BYTES, "d": wire.FIXED64, "f": wire.FIXED32}
_ZEROS: dict[str, Any] = {"s": "", "y": "", "b": False, "d": 0.0, "f": 0.0}
_HEAD = frozenset(("apiVersion", "kind"))


class Writer:
    """Writes messages as one release's table has them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def message(self, number: int, obj: Mapping[str, Any]) -> bytes:
        """The kind's message, without envelope. Raises EncodeError that names the field."""
        struct = self._schema.struct(number)
        self._check_names(struct, obj, "", _HEAD)
        return self._fields(struct, obj, "")

    def _fields(self, struct: Struct, obj: Mapping[str, Any], path: str) -> bytes:
        ordered = sorted(struct.fields, key=lambda f: f.number)
        return b"".join(part for f in ordered for part in self._field(f, obj, path))

    def _field(self, f: SchemaField, obj: Mapping[str, Any], path: str) -> Iterator[bytes]:
        value = obj if f.inline else obj.get(f.name)
        here = path if f.inline else f"{path}.{f.name}" if path else f.name
        if f.map_key:
            entries = _of(dict, value, here)
            for key in sorted(entries, key=_utf8):
                yield wire.delimited(f.number, self._entry(f, key, entries[key], f"{here}.{key}"))
        elif f.repeated:
            for i, item in enumerate(_of(list, value, here)):
                yield self._one(f, f.number, item, f"{here}[{i}]")
        elif value is not None or (f.always_written and f.known and not self._schema.is_wrapped(f)):
            if f.inline and not f.known:
                return
            yield self._one(f, f.number, value, here)

    def _entry(self, f: SchemaField, key: str, value: Any, path: str) -> bytes:
        return wire.text(1, key) + self._one(f, 2, value, path)

    def _one(self, f: SchemaField, number: int, value: Any, path: str) -> bytes:
        """One value with its tag; None is zero."""
        if f.message >= 0:
            return wire.delimited(number, self._nested(f, value, path))
        held = _ZEROS.get(f.scalar, 0) if value is None else value
        return wire.tag(number, _WIRE_TYPES.get(f.scalar, wire.VARINT)) + _scalar(f.scalar, held, path)

    def _nested(self, f: SchemaField, value: Any, path: str) -> bytes:
        struct = self._schema.struct(f.message)
        special = special_from_json.WRITERS.get(struct.name)
        if special is not None:
            try:
                return special(value)
            except (ValueError, TypeError) as error:
                raise EncodeError(f"{path} cannot be stored: {_why(error)}.") from error
        if struct.wrapped:
            (inner,) = struct.fields
            held = _of(dict if inner.map_key else list, value, path)
            return self._fields(struct, {inner.name: held}, path)
        if struct.custom:
            value = special_from_json.choice(struct, value)
        obj = _of(dict, value, path)
        if not f.inline:
            self._check_names(struct, obj, path)
        return self._fields(struct, obj, path)

    def _check_names(
        self, struct: Struct, obj: Mapping[str, Any], path: str, besides: frozenset[str] = frozenset()
    ) -> None:
        """Nothing is dropped silently."""
        unknown = set(obj) - self._names(struct) - besides
        if unknown:
            where = f"{path}.{min(unknown)}" if path else min(unknown)
            raise EncodeError(
                f"No release that etcdview knows has a field {where[:200]}.", "Correct its name, or leave it out."
            )

    def _names(self, struct: Struct) -> set[str]:
        names: set[str] = set()
        for f in struct.fields:
            names |= self._names(self._schema.struct(f.message)) if f.inline else {f.name}
        return names


def _of(kind: type, value: Any, path: str) -> Any:
    """The value, an empty one for None. Raises EncodeError where it is of another kind."""
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise EncodeError(f"{path} is {json_type(value)}, not {json_type(kind())}.")
    return value


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _scalar(scalar: str, value: Any, path: str) -> bytes:
    try:
        return _SCALARS[scalar](scalar, value)
    except (ValueError, TypeError, packing.error, OverflowError) as error:
        raise EncodeError(f"{path} cannot be stored: {_why(error)}.") from error


def _why(error: Exception) -> str:
    return "it is not a number of that size" if isinstance(error, packing.error | OverflowError) else reason(error)


def _text(_: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("it is not a string")
    return _counted(value.encode("utf-8"))


def _bytes(_: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("it is not base64")
    return _counted(base64.b64decode(value, validate=True))


def _counted(raw: bytes) -> bytes:
    return wire.encode_varint(len(raw)) + raw


def _bool(_: str, value: Any) -> bytes:
    if not isinstance(value, bool):
        raise ValueError("it is not a boolean")
    return b"\x01" if value else b"\x00"


def _int(scalar: str, value: Any) -> bytes:
    low, high = _BOUNDS[scalar]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value < high:
        raise ValueError("it is not an integer of that size")
    return wire.encode_varint(value)


def _float(scalar: str, value: Any) -> bytes:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("it is not a number")
    return packing.pack("<d" if scalar == "d" else "<f", value)


_SCALARS: dict[str, Callable[[str, Any], bytes]] = {
    "s": _text,
    "y": _bytes,
    "b": _bool,
    "d": _float,
    "f": _float,
    **dict.fromkeys(_BOUNDS, _int),
}
