"""Templates as kubectl's `-o jsonpath=`: texts, {"quoted texts"}, {paths}, and {range path} ... {end}."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from etcdview.errors import QueryError
from etcdview.kube.go_text import go_json, go_json_start, go_text
from etcdview.kube.jsonpath.nodes import Chain, Walk
from etcdview.kube.jsonpath.parser import HOW, Action, parse_template


@dataclass(frozen=True, slots=True)
class RangeBlock:
    """The body once for each value at the path."""

    path: Chain
    body: tuple[str | Chain | RangeBlock, ...]


Part = str | Chain | RangeBlock


class Template:
    """A JSONPath template, ready to use. Raises QueryError for one that cannot be read.

    `strict`: a field that an object lacks is an error, as with kubectl's --allow-missing-template-keys=false.
    """

    def __init__(self, text: str, *, strict: bool = False) -> None:
        self.text = text
        self._strict = strict
        self.parts = tuple(_nested(iter(parse_template(text)), text, within=False))

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def render(self, obj: Any) -> str:
        """The text for an object. Raises EvaluationError where a path cannot be followed in it."""
        return "".join(rendered(self.parts, obj, Walk(self._strict)))


def as_text(value: Any, most: int | None = None) -> str:
    """A value as kubectl prints it: a text as it is, objects and lists as JSON, null as "null".

    `most`: who wants no more characters gets the beginning of a longer JSON, and more than so many of it.
    """
    if isinstance(value, dict | list):
        return go_json(value) if most is None else go_json_start(value, most)
    return "null" if value is None else go_text(value)


def _nested(parts: Iterator[str | Action], text: str, *, within: bool) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif part.word == "range":
            yield RangeBlock(part.path, tuple(_nested(parts, text, within=True)))
        elif part.word == "end":
            if within:
                return
            raise QueryError(f"Invalid JSONPath {text[:200]!r}: not in range, nothing to end.", HOW)
        else:
            yield part.path
    if within:
        raise QueryError(f"Invalid JSONPath {text[:200]!r}: a {{range}} has no {{end}}.", HOW)


def rendered(parts: Sequence[Part], value: Any, walk: Walk) -> Iterator[str]:
    """The texts of some parts for a value. Raises EvaluationError."""
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, RangeBlock):
            for each in part.path.find([value], walk):
                yield from rendered(part.body, each, walk)
        else:
            yield " ".join(map(as_text, part.find([value], walk)))
