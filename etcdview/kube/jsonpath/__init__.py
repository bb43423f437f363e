"""JSONPath as Kubernetes has it: client-go's dialect, of kubectl's outputs, CRDs' columns and our searches.

`compile_path` is for a path that somebody else has written (a CRD, an address): it refuses what would cost much.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from etcdview.errors import QueryError
from etcdview.kube.jsonpath.chunks import by_chunks, goes_by_chunks
from etcdview.kube.jsonpath.nodes import (
    Chain,
    Descent,
    EvaluationError,
    FilterStep,
    Node,
    Slice,
    Union,
    Unknown,
    Walk,
    Wildcard,
    inner,
)
from etcdview.kube.jsonpath.parser import HOW, parse_path
from etcdview.kube.jsonpath.template import Template, as_text

__all__ = ["EvaluationError", "Path", "Template", "as_text", "by_chunks", "compile_path", "goes_by_chunks", "relaxed"]

MAX_BRANCHES = 20


class Path:
    """A compiled path; looking for it takes a time in proportion to the object."""

    def __init__(self, text: str, chain: Chain) -> None:
        self.text = text
        self._chain = chain

    def __repr__(self) -> str:
        return f"Path({self.text!r})"

    def evaluate(self, obj: Any) -> list[Any]:
        """All values at the path, in order. Raises EvaluationError where it cannot be followed in this object."""
        return self._chain.find([obj], Walk())

    def find(self, obj: Any) -> list[Any]:
        """All values at the path, in order; none where the path leads nowhere, or cannot be followed."""
        try:
            return self.evaluate(obj)
        except EvaluationError:
            return []

    def first(self, obj: Any) -> Any:
        """The first value at the path, None where there is none."""
        return next(iter(self.find(obj)), None)


@lru_cache(maxsize=512)
def compile_path(path: str) -> Path:
    """The path, ready to use; braces around it may be left out. Raises QueryError for an invalid or a costly one."""
    chain = parse_path(_without_braces(path))
    _check(path, chain)
    return Path(path, chain)


def relaxed(path: str) -> str:
    """The path with the leading dot that --sort-by and custom columns let one leave out, and without braces."""
    bare = _without_braces(path)
    return bare if bare.startswith((".", "$", "@", "[")) else "." + bare


def _without_braces(path: str) -> str:
    bare = path.strip()
    return bare[1:-1].strip() if bare.startswith("{") and bare.endswith("}") else bare


def _check(path: str, chain: Chain) -> None:
    """Raises QueryError for a bare word, and for what comes to one value in many ways: six [*,*] take a minute."""
    nodes = list(_all(chain))
    if sum(isinstance(node, Descent) for node in nodes) > 1:
        raise _costly(path, "it descends (..) more than once")
    for node in nodes:
        if isinstance(node, Unknown):
            raise QueryError(f"Invalid JSONPath {path[:200]!r}: unrecognized identifier {node.word}.", HOW)
        if isinstance(node, Union) and not _are_distinct(node.branches):
            raise _costly(path, f"brackets hold at most {MAX_BRANCHES} things, each once, and no slices")
        if isinstance(node, FilterStep) and not (_is_single(node.left) and _is_single(node.right)):
            raise _costly(path, "a filter compares fields, each named by a path without *, .. and filters of its own")


def _all(chain: Chain) -> Iterator[Node]:
    for node in chain.nodes:
        yield node
        for branch in inner(node):
            yield from _all(branch)


def _are_distinct(branches: tuple[Chain, ...]) -> bool:
    single = all(_is_single(branch) for branch in branches)
    return single and len(set(branches)) == len(branches) <= MAX_BRANCHES


def _is_single(chain: Chain) -> bool:
    """Whether each part finds one value at most in each."""
    return not any(
        isinstance(node, Wildcard | Descent | FilterStep | Union) or (isinstance(node, Slice) and not node.derived)
        for node in chain.nodes
    )


def _costly(path: str, why: str) -> QueryError:
    return QueryError(f"The JSONPath {path[:200]!r} is refused: {why}.", "Name the fields, for example .spec.nodeName.")
