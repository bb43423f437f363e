"""Takes fields of parsed messages by their JSON paths, without making dicts of what they stand in."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from etcdview.codec.protobuf.schema import Schema


def getter(schema: Schema, name: str, *paths: str) -> attrgetter[Any]:
    """What takes fields of a parsed message of the struct, absent ones as their zero. Raises KeyError as below."""
    return attrgetter(*[attributes(schema, schema.named(name), path) for path in paths])


def attributes(schema: Schema, number: int, path: str) -> str:
    """The path in the attributes of parsed messages, which are called by their numbers (descriptors.py).

    Raises KeyError where there is no such field, or what it stands in is a list.
    """
    first, _, rest = path.partition(".")
    field = {f.name: f for f in schema.struct(number).fields}[first]
    if not rest:
        return f"f{field.number}"
    if field.repeated or field.message < 0:
        raise KeyError(path)
    return f"f{field.number}.{attributes(schema, field.message, rest)}"
