"""Which field a number means inside which message: what the hand-made walks over the wire share."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.schema import Schema, SchemaField

Fields = Mapping[int, SchemaField]


@functools.lru_cache(maxsize=4096)
def fields(schema: Schema, struct: int) -> Fields:
    """The struct's fields by number."""
    return {field.number: field for field in schema.struct(struct).fields}


def inner(schema: Schema, field: SchemaField) -> Fields | None:
    """What is inside the field's value; None for anything but a message. An entry of a map is one, of two fields."""
    if field.map_key:
        return _entry(field)
    return fields(schema, field.message) if field.message >= 0 else None


def fits(field: SchemaField, wire_type: int) -> bool:
    """Whether the parser takes the wire type for the field; else the value is unknown to it."""
    if field.map_key or field.message >= 0 or field.scalar in "sy":
        return wire_type == wire.BYTES
    own = wire.FIXED64 if field.scalar == "d" else wire.FIXED32 if field.scalar == "f" else wire.VARINT
    return wire_type == own or (field.repeated and wire_type == wire.BYTES)


@functools.lru_cache(maxsize=1024)
def _entry(field: SchemaField) -> Fields:
    plain = replace(field, map_key="")
    return {
        1: replace(plain, number=1, name="key", scalar=field.map_key, message=-1),
        2: replace(plain, number=2, name="value"),
    }
