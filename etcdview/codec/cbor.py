"""CBOR as Kubernetes stores newer custom resources: strings are byte strings, whole floats are integers.

Source: k8s.io/apimachinery/pkg/runtime/serializer/cbor, decided by KEP-4222.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from typing import Any

import cbor2

from etcdview.codec.rawjson import MAX_DEPTH
from etcdview.codec.scalars import go_utf8, number
from etcdview.errors import DecodeError
from etcdview.kube.reasons import reason

# The self-described tag 55799, with which every stored value begins.
SELF_DESCRIBED = b"\xd9\xd9\xf7"

# A stored value is 1.5 MB at most; one with more lists and maps than this was made to harm.
MAX_CONTAINERS = 200_000
_CONTAINER_HEADS = bytes(range(0x80, 0xC0))

# Tags that ask for another text of the bytes within (RFC 8949, 3.4.5.2).
_TEXT_OF_BYTES: dict[int, Callable[[bytes], bytes]] = {
    21: lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"="),
    22: base64.b64encode,
    23: base64.b16encode,
}


class _NoTags(dict[int, Any]):
    """Answers for every tag, so that none of cbor2's own (dates, patterns, shared and cyclic values) is built."""

    def __missing__(self, tag: int) -> Any:
        return lambda value, _immutable: cbor2.CBORTag(tag, value)


def parse(raw: bytes) -> Any:
    """The value, as its JSON. Raises DecodeError with the offset."""
    body = raw.removeprefix(SELF_DESCRIBED)
    skipped = len(raw) - len(body)
    stream = io.BytesIO(body)
    try:
        value = _decode(stream, body)
        return plain(value)
    except (cbor2.CBORError, ValueError, RecursionError, OverflowError, MemoryError, TypeError) as error:
        offset = skipped + min(stream.tell(), len(body))
        raise DecodeError(f"Invalid CBOR: {_why(error)}.", offset=offset) from error


def _why(error: Exception) -> str:
    return "it is cut short" if isinstance(error, cbor2.CBORDecodeEOF | MemoryError) else reason(error)


def _decode(stream: io.BytesIO, body: bytes) -> Any:
    decoder = cbor2.CBORDecoder(
        stream, semantic_decoders=_NoTags(), max_depth=MAX_DEPTH, strict_hashable_types=True, allow_duplicate_keys=False
    )
    _check_size(body)
    value = decoder.decode()
    if stream.tell() != len(body):
        raise ValueError(f"{len(body) - stream.tell()} bytes are left over")
    return value


def _check_size(body: bytes) -> None:
    """An empty list is one byte here and 64 in memory: refuse more of them than any object has."""
    if len(body) - len(body.translate(None, _CONTAINER_HEADS)) <= MAX_CONTAINERS:
        return
    at = found = 0
    while at < len(body):
        major, info = body[at] >> 5, body[at] & 31
        size = 1 << (info - 24) if 24 <= info < 28 else 0
        if major in (2, 3) and info < 28:
            at += int.from_bytes(body[at + 1 : at + 1 + size], "big") if size else info
        found += major in (4, 5)
        at += 1 + size
    if found > MAX_CONTAINERS:
        raise ValueError(f"it holds {found:,} lists and maps")


def plain(value: Any) -> Any:
    """What Kubernetes makes of decoded CBOR: text for byte strings, integers for whole floats."""
    convert = _PLAIN.get(type(value))
    if convert is None:
        raise ValueError(f"{type(value).__name__} has no JSON form")
    return convert(value)


def _map(value: dict[Any, Any]) -> dict[str, Any]:
    return {_key(key): plain(item) for key, item in value.items()}


def _key(key: Any) -> str:
    return go_utf8(key) if isinstance(key, bytes) else str(key)


def _number(value: float) -> int | float:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no JSON form")
    return number(value)


def _tag(tag: cbor2.CBORTag) -> Any:
    convert = _TEXT_OF_BYTES.get(tag.tag)
    if convert is not None and isinstance(tag.value, bytes):
        return convert(tag.value).decode("ascii")
    return plain(tag.value)


_PLAIN: dict[type, Callable[[Any], Any]] = {
    bytes: go_utf8,
    str: str,
    int: int,
    bool: bool,
    type(None): lambda value: value,
    float: _number,
    dict: _map,
    list: lambda value: [plain(item) for item in value],
    cbor2.CBORTag: _tag,
}


def dump(value: Any) -> bytes:
    """The stored form of JSON: self-described, byte strings, keys and numbers in their canonical form."""
    return SELF_DESCRIBED + cbor2.dumps(_bytes(value), canonical=True)


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict):
        return {_bytes(key): _bytes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bytes(item) for item in value]
    return value
