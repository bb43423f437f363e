"""The protobuf of a value as a tree of fields with their names and offsets: the wire view, and what is unknown."""

from __future__ import annotations

import struct as packing
from collections.abc import Iterator
from dataclasses import replace

from etcdview.codec import wire
from etcdview.codec.envelope import MAGIC, open_envelope
from etcdview.codec.model import UnknownField, WireNode
from etcdview.codec.scalars import go_utf8
from etcdview.codec.table import Field, Schema

_VARINTS = "bilIuU"
_PREVIEW = 120


def _text_field(number: int, name: str, scalar: str = "s") -> Field:
    return Field(number, name, scalar, -1, False, "", False, False, False, False, True)


# runtime.Unknown and its TypeMeta (k8s.io/apimachinery/pkg/runtime/generated.proto).
_ENVELOPE = {
    1: _text_field(1, "typeMeta", "y"),
    2: _text_field(2, "raw", "y"),
    3: _text_field(3, "contentEncoding"),
    4: _text_field(4, "contentType"),
}
_TYPE_META = {1: _text_field(1, "apiVersion"), 2: _text_field(2, "kind")}


def value(schema: Schema, data: bytes) -> tuple[WireNode, ...]:
    """A whole stored value: the envelope's fields, and the object's inside `raw`."""
    found = open_envelope(data)
    number = schema.find(found.api_version, found.kind)
    nodes = []
    for node in _nodes(schema, _ENVELOPE, data, len(MAGIC), len(data), 0):
        if node.number == 1 and node.known:
            first = next(wire.pieces(data, node.offset, node.offset + node.length))
            node = replace(
                node, value="", children=tuple(_nodes(schema, _TYPE_META, data, first.value_start, first.end, 1))
            )
        elif node.number == 2 and node.known and number is not None:
            node = replace(node, value="", children=message(schema, number, data, found.offset, len(found.raw)))
        nodes.append(node)
    return tuple(nodes)


def message(schema: Schema, struct: int, data: bytes, start: int, length: int) -> tuple[WireNode, ...]:
    """The fields of the struct's message in data[start:start+length], as far as they are protobuf."""
    fields = {field.number: field for field in schema.struct(struct).fields}
    return tuple(_nodes(schema, fields, data, start, min(start + length, len(data)), 0))


def unknown_fields(nodes: tuple[WireNode, ...], data: bytes, path: str = "") -> tuple[UnknownField, ...]:
    """The unknown ones among the nodes and below, with the JSON path of the message they stand in."""
    found: list[UnknownField] = []
    seen: dict[int, int] = {}
    for node in nodes:
        if not node.known:
            found.append(_unknown(node, data, path))
        elif node.children:
            index = seen[node.number] = seen.get(node.number, -1) + 1
            name = f"{node.name}[{index}]" if node.repeated else node.name
            found.extend(unknown_fields(node.children, data, f"{path}.{name}" if path else name))
    return tuple(found)


def _unknown(node: WireNode, data: bytes, path: str) -> UnknownField:
    piece = next(wire.pieces(data, node.offset, node.offset + node.length))
    return UnknownField(path, node.number, node.wire_type, node.offset, data[piece.value_start : piece.end])


def _nodes(
    schema: Schema, fields: dict[int, Field], data: bytes, start: int, end: int, depth: int
) -> Iterator[WireNode]:
    try:
        for piece in wire.pieces(data, start, end):
            yield _node(schema, fields.get(piece.number), data, piece, depth)
    except wire.WireError as error:
        at = error.offset if error.offset is not None else start
        yield WireNode(at, end - at, 0, "", "broken", error.reason, known=False)


def _node(schema: Schema, field: Field | None, data: bytes, piece: wire.Piece, depth: int) -> WireNode:
    offset, length, kind = piece.start, piece.end - piece.start, wire.NAMES[piece.wire_type]
    if field is None or not _fits(field, piece.wire_type) or depth >= wire.MAX_DEPTH:
        return WireNode(offset, length, piece.number, "", kind, _preview(data, piece), known=False)
    if field.map_key or field.message >= 0:
        inner = _entry(field) if field.map_key else {f.number: f for f in schema.struct(field.message).fields}
        children = tuple(_nodes(schema, inner, data, piece.value_start, piece.end, depth + 1))
        repeated = field.repeated or bool(field.map_key)
        return WireNode(offset, length, piece.number, field.name, kind, "", children, repeated=repeated)
    return WireNode(offset, length, piece.number, field.name, kind, _text(field, data, piece), repeated=field.repeated)


def _fits(field: Field, wire_type: int) -> bool:
    if field.map_key or field.message >= 0 or field.scalar in "sy":
        return wire_type == wire.BYTES
    own = wire.FIXED64 if field.scalar == "d" else wire.FIXED32 if field.scalar == "f" else wire.VARINT
    return wire_type == own or (field.repeated and wire_type == wire.BYTES)


def _entry(field: Field) -> dict[int, Field]:
    plain = replace(field, map_key="")
    return {
        1: replace(plain, number=1, name="key", scalar=field.map_key, message=-1),
        2: replace(plain, number=2, name="value"),
    }


def _text(field: Field, data: bytes, piece: wire.Piece) -> str:
    held = data[piece.value_start : piece.end]
    if field.scalar == "s":
        return go_utf8(held)
    if field.scalar == "y" or piece.wire_type == wire.BYTES:
        return _hex(held)
    if field.scalar in "df":
        return repr(packing.unpack("<d" if field.scalar == "d" else "<f", held)[0])
    value, _ = wire.varint(data, piece.value_start, piece.end)
    if field.scalar == "b":
        return "true" if value else "false"
    return str(value if field.scalar in "uU" or value < 1 << 63 else value - (1 << 64))


def _preview(data: bytes, piece: wire.Piece) -> str:
    if piece.wire_type == wire.VARINT:
        return str(wire.varint(data, piece.value_start, piece.end)[0])
    return _hex(data[piece.value_start : piece.end])


def _hex(held: bytes) -> str:
    return held[:_PREVIEW].hex(" ") + (" …" if len(held) > _PREVIEW else "")
