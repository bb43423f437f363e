"""Parsed messages -> JSON, by a plan for each struct that is made once.

What is present is emitted (docs/decoding.md): Go's writer puts on the wire every field that it knows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from etcdview.codec.protobuf import special
from etcdview.codec.protobuf.descriptors import Pool
from etcdview.codec.protobuf.schema import Schema, SchemaField, Struct
from etcdview.codec.scalars import number, to_base64

Convert = Callable[[Any], Any]


@dataclass(slots=True)
class StructPlan:
    """How one struct becomes a dict: `steps` by field descriptor, `nulls` for what is null when absent.

    A step is (JSON name, converter or None for as it is, whether a zero is emitted); the name "" spreads an
    inline struct.
    """

    steps: dict[Any, tuple[str, Convert | None, bool]] = field(default_factory=dict)
    nulls: tuple[str, ...] = ()

    def object(self, message: Message) -> dict[str, Any]:
        """The message as a dict."""
        out: dict[str, Any] = {}
        steps = self.steps
        for descriptor, value in message.ListFields():
            name, convert, zero = steps[descriptor]
            if convert is not None:
                value = convert(value)
                if not name:
                    out.update(value)
                    continue
            if value or zero:
                out[name] = value
        for name in self.nulls:
            if name not in out:
                out[name] = None
        return out


class Plans:
    """The plans of one schema. Made when first asked for; safe from any thread.

    `lenient` plans show what they can of a message whose raw JSON is broken; `readers` read some structs in other ways.
    """

    def __init__(
        self,
        schema: Schema,
        pool: Pool,
        *,
        lenient: bool = False,
        readers: Mapping[str, Convert] | None = None,
    ) -> None:
        self._schema = schema
        self._pool = pool
        self._readers = (special.LENIENT_READERS if lenient else special.READERS) | dict(readers or {})
        self._lock = threading.Lock()  # guards _made; what is in _ready is whole, and read without it
        self._made: dict[int, StructPlan] = {}
        self._ready: dict[int, StructPlan] = {}

    def plan(self, number: int) -> StructPlan:
        """The plan of the struct."""
        ready = self._ready.get(number)
        if ready is not None:
            return ready
        with self._lock:
            made = self._make(number)
            self._ready.update(self._made)
            return made

    def message(self, number: int) -> type[Message]:
        """The class that parses the struct, as far as the schema has it."""
        return self._pool.message(number)

    def read(self, number: int, raw: bytes) -> dict[str, Any]:
        """The struct's message in these bytes as a dict. Raises google.protobuf.message.DecodeError, and ours."""
        return self.plan(number).object(self._pool.message(number).FromString(raw))

    def parts(self, number: int, raw: bytes) -> bytes:
        """What the schema has of the struct's message in these bytes, written again: equal where that is equal.

        Raises google.protobuf.message.DecodeError.
        """
        message = self._pool.message(number).FromString(raw)
        message.DiscardUnknownFields()
        return message.SerializeToString()

    def _make(self, number: int) -> StructPlan:
        made = self._made.get(number)
        if made is None:
            # Into the table before it is filled: JSONSchemaProps holds itself.
            made = self._made[number] = StructPlan()
            self._fill(made, self._schema.struct(number))
        return made

    def _fill(self, plan: StructPlan, struct: Struct) -> None:
        descriptor = self._pool.message(struct.number).DESCRIPTOR
        for f in struct.fields:
            plan.steps[descriptor.fields_by_number[f.number]] = self._step(f)
        plan.nulls = tuple(f.name for f in struct.fields if not f.inline and self._schema.is_nullable(f))

    def _step(self, f: SchemaField) -> tuple[str, Convert | None, bool]:
        one = self._one(f)
        if f.map_key:
            return f.name, _mapped(one), False
        if f.repeated:
            return f.name, _listed(one), False
        if f.inline:
            return "", one, True
        if f.omitzero:
            return f.name, one, False
        return f.name, one, f.pointer or not f.omitempty or f.message >= 0

    def _one(self, f: SchemaField) -> Convert | None:
        """The converter of a single value; None where it is JSON already."""
        if f.scalar:
            return _SCALARS.get(f.scalar)
        struct = self._schema.struct(f.message)
        reader = self._readers.get(struct.name)
        if reader is not None:
            return reader
        if struct.wrapped:
            return self._wrapped(struct)
        if struct.custom and _CHOICE in struct.name:
            return self._choice(struct)
        return self._make(f.message).object

    def _wrapped(self, struct: Struct) -> Convert:
        """A list or a map in a message of its own, so that it is there even when empty."""
        (inner,) = struct.fields
        convert, name = self._step(inner)[1], f"f{inner.number}"
        return lambda message: convert(getattr(message, name)) if convert else None

    def _choice(self, struct: Struct) -> Convert:
        """JSONSchemaPropsOrBool, OrArray, OrStringArray: a schema in JSON, or what stands in its place."""
        numbers = {f.name: f"f{f.number}" for f in struct.fields}
        schema = self._make(next(f.message for f in struct.fields if f.name == "Schema"))
        several = self._items(struct)

        def read(message: Any) -> Any:
            if several is not None and (items := several(message)):
                return items
            if message.HasField(numbers["Schema"]):
                return schema.object(getattr(message, numbers["Schema"]))
            return getattr(message, numbers["Allows"]) if "Allows" in numbers else None

        return read

    def _items(self, struct: Struct) -> Convert | None:
        for f in struct.fields:
            if f.repeated:
                convert = self._step(f)[1]
                name = f"f{f.number}"
                return lambda message: convert(getattr(message, name)) if convert else None
        return None


_CHOICE = ".JSONSchemaPropsOr"
_SCALARS: dict[str, Convert] = {"y": to_base64, "d": number, "f": number}


def _listed(one: Convert | None) -> Convert:
    if one is None:
        return list
    return lambda values: [one(value) for value in values]


def _mapped(one: Convert | None) -> Convert:
    if one is None:
        return lambda values: {key: values[key] for key in sorted(values)}
    return lambda values: {key: one(values[key]) for key in sorted(values)}
