"""Objects as YAML exactly as `kubectl get -o yaml --show-managed-fields` prints them (docs/decisions)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from etcdview.codec.text import yaml_scalars
from etcdview.kube.go_numbers import yaml_number

# Keys of these alone sort by character; others as people count (a2 before a10).
_SIMPLE_KEYS = re.compile(r"[A-Za-z./:-]*", re.ASCII)
_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_MAX_SIMPLE_KEY_BYTES = 128
_INT64_SIGN = 1 << 63


def to_yaml(obj: Any) -> str:
    """The object; keys sorted as go-yaml sorts them, lists not indented below their key."""
    out: list[str] = []
    if isinstance(obj, Mapping) and obj:
        _mapping(out, obj, 0)
    elif isinstance(obj, list) and obj:
        _sequence(out, obj, 0)
    else:
        out.append(_leaf(obj, -2, 0))
    return ("".join(out) + "\n").replace(yaml_scalars.NO_LINE_END + "\n", "")


def yaml_list(objects: Iterable[Any]) -> Iterator[str]:
    """A v1 List of the objects in parts, as they come; together what to_yaml makes of it."""
    yield "apiVersion: v1\nitems:"
    before = "\n"
    for obj in objects:
        yield before + to_yaml([obj])
        before = ""
    yield (" []\n" if before else "") + 'kind: List\nmetadata:\n  resourceVersion: ""\n'


def _mapping(out: list[str], value: Mapping[str, Any], indent: int) -> None:
    """The entries; the first is written where the text ends, the others on lines of their own at `indent`."""
    line = "\n" + " " * indent
    for number, key in enumerate(_ordered(value)):
        if number:
            out.append(line)
        item = value[key]
        if (len(key) * 4 > _MAX_SIMPLE_KEY_BYTES and _is_complex(key)) or _BREAK.search(key):
            out.append(f"? {yaml_scalars.scalar(key, indent, indent + 2)}{line}:")
            _inside(out, item, indent)
        else:
            written = yaml_scalars.inline(key)
            out.append(written + ":")
            _below(out, item, indent, indent + len(written) + 2, line)


def _below(out: list[str], item: Any, indent: int, column: int, line: str) -> None:
    """The value of a key: mappings and lists begin on the next line."""
    if isinstance(item, str):
        out.append(" " + yaml_scalars.scalar(item, indent, column))
    elif isinstance(item, dict) and item:
        out.append(line + "  ")
        _mapping(out, item, indent + 2)
    elif isinstance(item, list) and item:
        out.append(line)
        _sequence(out, item, indent)
    else:
        out.append(" " + _leaf(item, indent, column))


def _sequence(out: list[str], value: Sequence[Any], indent: int) -> None:
    line = "\n" + " " * indent
    for number, item in enumerate(value):
        if number:
            out.append(line)
        out.append("-")
        _inside(out, item, indent)


def _inside(out: list[str], item: Any, indent: int) -> None:
    """An item of a list, or the value of a key that needed a line of its own: it begins on the same line."""
    out.append(" ")
    if isinstance(item, dict) and item:
        _mapping(out, item, indent + 2)
    elif isinstance(item, list) and item:
        _sequence(out, item, indent + 2)
    else:
        out.append(_leaf(item, indent, indent + 2))


def _leaf(value: Any, indent: int, column: int) -> str:
    if isinstance(value, str):
        return yaml_scalars.scalar(value, indent, column)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return yaml_number(value)
    return "{}" if isinstance(value, Mapping) else "[]"


def _is_complex(key: str) -> bool:
    return len(key.encode("utf-8")) > _MAX_SIMPLE_KEY_BYTES


def _ordered(keys: Iterable[str]) -> list[str]:
    found = list(keys)
    if all(map(_SIMPLE_KEYS.fullmatch, found)):
        return sorted(found)
    return sorted(found, key=functools.cmp_to_key(_compare))


def _compare(a: str, b: str) -> int:
    """go-yaml's order of keys (sorter.go): letters after all else, digits by their value."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x == y:
            continue
        letters = x.isalpha(), y.isalpha()
        if all(letters):
            return -1 if x < y else 1
        if any(letters):
            return -1 if letters[1] else 1
        return _compare_numbers(a, b, i)
    return len(a) - len(b)


def _compare_numbers(a: str, b: str, i: int) -> int:
    start = 0
    if "0" in (a[i], b[i]):
        for char in reversed(a[:i]):
            if not char.isdecimal():
                break
            if char != "0":
                start = 1
                break
    (a_value, a_end), (b_value, b_end) = _digits(a, i, start), _digits(b, i, start)
    if a_value != b_value:
        return -1 if a_value < b_value else 1
    if a_end != b_end:
        return -1 if a_end < b_end else 1
    return -1 if a[i] < b[i] else 1


def _digits(text: str, i: int, value: int) -> tuple[int, int]:
    """The value of the digits from `i` on, as an int64 that overflows, and where they end."""
    while i < len(text) and text[i].isdecimal():
        value = (value * 10 + ord(text[i]) - 48 + _INT64_SIGN) % (1 << 64) - _INT64_SIGN
        i += 1
    return value, i
