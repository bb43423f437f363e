"""What to look for in an object: a text, a label selector, a field selector, a JSONPath."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from etcdview.errors import QueryError
from etcdview.kube.jsonpath import compile_path
from etcdview.kube.selectors import parse_fields, parse_labels
from etcdview.objects.search import Match, Predicate

Kind = Literal["text", "labels", "fields", "jsonpath"]

MAX_TEXT = 500
_AROUND = 40  # characters shown on each side of what was found


def predicate_for(kind: Kind, text: str) -> Predicate:
    """The predicate. Raises QueryError where `text` cannot be read as one, or is empty or too long."""
    if not text.strip():
        raise QueryError("Nothing was given to search for.", "Give a text, a selector or a path.")
    if len(text) > MAX_TEXT:
        raise QueryError(f"What to search for is longer than {MAX_TEXT} characters.", "Search for a part of it.")
    if kind == "labels":
        return _labels(text)
    if kind == "fields":
        return _fields(text)
    return _path(text) if kind == "jsonpath" else _text(text)


def _text(wanted: str) -> Predicate:
    """Names of fields and values that hold the text, whatever its case."""
    low = wanted.casefold()

    def look(obj: Mapping[str, Any]) -> Match | None:
        for path, said in _said(obj, ""):
            at = said.casefold().find(low)
            if at >= 0:
                return Match(path, _around(said, at, len(wanted)))
        return None

    return look


def _labels(text: str) -> Predicate:
    selector = parse_labels(text)

    def look(obj: Mapping[str, Any]) -> Match | None:
        metadata = obj.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
        if not selector.matches(labels if isinstance(labels, Mapping) else {}):
            return None
        return label_match(labels)

    return look


def label_match(labels: object) -> Match:
    """Where labels stand in an object, and these labels."""
    return Match(".metadata.labels", _shorten(_compact(labels)))


def _fields(text: str) -> Predicate:
    selector = parse_fields(text)
    return lambda obj: Match() if selector.matches(obj) else None


def _path(text: str) -> Predicate:
    path = compile_path(text)

    def look(obj: Mapping[str, Any]) -> Match | None:
        found = path.find(obj)
        return Match(text, _shorten(_compact(found[0]))) if found else None

    return look


def _said(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every field name and scalar of an object, each with its path; by a stack, for objects may be nested deeply."""
    todo = [(path, value)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, Mapping):
            inner = [(path + _step(name), held) for name, held in value.items()]
            yield from ((where, str(name)) for (where, _), name in zip(inner, value, strict=True))
            todo.extend(reversed(inner))
        elif isinstance(value, list):
            todo.extend((f"{path}[{n}]", value[n]) for n in range(len(value) - 1, -1, -1))
        elif value is not None:
            yield path, value if isinstance(value, str) else json.dumps(value)


def _step(name: object) -> str:
    return "." + str(name).replace(".", "\\.")


def _around(said: str, at: int, length: int) -> str:
    start, end = max(at - _AROUND, 0), min(at + length + _AROUND, len(said))
    return ("…" if start else "") + said[start:end] + ("…" if end < len(said) else "")


def _shorten(said: str) -> str:
    return _around(said, 0, 2 * _AROUND)


def _compact(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
