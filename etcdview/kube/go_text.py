"""Values as Go writes them: fmt's %v, as kubectl's columns have it, and encoding/json's compact form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from etcdview.kube.go_numbers import INT64, json_number, shortest_number

# encoding/json escapes these, so that its text can stand in HTML.
HTML_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def go_text(value: Any) -> str:
    """As fmt.Sprint: map[a:1 b:2] with sorted keys, [x y], <nil>, numbers in %v's form."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and value not in INT64):
        return shortest_number(float(value))
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value)


def go_json(value: Any) -> str:
    """As json.Marshal: no spaces, sorted keys, <, > and & escaped."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json_string(key)}:{go_json(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(go_json, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return json_number(value) if isinstance(value, int | float) else json_string(str(value))


def go_json_start(value: Any, most: int) -> str:
    """The beginning of go_json's text, of more than `most` characters where there are more; the rest is not made."""
    found: list[str] = []
    size = 0
    for part in _json_parts(value, most):
        found.append(part)
        size += len(part)
        if size > most:
            break
    return "".join(found)


def _json_parts(value: Any, most: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield "{"
        for number, key in enumerate(sorted(value)):
            yield f"{',' if number else ''}{json_string(key[: most + 1])}:"
            yield from _json_parts(value[key], most)
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for number, item in enumerate(value):
            yield "," if number else ""
            yield from _json_parts(item, most)
        yield "]"
    else:
        yield json_string(value[: most + 1]) if isinstance(value, str) else go_json(value)


def json_string(value: str) -> str:
    """A text in quotes, as encoding/json writes it."""
    return json.dumps(value, ensure_ascii=False).translate(HTML_ESCAPES)
