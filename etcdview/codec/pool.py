"""google.protobuf descriptors made from the schema table at run time, so that parsing runs in C (upb).

Strings are checked for UTF-8 by the parser (editions' utf8_validation); mend.py takes care of those that fail.
"""

from __future__ import annotations

import threading

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from etcdview.codec.table import Field, Schema

_PACKAGE = "k8s"
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
    """Message classes by struct number. Building takes some 20 ms and happens once, whichever thread asks first."""

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
                self._pool.AddSerializedFile(_file(self._schema).SerializeToString())
            descriptor = self._pool.FindMessageTypeByName(f"{_PACKAGE}.{_name(number)}")
            made: type[Message] = message_factory.GetMessageClass(descriptor)
            self._classes[number] = made
            return made


def _file(schema: Schema) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="k8s.proto", package=_PACKAGE, syntax="editions", edition=descriptor_pb2.EDITION_2023
    )
    file.options.features.repeated_field_encoding = descriptor_pb2.FeatureSet.EXPANDED
    file.options.features.utf8_validation = descriptor_pb2.FeatureSet.VERIFY
    for number in range(len(schema)):
        message = file.message_type.add(name=_name(number))
        for field in schema.struct(number).fields:
            _add(message, field)
    return file


def _name(number: int) -> str:
    return f"M{number}"


def _add(message: descriptor_pb2.DescriptorProto, field: Field) -> None:
    made = message.field.add(name=f"f{field.number}", number=field.number, label=_FIELD.LABEL_OPTIONAL)
    if field.repeated or field.map_key:
        made.label = _FIELD.LABEL_REPEATED
    if field.map_key:
        entry = message.nested_type.add(name=f"F{field.number}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, label=_FIELD.LABEL_OPTIONAL, type=_TYPES[field.map_key])
        _set_type(entry.field.add(name="value", number=2, label=_FIELD.LABEL_OPTIONAL), field)
        made.type = _FIELD.TYPE_MESSAGE
        made.type_name = f".{_PACKAGE}.{message.name}.{entry.name}"
    else:
        _set_type(made, field)


def _set_type(made: descriptor_pb2.FieldDescriptorProto, field: Field) -> None:
    if field.scalar:
        made.type = _TYPES[field.scalar]
    else:
        made.type = _FIELD.TYPE_MESSAGE
        made.type_name = f".{_PACKAGE}.{_name(field.message)}"
