"""Fields that the schema table does not know: data of a newer release, which must not be dropped silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from etcdview.codec.model import UnknownField
from etcdview.codec.protobuf import layout, wire
from etcdview.codec.protobuf.schema import Schema

# More are not told one by one; the last is then of wire type "more", with the bytes from there on.
LIMIT = 1000


def find(schema: Schema, struct: int, data: bytes, start: int, end: int) -> tuple[UnknownField, ...]:
    """The unknown fields of the struct's message in data[start:end], and of those inside it."""
    found = list(islice(_walk(schema, layout.fields(schema, struct), data, start, end, ""), LIMIT + 1))
    if len(found) > LIMIT:
        offset = found[LIMIT].offset
        found[LIMIT:] = [UnknownField("", 0, "more", offset, data[offset:end])]
    return tuple(found)


def _walk(
    schema: Schema, fields: layout.Fields, data: bytes, start: int, end: int, path: str
) -> Iterator[UnknownField]:
    seen: Counter[int] = Counter()
    try:
        for piece in wire.pieces(data, start, end):
            field = fields.get(piece.number)
            if field is None or not layout.fits(field, piece.wire_type):
                raw = data[piece.value_start : piece.end]
                yield UnknownField(path, piece.number, wire.NAMES[piece.wire_type], piece.start, raw)
                continue
            below = layout.inner(schema, field)
            if below is not None:
                name = f"{field.name}[{seen[piece.number]}]" if field.repeated else field.name
                seen[piece.number] += 1
                inside = path if field.inline else f"{path}.{name}" if path else name
                yield from _walk(schema, below, data, piece.value_start, piece.end, inside)
    except wire.WireError:
        return  # where the parser gave up, the error says so
