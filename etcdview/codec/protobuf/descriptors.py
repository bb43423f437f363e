"""google.protobuf descriptors made from the schema table at run time, so that parsing runs in C (upb).

Strings are checked for UTF-8 by the parser (editions' utf8_validation); repair.py takes care of those that fail.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.schema import Schema, Shape, shape

_PACKAGE = "k8s"
# Field numbers of FileDescriptorProto and DescriptorProto (google/protobuf/descriptor.proto).
_MESSAGE_TYPE = 4
_NAME, _FIELDS, _NESTED = 1, 2, 3
_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "b": _FIELD.TYPE_BOOL,
    "i": _FIELD.TYPE_INT32,
    "l": _FIELD.TYPE_INT64,
    "u": _FIELD.TYPE_UINT32,
    "U": _FIELD.TYPE_UINT64,
    "s": _FIELD.TYPE_STRING,
    "y": _FIELD.TYPE_BYTES,
    "d": _FIELD.TYPE_DOUBLE,
    "f": _FIELD.TYPE_FLOAT,
}


class Pool:
    """Message classes by struct number. Building takes some 15 ms and happens once, whichever thread asks first."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._lock = threading.Lock()  # guards _pool and _classes
        self._pool: descriptor_pool.DescriptorPool | None = None
        self._classes: dict[int, type[Message]] = {}

    def message(self, number: int) -> type[Message]:
        """The class that parses the struct."""
        found = self._classes.get(number)
        return found if found is not None else self._make(number)

    def _make(self, number: int) -> type[Message]:
        with self._lock:
            if self._pool is None:
                self._pool = descriptor_pool.DescriptorPool()
                self._pool.AddSerializedFile(_file(self._schema))
            descriptor = self._pool.FindMessageTypeByName(f"{_PACKAGE}.{_name(number)}")
            made: type[Message] = message_factory.GetMessageClass(descriptor)
            self._classes[number] = made
            return made


def _file(schema: Schema) -> bytes:
    """The file of all messages, serialized. Put together of pieces, most of which are alike: it is three times as
    quick as a FileDescriptorProto of them all."""
    file = descriptor_pb2.FileDescriptorProto(
        name="k8s.proto", package=_PACKAGE, syntax="editions", edition=descriptor_pb2.EDITION_2023
    )
    file.options.features.repeated_field_encoding = descriptor_pb2.FeatureSet.EXPANDED
    file.options.features.utf8_validation = descriptor_pb2.FeatureSet.VERIFY
    messages = (_message(number, schema.kinds_of(number)) for number in range(len(schema)))
    return file.SerializeToString() + b"".join(wire.delimited(_MESSAGE_TYPE, message) for message in messages)


def _name(number: int) -> str:
    return f"M{number}"


def _message(number: int, kinds: Iterable[tuple[int, str]]) -> bytes:
    parts = [wire.text(_NAME, _name(number))]
    for field, kind in kinds:
        if kind.startswith("{"):
            parts += _map(number, field, shape(kind))
        else:
            parts.append(_field(field, kind))
    return b"".join(parts)


@functools.lru_cache(maxsize=8192)
def _field(number: int, kind: str) -> bytes:
    what = shape(kind)
    made = _FIELD(name=f"f{number}", number=number)
    made.label = _FIELD.LABEL_REPEATED if what.repeated else _FIELD.LABEL_OPTIONAL
    _set_type(made, what)
    return wire.delimited(_FIELDS, made.SerializeToString())


def _map(message: int, number: int, what: Shape) -> tuple[bytes, bytes]:
    entry = descriptor_pb2.DescriptorProto(name=f"F{number}Entry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=_FIELD.LABEL_OPTIONAL, type=_TYPES[what.map_key])
    _set_type(entry.field.add(name="value", number=2, label=_FIELD.LABEL_OPTIONAL), what)
    made = _FIELD(name=f"f{number}", number=number, label=_FIELD.LABEL_REPEATED, type=_FIELD.TYPE_MESSAGE)
    made.type_name = f".{_PACKAGE}.{_name(message)}.{entry.name}"
    return wire.delimited(_NESTED, entry.SerializeToString()), wire.delimited(_FIELDS, made.SerializeToString())


def _set_type(made: descriptor_pb2.FieldDescriptorProto, what: Shape) -> None:
    if what.scalar:
        made.type = _TYPES[what.scalar]
    else:
        made.type = _FIELD.TYPE_MESSAGE
        made.type_name = f".{_PACKAGE}.{_name(what.message)}"
