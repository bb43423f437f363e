"""The protobuf wire format, read by hand: slower than upb, but it knows offsets and goes on where upb gives up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from etcdview.errors import DecodeError

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)
NAMES = {VARINT: "varint", FIXED64: "fixed64", BYTES: "bytes", GROUP: "group", FIXED32: "fixed32"}

# As upb's own limit: what it would not parse is not walked either.
MAX_DEPTH = 100
_MAX_FIELD = (1 << 29) - 1
_MAX_TAG_BYTES = 5
_ONE_BYTE = tuple(bytes((value,)) for value in range(128))  # nearly all tags and most lengths


class Piece(NamedTuple):
    """One field as it stands on the wire: tag at `start`, value in [value_start, end).

    A tuple, because a walk makes one for every field, and a frozen dataclass takes four times as long.
    """

    number: int
    wire_type: int
    start: int
    value_start: int
    end: int


class WireError(DecodeError):
    """Bytes that are not protobuf, and why. `piece` is the field that runs past the end, where it is one.

    `path` is the JSON path of the message that breaks off, "" where it is the outermost.
    """

    def __init__(self, reason: str, offset: int, piece: Piece | None = None, path: str = "") -> None:
        super().__init__(f"Invalid protobuf: {reason} at byte {offset}.", offset=offset)
        self.reason = reason
        self.piece = piece
        self.path = path


def pieces(data: bytes, start: int, end: int) -> Iterator[Piece]:
    """The fields of the message in data[start:end]. Raises WireError where they end to be fields."""
    at = start
    while at < end:
        piece = _bounded(data, end, _tagged(data, at, end), 0)
        yield piece
        at = piece.end


def _tagged(data: bytes, at: int, end: int) -> Piece:
    """The field that begins at `at`, without its value."""
    tag, value_start = varint(data, at, end)
    number = tag >> 3
    if not 0 < number <= _MAX_FIELD or value_start - at > _MAX_TAG_BYTES:
        raise WireError(f"a tag for field {number}", at)
    return Piece(number, tag & 7, at, value_start, value_start)


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """(value, offset behind it), at most ten bytes and 64 bits. Raises WireError."""
    if at < end and data[at] < 0x80:
        return data[at], at + 1
    value = 0
    for i in range(10):
        if at + i >= end:
            raise WireError("a number that is cut short", at)
        byte = data[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at + i + 1
    raise WireError("a number of more than ten bytes", at)


def _bounded(data: bytes, end: int, piece: Piece, depth: int) -> Piece:
    """The piece with its true ends."""
    begin = stop = piece.value_start
    if piece.wire_type == VARINT:
        _, stop = varint(data, begin, end)
    elif piece.wire_type == FIXED64:
        stop = begin + 8
    elif piece.wire_type == FIXED32:
        stop = begin + 4
    elif piece.wire_type == BYTES:
        length, begin = varint(data, begin, end)
        stop = begin + length
    elif piece.wire_type == GROUP:
        stop = _group_end(data, begin, end, piece, depth)
    else:
        raise WireError(f"wire type {piece.wire_type} of field {piece.number}", piece.start)
    whole = Piece(piece.number, piece.wire_type, piece.start, begin, stop)
    if stop > end:
        raise WireError(f"field {piece.number} runs {stop - end:,} bytes past the end", piece.start, whole)
    return whole


def _group_end(data: bytes, at: int, end: int, group: Piece, depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise WireError(f"groups nested deeper than {MAX_DEPTH} levels", group.start)
    while at < end:
        inner = _tagged(data, at, end)
        if inner.wire_type == END_GROUP:
            if inner.number != group.number:
                raise WireError(f"the end of group {inner.number} inside group {group.number}", at)
            return inner.value_start
        at = _bounded(data, end, inner, depth + 1).end
    raise WireError(f"group {group.number} without an end", group.start)


def encode_varint(value: int) -> bytes:
    """A number as Go writes it: negative ones as 64 bits."""
    if 0 <= value < len(_ONE_BYTE):
        return _ONE_BYTE[value]
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    """What stands before each value."""
    return encode_varint(number << 3 | wire_type)


def delimited(number: int, raw: bytes) -> bytes:
    """A field of bytes, text or a message."""
    return tag(number, BYTES) + encode_varint(len(raw)) + raw


def text(number: int, value: str) -> bytes:
    """A field of text."""
    return delimited(number, value.encode("utf-8"))
