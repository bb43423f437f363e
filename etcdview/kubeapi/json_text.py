"""JSON as Go's encoder writes it: no spaces, <, > and & escaped."""

from __future__ import annotations

import json
from typing import Any

from etcdview.errors import DecodeError

_ESCAPED = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


def json_bytes(value: Any, *, by_name: bool = False) -> bytes:
    """The value on one line, without the line's end; `by_name` sorts the members, as those of Go's maps.

    Raises DecodeError for a number that JSON has no word for.
    """
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, sort_keys=by_name)
    except (ValueError, RecursionError) as error:
        raise DecodeError("This object cannot be written as JSON.") from error
    for character, escape in _ESCAPED:  # they stand in texts alone
        if character in text:
            text = text.replace(character, escape)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
