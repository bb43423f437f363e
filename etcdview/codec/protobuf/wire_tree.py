"""The protobuf of a value as a tree of fields with their names and offsets: the wire view."""

from __future__ import annotations

import struct as packing
from collections.abc import Iterator

from etcdview.codec.model import WireNode
from etcdview.codec.protobuf import layout, wire
from etcdview.codec.protobuf.envelope import MAGIC, open_envelope
from etcdview.codec.protobuf.schema import Schema, SchemaField
from etcdview.codec.scalars import go_utf8

# A page shows no more; the last node is then of wire type "more".
MAX_NODES = 20_000
_PREVIEW = 120


def value(schema: Schema, data: bytes) -> tuple[WireNode, ...]:
    """A whole stored value: the envelope's fields, and the object's inside `raw`."""
    return _Walk(schema, data).value()


class _Walk:
    """One walk over one value; `left` is how many nodes it may still make."""

    def __init__(self, schema: Schema, data: bytes) -> None:
        self._schema = schema
        self._data = data
        self._left = MAX_NODES

    def value(self) -> tuple[WireNode, ...]:
        found = open_envelope(self._data)
        kind = self._schema.find(found.api_version, found.kind)
        inside = {1: _TYPE_META} | ({} if kind is None else {2: layout.fields(self._schema, kind)})
        return tuple(self._nodes(_ENVELOPE, len(MAGIC), len(self._data), 0, inside))

    def _nodes(
        self, fields: layout.Fields, start: int, end: int, depth: int, inside: dict[int, layout.Fields] | None = None
    ) -> Iterator[WireNode]:
        """The fields of one message. `inside` says what is in fields that are bytes by their own account."""
        try:
            for piece in wire.pieces(self._data, start, end):
                self._left -= 1
                if self._left < 0:
                    yield _end("more", piece.start, end, "")
                    return
                below = (inside or {}).get(piece.number)
                yield self._node(fields.get(piece.number), piece, depth, below)
        except wire.WireError as error:
            at = error.offset if error.offset is not None else start
            if error.piece is not None and (below := (inside or {}).get(error.piece.number)) is not None:
                # The object breaks off: what there is of it is shown.
                cut = error.piece._replace(end=end)
                yield self._node(fields.get(cut.number), cut, depth, below)
            else:
                yield _end("broken", at, end, error.reason)

    def _node(self, field: SchemaField | None, piece: wire.Piece, depth: int, below: layout.Fields | None) -> WireNode:
        kind = wire.NAMES[piece.wire_type]
        offset, length = piece.start, piece.end - piece.start
        if field is None or not layout.fits(field, piece.wire_type) or depth >= wire.MAX_DEPTH:
            shown = _preview(self._data, piece)
            return WireNode(offset, length, piece.number, "", kind, shown, known=False)
        below = below or layout.inner(self._schema, field)
        repeated = field.repeated or bool(field.map_key)
        if below is None:
            shown = _text(field, self._data, piece)
            return WireNode(offset, length, piece.number, field.name, kind, shown, repeated=repeated)
        children = tuple(self._nodes(below, piece.value_start, piece.end, depth + 1))
        return WireNode(offset, length, piece.number, field.name, kind, "", children, repeated=repeated)


def _end(wire_type: str, offset: int, end: int, why: str) -> WireNode:
    return WireNode(offset, end - offset, 0, "", wire_type, why, known=False)


def _text(field: SchemaField, data: bytes, piece: wire.Piece) -> str:
    held = data[piece.value_start : piece.end]
    if field.scalar == "s":
        return go_utf8(held)
    if field.scalar == "y" or piece.wire_type == wire.BYTES:
        return _hex(held)
    if field.scalar in "df":
        return repr(packing.unpack("<d" if field.scalar == "d" else "<f", held)[0])
    number, _ = wire.varint(data, piece.value_start, piece.end)
    if field.scalar == "b":
        return "true" if number else "false"
    return str(number if field.scalar in "uU" or number < 1 << 63 else number - (1 << 64))


def _preview(data: bytes, piece: wire.Piece) -> str:
    if piece.wire_type == wire.VARINT:
        return str(wire.varint(data, piece.value_start, piece.end)[0])
    return _hex(data[piece.value_start : piece.end])


def _hex(held: bytes) -> str:
    return held[:_PREVIEW].hex(" ") + (" …" if len(held) > _PREVIEW else "")


def _own(number: int, name: str, scalar: str = "s") -> SchemaField:
    return SchemaField(number, name, scalar, -1, False, "", False, False, False, False, True)


# runtime.Unknown and its TypeMeta (k8s.io/apimachinery/pkg/runtime/generated.proto).
_ENVELOPE: layout.Fields = {
    1: _own(1, "typeMeta", "y"),
    2: _own(2, "raw", "y"),
    3: _own(3, "contentEncoding"),
    4: _own(4, "contentType"),
}
_TYPE_META: layout.Fields = {1: _own(1, "apiVersion"), 2: _own(2, "kind")}
