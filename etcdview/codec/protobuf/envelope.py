"""The envelope of protobuf values: the magic bytes, then runtime.Unknown with apiVersion and kind.

Source: k8s.io/apimachinery/pkg/runtime/types.go and serializer/protobuf/protobuf.go.
"""

from __future__ import annotations

from typing import NamedTuple

from etcdview.codec.protobuf import wire
from etcdview.codec.remembered import remembered
from etcdview.codec.scalars import go_utf8

MAGIC = b"k8s\0"
# contentEncoding and contentType, both empty: how every value that etcd holds ends.
_TAIL = b"\x1a\x00\x22\x00"


class Envelope(NamedTuple):
    """runtime.Unknown: `raw` is the object's own message and `offset` where it begins in the value.

    `fault` says where the envelope broke off; what stands before it is here all the same.
    """

    api_version: str = ""
    kind: str = ""
    raw: bytes = b""
    offset: int = 0
    content_encoding: str = ""
    content_type: str = ""
    fault: wire.WireError | None = None


def open_envelope(value: bytes) -> Envelope:
    """Read the envelope of a value that begins with MAGIC."""
    return _as_written(value) or _any(value)


def _read_type_meta(raw: bytes) -> tuple[str, str]:
    found: dict[int, str] = {}
    try:
        for piece in wire.pieces(raw, 0, len(raw)):
            if piece.wire_type == wire.BYTES:
                found[piece.number] = go_utf8(raw[piece.value_start : piece.end])
    except wire.WireError:
        pass  # what is missing has no name; that is told as an unknown kind
    return found.get(1, ""), found.get(2, "")


_type_meta = remembered(1024, _read_type_meta)


def _as_written(value: bytes) -> Envelope | None:
    """The envelope exactly as Kubernetes writes it, which is nearly every value; None where it is not."""
    if not value.endswith(_TAIL) or value[4:5] != b"\x0a" or len(value) < 6:
        return None
    at = 6 + value[5]
    if value[5] > 127 or value[at : at + 1] != b"\x12":
        return None
    try:
        length, start = wire.varint(value, at + 1, len(value))
    except wire.WireError:
        return None
    if start + length != len(value) - len(_TAIL):
        return None
    return Envelope(*_type_meta(value[6:at]), value[start : -len(_TAIL)], start)


def _any(value: bytes) -> Envelope:
    found: dict[int, tuple[bytes, int]] = {}
    fault = None
    try:
        for piece in wire.pieces(value, len(MAGIC), len(value)):
            if piece.wire_type == wire.BYTES:
                found[piece.number] = (value[piece.value_start : piece.end], piece.value_start)
    except wire.WireError as error:
        fault = error
        if error.piece is not None and error.piece.number == 2:
            found[2] = (value[error.piece.value_start :], error.piece.value_start)
    nothing = (b"", len(value))
    if fault is None and 2 not in found:
        fault = wire.WireError("the envelope holds no object", len(value))
    api_version, kind = _type_meta(found.get(1, nothing)[0])
    raw, offset = found.get(2, nothing)
    encoding, content_type = (go_utf8(found.get(number, nothing)[0]) for number in (3, 4))
    return Envelope(api_version, kind, raw, offset, encoding, content_type, fault)


def wrap(api_version: str, kind: str, raw: bytes, content_encoding: str = "", content_type: str = "") -> bytes:
    """The stored value: Go writes all four fields, empty or not."""
    type_meta = wire.text(1, api_version) + wire.text(2, kind)
    return (
        MAGIC
        + wire.delimited(1, type_meta)
        + wire.delimited(2, raw)
        + wire.text(3, content_encoding)
        + wire.text(4, content_type)
    )
