"""kubectl's `-o jsonpath=TEMPLATE` and `-o custom-columns=SPEC`: what JSONPaths find, as text.

In a template stand texts, {"quoted texts"}, {paths}, and {range path} ... {end}: paths within begin at its item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from etcdview.errors import UsageError
from etcdview.kube.jsonpath import Path, compile_path

Render = Callable[[Any, Any], str]  # the whole object, and the item of the range

# An action in braces, which end behind its quotes; or the text before the next.
_PART = re.compile(r"\{(?P<action>(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^'\"}])*)\}|(?P<text>[^{]+)", re.DOTALL)
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_COLUMN = re.compile(r"(?:\[[^\]]*\]|[^,])+")
_HOW = 'Write it as kubectl does: {.items[*].metadata.name}, {range .items[*]}{.metadata.name}{"\\n"}{end}.'


@dataclass(frozen=True, slots=True)
class PathColumn:
    """A column of one's own."""

    name: str
    path: Path

    def cell(self, obj: Any) -> str:
        """What the path finds, with commas between; <none> where that is nothing."""
        return ",".join(map(as_text, self.path.find(obj))) or "<none>"


class Template:
    """A JSONPath template, ready to use. Raises UsageError where it is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        # kubectl prints what has no braces as it stands: nobody means that
        parts = _parts(text if "{" in text else "{" + text + "}")
        self._render = _together(_nodes(parts, text, within=False))

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def render(self, obj: Any) -> str:
        """The text for an object."""
        return self._render(obj, obj)


def parse_columns(spec: str) -> tuple[PathColumn, ...]:
    """`NAME:.metadata.name,NODE:.spec.nodeName`. Raises UsageError."""
    columns = []
    for part in _COLUMN.findall(spec):
        name, _, path = part.partition(":")
        if not name or not path:
            raise UsageError(
                f"{part!r} is no column of one's own.", "Write HEADER:PATH, for example NAME:.metadata.name."
            )
        columns.append(PathColumn(name, compile_path(path if path[0] in "{.$[" else "." + path)))
    if not columns:
        raise UsageError("-o custom-columns= names no column.", "For example: -o custom-columns=NAME:.metadata.name.")
    return tuple(columns)


def as_text(value: Any) -> str:
    """A value as kubectl prints it: texts as they are, objects and lists as JSON, nothing for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Texts, as ("text", it), and actions, as (their first word or "", the rest)."""
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise UsageError(f"The template {text!r} has a brace or a quote that is not closed.", _HOW)
        at = match.end()
        if match["text"] is not None:
            yield "text", match["text"]
            continue
        action = match["action"].strip()
        if _QUOTED.fullmatch(action):
            yield "text", _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), action[1:-1])
        elif action == "end" or action.split(maxsplit=1)[:1] == ["range"]:
            yield action[:5].strip(), action[5:].strip()
        else:
            yield "path", action


def _nodes(parts: Iterator[tuple[str, str]], text: str, *, within: bool) -> Iterator[Render]:
    for kind, what in parts:
        match kind:
            case "text":
                yield _text(what)
            case "path":
                yield _path(what)
            case "range":
                yield _range(what, _together(_nodes(parts, text, within=True)))
            case _ if within:
                return
            case _:
                raise UsageError(f"The template {text!r} has an {{end}} without a {{range}}.", _HOW)
    if within:
        raise UsageError(f"The template {text!r} has a {{range}} without an {{end}}.", _HOW)


def _together(nodes: Iterable[Render]) -> Render:
    made: Sequence[Render] = tuple(nodes)
    return lambda root, item: "".join(node(root, item) for node in made)


def _text(text: str) -> Render:
    return lambda _root, _item: text


def _path(action: str) -> Render:
    find = _finder(action)
    return lambda root, item: " ".join(map(as_text, find(root, item)))


def _range(action: str, body: Render) -> Render:
    find = _finder(action)
    return lambda root, item: "".join(body(root, each) for each in find(root, item))


def _finder(action: str) -> Callable[[Any, Any], list[Any]]:
    """`$` begins at the whole object, everything else (and @) at the item."""
    compiled = compile_path(action.removeprefix("@"))
    whole = action.startswith("$")
    return lambda root, item: compiled.find(root if whole else item)
