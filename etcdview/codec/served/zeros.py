"""Fields that the release has and the writer did not know: Go serves them as zero where they have no omitempty."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from etcdview.codec.model import Object
from etcdview.codec.protobuf import special
from etcdview.codec.protobuf.schema import Schema, SchemaField

_SCALARS: dict[str, Any] = {"s": "", "b": False}
_NULL = ("apis/meta/v1.Time", "apis/meta/v1.MicroTime", "runtime.RawExtension")


class _Step(NamedTuple):
    """What is done about one field: a zero where it is absent, or something within `struct` where it is there."""

    name: str
    field: SchemaField
    zero: bool
    struct: int  # -1 where nothing within can be absent


def fill(schema: Schema, obj: Object) -> None:
    """Add them to an object of a built-in kind, in place; custom resources have no such fields."""
    number = schema.find(str(obj.get("apiVersion")), str(obj.get("kind")))
    if number is not None:
        fill_struct(schema, number, obj)


def fill_struct(schema: Schema, number: int, obj: Object) -> None:
    """The same for what the struct of that number became."""
    for name, field, zero, struct in _steps(schema, number):
        if field.inline:
            if field.always_written or _any_of(schema, field, obj):
                fill_struct(schema, field.message, obj)
        elif name in obj:
            if struct >= 0:
                for inner in _inner(field, obj[name]):
                    if isinstance(inner, dict):
                        fill_struct(schema, struct, inner)
        elif zero:
            obj[name] = _zero(schema, field)


@functools.lru_cache(maxsize=8192)
def _steps(schema: Schema, number: int) -> tuple[_Step, ...]:
    steps = []
    for field in schema.struct(number).fields:
        zero = field.known and field.always_written and _is_shown_when_zero(field)
        within = field.message if _may_lack(schema, field.message, frozenset()) else -1
        if field.inline or zero or within >= 0:
            steps.append(_Step(field.name, field, zero, within))
    return tuple(steps)


def _may_lack(schema: Schema, number: int, outer: frozenset[int]) -> bool:
    """Whether something can be absent in the struct of that number, or within it."""
    if number < 0:
        return False
    struct = schema.struct(number)
    if struct.custom or struct.name in special.READERS:
        return False
    if number in outer:  # it holds itself
        return True
    return any(
        (field.known and field.always_written and _is_shown_when_zero(field))
        or _may_lack(schema, field.message, outer | {number})
        for field in struct.fields
    )


def _is_shown_when_zero(field: SchemaField) -> bool:
    """omitempty hides a zero scalar, but no struct; omitzero hides both."""
    return not field.omitzero and (field.message >= 0 or not field.omitempty)


def _inner(field: SchemaField, value: Any) -> list[Any]:
    """The messages in the field's value."""
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
    fill_struct(schema, field.message, zero)
    for inner in struct.fields:
        if inner.nullable:
            zero[inner.name] = None
    return zero
