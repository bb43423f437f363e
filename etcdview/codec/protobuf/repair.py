"""Makes a message that upb would refuse parse after all, so that what is whole of it can be shown.

Two faults are repaired: text that is not UTF-8 (Go serves U+FFFD for each bad byte), and a message that is cut short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from etcdview.codec.protobuf import layout, wire
from etcdview.codec.protobuf.schema import Schema, SchemaField
from etcdview.codec.scalars import go_utf8
from etcdview.errors import DecodeError

# A stored value is 1.5 MB at most; one with more messages than this was made to harm.
MAX_MESSAGES = 100_000
_SMALL = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Repaired:
    """Bytes that parse. `fault` is where the message was cut short; None where only text was repaired."""

    data: bytes
    fault: wire.WireError | None


def repair(schema: Schema, struct: int, data: bytes) -> Repaired:
    """The message with its text made UTF-8, up to the first byte that is not protobuf."""
    return _message(schema, layout.fields(schema, struct), data, 0)


def check_size(schema: Schema, struct: int, data: bytes) -> None:
    """Refuse messages by the hundred thousand: each is two bytes here, and hundreds in memory.

    Nearly always it is enough that few bytes are lengths of small messages. Raises DecodeError.
    """
    if len(data) <= MAX_MESSAGES or len(data) - len(data.translate(None, _SMALL)) <= MAX_MESSAGES:
        return
    try:
        found = _messages(schema, layout.fields(schema, struct), data, 0, len(data), 0)
        if next(islice(found, MAX_MESSAGES, None), None) is not None:
            raise DecodeError(f"more than {MAX_MESSAGES:,} messages, as no object has.")
    except wire.WireError:
        return  # then the parser says so


def _messages(
    schema: Schema, fields: layout.Fields, data: bytes, start: int, end: int, depth: int
) -> Iterator[wire.Piece]:
    for piece in wire.pieces(data, start, end):
        field = fields.get(piece.number)
        below = layout.inner(schema, field) if field is not None and piece.wire_type == wire.BYTES else None
        if below is not None and depth <= wire.MAX_DEPTH:
            yield piece
            yield from _messages(schema, below, data, piece.value_start, piece.end, depth + 1)


def _message(schema: Schema, fields: layout.Fields, data: bytes, depth: int) -> Repaired:
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
        repaired, inner = _value(schema, fields.get(piece.number), data, piece, depth)
        fault = inner or fault  # the inner one says more
        out += repaired
    return Repaired(bytes(out), fault)


def _cut(error: wire.WireError, data: bytes) -> wire.Piece | None:
    """What is left of a message or text field that runs past the end."""
    piece = error.piece
    if piece is None or piece.wire_type != wire.BYTES or piece.value_start > len(data):
        return None
    return wire.Piece(piece.number, piece.wire_type, piece.start, piece.value_start, len(data))


def _value(
    schema: Schema, field: SchemaField | None, data: bytes, piece: wire.Piece, depth: int
) -> tuple[bytes, wire.WireError | None]:
    if piece.wire_type != wire.BYTES:
        return data[piece.start : piece.end], None
    held = data[piece.value_start : piece.end]
    if field is not None and field.scalar == "s" and not field.map_key:
        held = go_utf8(held).encode("utf-8")
    below = layout.inner(schema, field) if field is not None else None
    if field is None or below is None:
        return wire.delimited(piece.number, held), None
    if depth >= wire.MAX_DEPTH - 1:
        return b"", wire.WireError(f"messages nested deeper than {wire.MAX_DEPTH} levels", piece.start)
    repaired = _message(schema, below, held, depth + 1)
    fault = repaired.fault and _moved(repaired.fault, piece.value_start, field.name)
    return wire.delimited(piece.number, repaired.data), fault


def _moved(fault: wire.WireError, by: int, name: str) -> wire.WireError:
    path = f"{name}.{fault.path}" if fault.path else name
    return wire.WireError(fault.reason, (fault.offset or 0) + by, path=path)
