"""JSON as Go reads and writes it: the stored form of some values, and what stands raw inside others."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any, NoReturn

from etcdview.codec.scalars import without_surrogates
from etcdview.errors import DecodeError

# Nesting beyond this is refused, in every format; Kubernetes' own CRD schemas stay below 100.
MAX_DEPTH = 200
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPED = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))
# Also one that is never closed: else each quote in it would be tried again, up to the end.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def parse(raw: bytes) -> Any:
    """The JSON in `raw`. Raises DecodeError with the offset: no JSON, nested too deep, NaN, a number too large."""
    text = raw.decode("utf-8", "surrogateescape")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode("utf-8", "surrogateescape"))
        raise DecodeError(f"Invalid JSON: {error.msg.removesuffix(' at')} at byte {offset}.", offset=offset) from error
    except RecursionError as error:
        raise DecodeError(f"This JSON is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise DecodeError(f"Kubernetes cannot store this JSON: {error}.") from error
    _check_depth(raw)
    return _without_surrogates(value) if _has_surrogates(raw, text) else value


class JsonText:
    """A value that is JSON already, in an object that is written by `dump_with_texts`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def dump_with_texts(value: Any) -> str | None:
    """As `dump`, for a value with JsonText in it; None for one with texts that look like what stands in for them."""
    texts: list[str] = []

    def stand_in(held: object) -> str:
        if not isinstance(held, JsonText):
            raise TypeError(f"{type(held).__name__} cannot be written as JSON")
        texts.append(held.text)
        return "\0"

    rest = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=stand_in)
    pieces = escaped(rest).split('"\\u0000"')
    if len(pieces) != len(texts) + 1:
        return None
    return "".join(itertools.chain.from_iterable(zip(pieces, (*texts, ""), strict=True)))


def escaped(text: str) -> str:
    """JSON with <, > and & escaped, which stand in texts alone."""
    for character, escape in _ESCAPED:
        if character in text:
            text = text.replace(character, escape)
    return text


def dump(value: Any) -> str:
    """As Go's json.Marshal writes it, in the order given: no spaces, <, > and & escaped."""
    return escaped(json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False))


def _check_depth(raw: bytes) -> None:
    """At C's speed: brackets alone, then the innermost pairs away, level by level.

    After parsing, which ends by itself where it gets as deep as Python's own recursion may.
    """
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        inner = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(inner) == len(brackets):
            return
        brackets = inner
    raise DecodeError(f"This JSON is nested deeper than {MAX_DEPTH} levels.")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:40]}")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"the number {name}")


# Made once: json.loads would make one for each call.
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_float)


def _has_surrogates(raw: bytes, text: str) -> bool:
    """From bad UTF-8, or from half a pair that was written with \\u."""
    if b"\\u" in raw and _LONE_SURROGATE.search(raw):
        return True
    return not text.isascii() and without_surrogates(text) != text


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value
