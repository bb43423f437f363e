"""Why something could not be read, in words: what Python says names its own classes, codecs and error numbers."""

from __future__ import annotations

import binascii
import gzip
import json
import ssl
import struct
import tomllib
import zlib

_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((UnicodeError,), "it is not UTF-8 text"),
    ((binascii.Error,), "it is not base64"),
    ((EOFError, zlib.error, gzip.BadGzipFile), "its gzip data is damaged or cut short"),
    ((struct.error,), "it is damaged or cut short"),
    ((RecursionError,), "it is nested too deep"),
    ((TypeError, AttributeError), "a value in it is of another type"),
)
_JSON_TYPES = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def reason(error: Exception) -> str:
    """The reason, to stand behind "cannot be read:"; no full stop. Unknown errors keep what they say."""
    for kinds, words in _WORDS:
        if isinstance(error, kinds):
            return words
    if isinstance(error, json.JSONDecodeError):
        return f"it is not valid JSON in line {error.lineno}, column {error.colno}"
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"it is not valid TOML: {error}"
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return (getattr(error, "strerror", None) or str(error)) if isinstance(error, OSError) else str(error)


def json_type(value: object) -> str:
    """What JSON calls a value of this type: a string, a list, null."""
    return "null" if value is None else _JSON_TYPES.get(type(value), "another type")
