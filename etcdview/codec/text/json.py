"""Objects as JSON exactly as `kubectl get -o json --show-managed-fields` prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from etcdview.kube.go_numbers import json_number
from etcdview.kube.go_text import json_string

_INDENT = "    "


def to_json(obj: Any) -> str:
    """Four spaces, keys sorted, HTML escaped; with the line's end."""
    out: list[str] = []
    _value(out, obj, "\n")
    out.append("\n")
    return "".join(out)


def json_list(objects: Iterable[Any]) -> Iterator[str]:
    """A v1 List of the objects in parts, as they come; together what to_json makes of it."""
    yield '{\n    "apiVersion": "v1",\n    "items": ['
    inner, between, end = "\n" + 2 * _INDENT, "", "]"
    for obj in objects:
        out = [between + inner]
        _value(out, obj, inner)
        between, end = ",", f"\n{_INDENT}]"
        yield "".join(out)
    yield end + ',\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'


def _value(out: list[str], value: Any, line: str) -> None:
    if isinstance(value, str):
        out.append(json_string(value))
    elif isinstance(value, dict) and value:
        inner, before = line + _INDENT, "{"
        for key in sorted(value):
            out.append(f"{before}{inner}{json_string(key)}: ")
            _value(out, value[key], inner)
            before = ","
        out.append(line + "}")
    elif isinstance(value, list) and value:
        inner, before = line + _INDENT, "["
        for item in value:
            out.append(before + inner)
            _value(out, item, inner)
            before = ","
        out.append(line + "]")
    else:
        out.append(_leaf(value))


def _leaf(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json_number(value)
    return "{}" if isinstance(value, dict) else "[]"
