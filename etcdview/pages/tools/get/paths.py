"""kubectl's `-o custom-columns=SPEC`, and what `-o jsonpath=TEMPLATE` is given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from etcdview.errors import UsageError
from etcdview.kube.go_text import go_text
from etcdview.kube.jsonpath import Path, Template, compile_path, relaxed
from etcdview.kube.visible import visible

# Kubectl ends a column at each comma; ours may hold one in brackets.
_COLUMN = re.compile(r"(?:\[[^\]]*\]|[^,])+")


@dataclass(frozen=True, slots=True)
class PathColumn:
    """A column of one's own."""

    name: str
    path: Path

    def cell(self, obj: Any) -> str:
        """What the path finds as Go's fmt writes it, with commas between; <none> where that is nothing.

        Raises EvaluationError where the path cannot be followed in the object.
        """
        return ",".join(visible(go_text(value)) for value in self.path.evaluate(obj)) or "<none>"


def template_of(text: str) -> Template:
    """The template; a lone path may do without braces, which kubectl would print as it stands. Raises QueryError."""
    return Template("{" + text + "}" if text.startswith((".", "$", "[")) and "{" not in text else text)


def parse_columns(spec: str) -> tuple[PathColumn, ...]:
    """`NAME:.metadata.name,NODE:.spec.nodeName`. Raises UsageError."""
    columns = []
    for part in _COLUMN.findall(spec):
        name, _, path = part.partition(":")
        if not name or not path:
            raise UsageError(f"Invalid column {part!r}.", "Write HEADER:PATH, for example NAME:.metadata.name.")
        columns.append(PathColumn(name, compile_path(relaxed(path))))
    if not columns:
        raise UsageError("-o custom-columns= names no column.", "For example: -o custom-columns=NAME:.metadata.name.")
    return tuple(columns)
