"""Kubernetes' dialect of JSONPath, translated to RFC 9535 and evaluated by python-jsonpath.

In Kubernetes braces and the leading $ may be left out, a dot in a name is escaped (`.metadata.labels.a\\.b/c`),
names may hold dashes and slashes unquoted, and filters compare with texts in either quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from etcdview.errors import QueryError

if TYPE_CHECKING:
    import jsonpath

# One step of a path: a recursive descent, a name with escapes, or the start of a bracket.
_STEP = re.compile(r"(?P<deep>\.\.)|\.?(?P<name>(?:\\.|[^.\[\]\\\s'\"()=<>!&|?@,:{}$])+)|(?P<dot>\.)")
# A path inside a filter: @.type, @.metadata.labels.a\.b
_INNER = re.compile(r"@(?P<path>(?:\.(?:\\.|[^.\[\]\\\s'\"()=<>!&|?@,])+)+)|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


@lru_cache(maxsize=512)
def compile_path(path: str) -> Path:
    """The path, ready to use. Raises QueryError where it is none."""
    import jsonpath

    try:
        compiled = _environment().compile(translate(path))
        _refuse_costly(path, compiled)
        return Path(path, compiled)
    except (jsonpath.JSONPathError, RecursionError) as error:
        raise QueryError(
            f"{path!r} is no JSONPath that can be used: {str(error).splitlines()[0]}.",
            'Write it as kubectl does, for example .spec.nodeName or .status.conditions[?(@.type=="Ready")].status.',
        ) from error


@cache
def _environment() -> jsonpath.JSONPathEnvironment:
    """The library, loaded when the first path is asked for: it takes as long as Flask does."""
    import jsonpath

    environment = jsonpath.JSONPathEnvironment(strict=True, filter_caching=False)
    # Kubernetes knows no functions and no regular expressions.
    environment.function_extensions.clear()
    return environment


def _refuse_costly(path: str, compiled: jsonpath.JSONPath | jsonpath.CompoundJSONPath) -> None:
    """Raises QueryError for a path that could come to one value in many ways: six of [*,*] take a minute of a pod."""
    from jsonpath import CompoundJSONPath
    from jsonpath.segments import JSONPathRecursiveDescentSegment

    if isinstance(compiled, CompoundJSONPath):
        raise _bad(path, "it is several paths")
    if sum(isinstance(segment, JSONPathRecursiveDescentSegment) for segment in compiled.segments) > 1:
        raise _bad(path, "it descends (..) more than once")
    for selectors in (segment.selectors for segment in compiled.segments):
        if len(selectors) > 1 and not _are_distinct(selectors):
            raise _bad(path, "brackets hold one thing, or several names or positions, each once")
        if not all(_is_plain(selector) for selector in selectors):
            raise _bad(path, "a filter compares fields, each named by a path without *, .. and filters of its own")


def _are_distinct(selectors: Sequence[Any]) -> bool:
    from jsonpath.selectors import IndexSelector, NameSelector

    names = [s.name for s in selectors if isinstance(s, NameSelector)]
    positions = [s.index for s in selectors if isinstance(s, IndexSelector) and s.index >= 0]
    return len(selectors) in (len(set(names)), len(set(positions)))


def _is_plain(selector: Any) -> bool:
    """Whether it is no filter, or one that looks at single values only."""
    from jsonpath.filter import FilterQuery
    from jsonpath.selectors import Filter

    todo: list[Any] = [selector.expression] if isinstance(selector, Filter) else []
    while todo:
        expression = todo.pop()
        if isinstance(expression, FilterQuery) and not expression.path.singular_query():
            return False
        todo += expression.children()
    return True


class Path:
    """A compiled path; looking for it takes a time in proportion to the object."""

    def __init__(self, text: str, compiled: jsonpath.JSONPath | jsonpath.CompoundJSONPath) -> None:
        self.text = text
        self._compiled = compiled

    def __repr__(self) -> str:
        return f"Path({self.text!r})"

    def find(self, obj: Any) -> list[Any]:
        """All values at the path, in order; none where the path leads nowhere."""
        import jsonpath

        try:
            return list(self._compiled.findall(obj))
        except jsonpath.JSONPathError:
            return []

    def first(self, obj: Any) -> Any:
        """The first value at the path, None where there is none."""
        return next(iter(self.find(obj)), None)


def translate(path: str) -> str:
    """The path in RFC 9535's syntax. Raises QueryError where the brackets do not match."""
    rest = path.strip()
    if rest.startswith("{") and rest.endswith("}"):
        rest = rest[1:-1].strip()
    rest = rest.removeprefix("$")
    out = ["$"]
    while rest:
        taken, piece = _bracket(path, rest) if rest[0] == "[" else _name(path, rest)
        out.append(piece)
        rest = rest[taken:]
    return "".join(out)


def _name(path: str, rest: str) -> tuple[int, str]:
    match = _STEP.match(rest)
    if match is None:
        raise _bad(path, f"{rest[:20]!r} cannot follow there")
    if match["deep"]:
        return match.end(), ".."
    if match["dot"]:
        return match.end(), ""
    return match.end(), "[*]" if match["name"] == "*" else _quoted(match["name"])


def _quoted(name: str) -> str:
    return "[" + json.dumps(re.sub(r"\\(.)", r"\1", name), ensure_ascii=False) + "]"


def _bracket(path: str, rest: str) -> tuple[int, str]:
    end = _closing(path, rest)
    inside = rest[1:end].strip()
    if inside.startswith("?"):
        inside = _INNER.sub(lambda m: "@" + _inner(path, m["path"]) if m["path"] else m[0], inside)
    return end + 1, f"[{inside}]"


def _inner(path: str, steps: str) -> str:
    out = []
    while steps:
        taken, piece = _name(path, steps)
        out.append(piece)
        steps = steps[taken:]
    return "".join(out)


def _closing(path: str, rest: str) -> int:
    """Where the bracket that `rest` begins with is closed; quotes and inner brackets are skipped."""
    depth, quote, escaped = 0, "", False
    for position, char in enumerate(rest):
        if quote:
            escaped, quote = (not escaped and char == "\\", "" if char == quote and not escaped else quote)
        elif char in "'\"":
            quote = char
        elif char in "[]":
            depth += 1 if char == "[" else -1
            if depth == 0:
                return position
    raise _bad(path, "a bracket is not closed")


def _bad(path: str, why: str) -> QueryError:
    return QueryError(f"{path!r} is no JSONPath: {why}.", "Write it as kubectl does, for example .spec.nodeName.")
