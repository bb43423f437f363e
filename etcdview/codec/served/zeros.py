"""Fields that the release has and the writer did not know: Go serves them as zero where they have no omitempty."""

from __future__ import annotations

from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.protobuf import special
from etcdview.codec.protobuf.schema import Schema, SchemaField, Struct

_SCALARS: dict[str, Any] = {"s": "", "b": False}
_NULL = ("apis/meta/v1.Time", "apis/meta/v1.MicroTime", "runtime.RawExtension")


def fill(schema: Schema, obj: Object) -> None:
    """Add them to an object of a built-in kind, in place; custom resources have no such fields."""
    number = schema.find(str(obj.get("apiVersion")), str(obj.get("kind")))
    if number is not None:
        _fill(schema, schema.struct(number), obj)


def _fill(schema: Schema, struct: Struct, obj: Object) -> None:
    for field in struct.fields:
        if field.inline:
            if field.always_written or _any_of(schema, field, obj):
                _fill(schema, schema.struct(field.message), obj)
        elif field.name in obj:
            for inner in _inner(field, obj[field.name]):
                _descend(schema, field, inner)
        elif field.known and field.always_written and _is_shown_when_zero(field):
            obj[field.name] = _zero(schema, field)


def _is_shown_when_zero(field: SchemaField) -> bool:
    """omitempty hides a zero scalar, but no struct; omitzero hides both."""
    return not field.omitzero and (field.message >= 0 or not field.omitempty)


def _descend(schema: Schema, field: SchemaField, value: Any) -> None:
    struct = schema.struct(field.message)
    if isinstance(value, dict) and not struct.custom and struct.name not in special.READERS:
        _fill(schema, struct, value)


def _inner(field: SchemaField, value: Any) -> list[Any]:
    """The messages in the field's value."""
    if field.message < 0:
        return []
    if field.repeated:
        return value if isinstance(value, list) else []
    if field.map_key:
        return list(value.values()) if isinstance(value, dict) else []
    return [value]


def _any_of(schema: Schema, field: SchemaField, obj: Object) -> bool:
    return any(inner.name in obj for inner in schema.struct(field.message).fields)


def _zero(schema: Schema, field: SchemaField) -> Any:
    if field.message < 0:
        return _SCALARS.get(field.scalar, 0)
    struct = schema.struct(field.message)
    if struct.name in _NULL:
        return None
    if struct.name == "api/resource.Quantity":
        return "0"
    if struct.name == "util/intstr.IntOrString":
        return 0
    zero: Object = {}
    _fill(schema, struct, zero)
    for inner in struct.fields:
        if inner.nullable:
            zero[inner.name] = None
    return zero
