"""Whether a stored value can hold a text, by its bytes: a hundred times as quick as decoding it.

Strings are UTF-8 in protobuf, JSON and CBOR alike. What is rendered when a value is decoded (numbers, times, base64,
the names of protobuf's fields) is not in the bytes: a text that could be one of those is not looked for in this way.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence

from etcdview.codec import cbor
from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.envelope import MAGIC, open_envelope
from etcdview.codec.protobuf.schema import Schema, schema

_NUMBER_OR_TIME = re.compile(r"[0-9etz:.+\-]+")
_WORDS = ("true", "false", "nan", "infinity")  # as JSON has them
_BASE64 = re.compile(r"[a-z0-9+/=]+")
# Characters that have an ASCII letter in them once their case is folded (the long s, the Kelvin sign, ligatures ...).
_FOLDED = {
    "ss": "\u00df\u1e9e", "i": "\u0130", "n": "\u0149", "s": "\u017f", "j": "\u01f0", "h": "\u1e96", "t": "\u1e97",
    "w": "\u1e98", "y": "\u1e99", "a": "\u1e9a", "k": "\u212a", "ffil": "\ufb00\ufb01\ufb02\ufb03\ufb04",
    "st": "\ufb05\ufb06",
}  # fmt: skip
_ASCII = bytes(range(128))
_MASKED_KINDS = frozenset((("v1", "Secret"),))  # their bytes are never shown


def why_decoded(text: str, *, in_names: bool = True) -> str:
    """Why every value has to be decoded to find the text; "" where its bytes tell.

    `in_names`: it is looked for in the names of fields, too.
    """
    low = text.casefold()
    if not low.isascii():
        return "upper and lower case of its letters differ in bytes"
    if _NUMBER_OR_TIME.fullmatch(low):
        return "a number or a time could hold it"
    if any(low in word for word in _WORDS):
        return "true or false could hold it"
    if in_names and any(low in name for name in _field_names()):
        return "the name of a field holds it"
    return ""


class StoredText:
    """A text to look for in stored bytes, whatever its case. For texts without a reason in why_decoded."""

    def __init__(self, text: str) -> None:
        low = text.casefold()
        self._needle = low.encode()
        self._in_json = json.dumps(low)[1:-1].encode()  # but for \\u and \\/, which are looked for by themselves
        self._needles = tuple(dict.fromkeys((self._needle, self._in_json)))
        self._has_slash = "/" in low
        self._base64 = _BASE64.fullmatch(low) is not None
        folded = "".join(chars for letters, chars in _FOLDED.items() if set(letters) & set(low))
        self._folded = re.compile(b"|".join(char.encode() for char in folded)) if folded else None

    def may_be_in_any(self, plain_values: Sequence[bytes]) -> bool:
        """Whether any of the values may hold it: much quicker than one by one."""
        if self._may_stand_in(b"\n".join(plain_values)):
            return True
        return self._base64 and any(map(_renders_base64, plain_values))

    def may_be_in(self, plain: bytes) -> bool:
        """Whether a value that is not encrypted may hold it; false only where it does not."""
        return self._may_stand_in(plain) or (self._base64 and _renders_base64(plain))

    def _may_stand_in(self, plain: bytes) -> bool:
        low = plain.lower()
        return (
            any(needle in low for needle in self._needles)
            or (b"\\" in plain and (b"\\u" in plain or (self._has_slash and b"\\/" in plain)))
            or cbor.SELF_DESCRIBED in plain
            or self._stands_folded(plain)
        )

    def _stands_folded(self, plain: bytes) -> bool:
        if self._folded is None or not self._folded.search(plain.translate(None, _ASCII)):
            return False  # ten times as quickly: few bytes are left, and those of a character stay side by side
        return any(map(self._around, self._folded.finditer(plain)))

    def _around(self, match: re.Match[bytes]) -> bool:
        """Whether the text stands where a character is that folding its case makes ASCII."""
        reach = 4 * len(self._needle)
        window = match.string[max(match.start() - reach, 0) : match.end() + reach]
        return self._needle in window.decode("utf-8", "replace").casefold().encode()


def _renders_base64(plain: bytes) -> bool:
    if not plain.startswith(MAGIC):
        return False
    envelope = open_envelope(plain)
    kind = envelope.api_version, envelope.kind
    if kind == ("v1", "ConfigMap"):  # the one that there are thousands of: few have the field
        return _has_field(envelope.raw, _binary_data())
    return kind in _kinds_with_bytes()


def _has_field(raw: bytes, number: int) -> bool:
    try:
        return any(piece.number == number for piece in wire.pieces(raw, 0, len(raw)))
    except wire.WireError:
        return True


@functools.cache
def _binary_data() -> int:
    number = schema().find("v1", "ConfigMap")
    assert number is not None  # noqa: S101 - every release has it
    return next(field.number for field in schema().struct(number).fields if field.name == "binaryData")


@functools.cache
def _field_names() -> frozenset[str]:
    """The names that decoding gives to fields, in lower case."""
    table = schema()
    return frozenset(field.name.casefold() for number in range(len(table)) for field in table.struct(number).fields)


@functools.cache
def _kinds_with_bytes() -> frozenset[tuple[str, str]]:
    """The kinds with bytes in them, which JSON shows as base64."""
    table = schema()
    found = ((kind, table.find(*kind)) for kind in table.kinds() if kind not in _MASKED_KINDS)
    return frozenset(kind for kind, number in found if number is not None and _has_bytes(table, number))


def _has_bytes(table: Schema, number: int) -> bool:
    todo, seen = [number], {number}
    while todo:
        struct = table.struct(todo.pop())
        if struct.custom:
            continue
        for field in struct.fields:
            if field.scalar == "y":
                return True
            if field.message >= 0 and field.message not in seen:
                seen.add(field.message)
                todo.append(field.message)
    return False
