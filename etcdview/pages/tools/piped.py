"""What people pipe into `decode`: a value alone, or one in the forms that etcdctl, a shell or a terminal made of it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from etcdview.errors import DecodeError
from etcdview.stores.files.etcdctl import answer_keys, is_answer

# How the values begin that Kubernetes stores: protobuf, encrypted, CBOR, JSON.
_BEGINNINGS = (b"k8s\0", b"k8s:enc:", b"\xd9\xd9\xf7", b"{")
_FIELD = re.compile(rb'^"(Key|Value)" : ("(?:[^"\\\n]|\\.)*")\r?$', re.MULTILINE)
_HEX_BYTES = re.compile(rb"(?:\\x[0-9a-fA-F]{2})+")
_HEX = re.compile(rb"[0-9a-fA-F]+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_GO_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[abfnrtv\\\"'])", re.DOTALL)
_GO = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'"}
_LONGEST_KEY = 4096
_FEEDS_OF_CHANCE = 4


@dataclass(frozen=True, slots=True)
class Piped:
    """One value, and the key where the text names it (b"" where not)."""

    value: bytes
    key: bytes = b""


def piped_values(raw: bytes) -> tuple[Piped, ...]:
    """The values in what was read: as a rule the bytes themselves.

    Raises DecodeError where nothing was read, or where a terminal has changed the bytes.
    """
    if not raw.strip(b"\r\n"):
        raise DecodeError(
            "Nothing was read: does the key exist?",
            "etcdctl prints nothing for a key that does not exist. `etcdview search` finds keys by a part of the name.",
        )
    found = _answer(raw)
    found = _fields(raw) if found is None else found
    if found is not None:
        if not found:
            raise DecodeError(
                "etcdctl's answer has no key: does the key exist?", "Give the whole key, as it is stored."
            )
        return found
    one = _behind_key(raw) or _spelt(raw) or Piped(raw)
    _check_terminal(one.value)
    return (one,)


def _answer(raw: bytes) -> tuple[Piped, ...] | None:
    """The keys of `etcdctl get -w json`."""
    if not raw.lstrip().startswith(b"{") or b'"header"' not in raw:
        return None
    try:
        row = json.loads(raw)
        return tuple(Piped(kv.value, kv.key) for kv in answer_keys(row)) if is_answer(row) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def _fields(raw: bytes) -> tuple[Piped, ...] | None:
    """The keys of `etcdctl get -w fields`, which quotes as Go does."""
    if not raw.startswith(b'"ClusterID" : '):
        return None
    return tuple(_pairs(raw))


def _pairs(raw: bytes) -> Iterator[Piped]:
    key = b""
    for name, quoted in _FIELD.findall(raw):
        text = _unquoted(quoted.decode("utf-8", "surrogateescape"))
        if name == b"Key":
            key = text
        else:
            yield Piped(text, key)


def _unquoted(quoted: str) -> bytes:
    """A text in Go's quotes (%q) as bytes."""
    parts: list[bytes] = []
    end = 0
    inner = quoted[1:-1]
    for match in _GO_ESCAPE.finditer(inner):
        escaped = match[1]
        parts.append(inner[end : match.start()].encode("utf-8", "surrogateescape"))
        if escaped[0] == "x":
            parts.append(bytes((int(escaped[1:], 16),)))
        else:
            character = _GO[escaped] if escaped in _GO else chr(int(escaped[1:], 16))
            parts.append(character.encode("utf-8", "surrogatepass"))
        end = match.end()
    return b"".join((*parts, inner[end:].encode("utf-8", "surrogateescape")))


def _behind_key(raw: bytes) -> Piped | None:
    """The value behind the line with the key, which etcdctl prints without --print-value-only."""
    key, found, value = raw.partition(b"\n")
    key = key.removesuffix(b"\r")
    if not found or not key or len(key) > _LONGEST_KEY or key.startswith((b"{", b"k8s\0", b"k8s:enc:", b"---")):
        return None
    return Piped(value, key) if value.startswith(_BEGINNINGS) and _is_line(key) else None


def _is_line(key: bytes) -> bool:
    return all(byte >= 0x20 and byte != 0x7F for byte in key)


def _spelt(raw: bytes) -> Piped | None:
    """The value that a text spells out: hexadecimal, bytes as \\xNN (etcdctl --hex), or base64."""
    text = b"".join(raw.split())
    if _HEX_BYTES.fullmatch(text):
        value = bytes.fromhex(text.replace(rb"\x", b"").decode("ascii"))
    elif _HEX.fullmatch(text) and len(text) % 2 == 0:
        value = bytes.fromhex(text.decode("ascii"))
    elif _BASE64.fullmatch(text):
        value = _unbased(text)
    else:
        return None
    return Piped(value) if value.startswith(_BEGINNINGS) else None


def _unbased(text: bytes) -> bytes:
    try:
        padded = text.rstrip(b"=") + b"=" * (-len(text.rstrip(b"=")) % 4)
        return base64.b64decode(padded.translate(bytes.maketrans(b"-_", b"+/")), validate=True)
    except (ValueError, binascii.Error):
        return b""


def _check_terminal(value: bytes) -> None:
    """A terminal makes each line feed CR LF, and no length holds any more.

    Protobuf has one behind the magic bytes, always. Encrypted bytes are random: that all of a few line feeds stand
    behind a CR happens, of four it does not.
    """
    feeds = value.count(b"\n")
    damaged = value.startswith(b"k8s\0\r\n") or (value.startswith(b"k8s:enc:") and feeds >= _FEEDS_OF_CHANCE)
    if damaged and value.count(b"\r\n") == feeds:
        raise DecodeError(
            "A terminal changed the bytes: each line feed has become CR LF.",
            "Leave out -t: kubectl exec POD -- etcdctl get KEY --print-value-only, and docker exec likewise.",
        )
