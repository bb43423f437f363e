"""Makes a message that upb would refuse parse after all, so that what is whole of it can be shown.

Two faults are mended: text that is no UTF-8 (Go serves U+FFFD for each bad byte), and a message that breaks off.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from etcdview.codec import wire
from etcdview.codec.scalars import go_utf8
from etcdview.codec.table import Field, Schema


@dataclass(frozen=True, slots=True)
class Mended:
    """Bytes that parse. `fault` is where the message broke off; None where only text was mended."""

    data: bytes
    fault: wire.WireError | None


def mend(schema: Schema, struct: int, data: bytes) -> Mended:
    """The message with its text made UTF-8, up to the first byte that is no protobuf."""
    return _message(schema, _fields(schema, struct), data, 0)


def _message(schema: Schema, fields: dict[int, Field], data: bytes, depth: int) -> Mended:
    out = bytearray()
    fault = None
    walk = wire.pieces(data, 0, len(data))
    while fault is None:
        try:
            piece = next(walk, None)
        except wire.WireError as error:
            fault, piece = error, _cut(error, data)
        if piece is None:
            break
        mended, inner = _value(schema, fields.get(piece.number), data, piece, depth)
        fault = inner or fault  # the inner one says more
        out += mended
    return Mended(bytes(out), fault)


def _cut(error: wire.WireError, data: bytes) -> wire.Piece | None:
    """What is left of a message or text field that runs past the end."""
    piece = error.piece
    if piece is None or piece.wire_type != wire.BYTES or piece.value_start > len(data):
        return None
    return wire.Piece(piece.number, piece.wire_type, piece.start, piece.value_start, len(data))


def _value(
    schema: Schema, field: Field | None, data: bytes, piece: wire.Piece, depth: int
) -> tuple[bytes, wire.WireError | None]:
    if piece.wire_type != wire.BYTES:
        return data[piece.start : piece.end], None
    held = data[piece.value_start : piece.end]
    if field is not None and field.scalar == "s" and not field.map_key:
        held = go_utf8(held).encode("utf-8")
    if field is None or (field.message < 0 and not field.map_key):
        return wire.delimited(piece.number, held), None
    if depth >= wire.MAX_DEPTH - 1:
        return b"", wire.WireError(f"messages nested deeper than {wire.MAX_DEPTH} levels", piece.start)
    inner = _entry_fields(field) if field.map_key else _fields(schema, field.message)
    mended = _message(schema, inner, held, depth + 1)
    fault = mended.fault and _moved(mended.fault, piece.value_start, field.name)
    return wire.delimited(piece.number, mended.data), fault


def _moved(fault: wire.WireError, by: int, name: str) -> wire.WireError:
    path = f"{name}.{fault.path}" if fault.path else name
    return wire.WireError(fault.reason, (fault.offset or 0) + by, path=path)


def _fields(schema: Schema, struct: int) -> dict[int, Field]:
    return {field.number: field for field in schema.struct(struct).fields}


def _entry_fields(field: Field) -> dict[int, Field]:
    key = dataclasses.replace(field, number=1, scalar=field.map_key, message=-1, map_key="")
    return {1: key, 2: dataclasses.replace(field, number=2, map_key="")}
