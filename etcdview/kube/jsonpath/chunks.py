"""A template over a List whose items come in chunks: the same text, without holding them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from etcdview.kube.jsonpath.nodes import Chain, Descent, FieldStep, FilterStep, Literal, Slice, Walk, Wildcard
from etcdview.kube.jsonpath.template import Part, RangeBlock, Template, as_text, rendered

_ITEMS = FieldStep("items")
_BESIDE = frozenset((FieldStep("apiVersion"), FieldStep("kind"), FieldStep("metadata")))
_EACH_ALONE = (
    FieldStep,
    Wildcard,
    FilterStep,
    Slice,
    Descent,
)  # what they find in one value does not depend on the others


def goes_by_chunks(template: Template) -> bool:
    """Whether the items are read once, each by itself: {.items[*].metadata.name}, {range .items[*]} ... {end}."""
    kinds = [_kind(part) for part in template.parts]
    return None not in kinds and kinds.count("items") == 1


def by_chunks(template: Template, beside: Any, chunks: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The text in parts; `beside` is the list without its items. For templates that go by chunks.

    Raises EvaluationError where a path cannot be followed in an object.
    """
    for part in template.parts:
        if _kind(part) == "items":
            assert isinstance(part, Chain | RangeBlock)  # noqa: S101 - for mypy: texts are of another kind
            yield from _through(part, chunks)
        else:
            yield "".join(rendered([part], beside, Walk()))


def _kind(part: Part) -> str | None:
    """What a part of a template reads: "items", "beside" them, or None where that takes all of them at once."""
    if isinstance(part, str):
        return "beside"
    nodes = (part.path if isinstance(part, RangeBlock) else part).nodes
    if all(isinstance(node, Literal) for node in nodes) or nodes[0] in _BESIDE:
        return "beside"
    each = len(nodes) > 1 and nodes[0] == _ITEMS and _takes_each(nodes[1])
    return "items" if each and all(isinstance(node, _EACH_ALONE) for node in nodes[2:]) else None


def _takes_each(node: Any) -> bool:
    return isinstance(node, Wildcard | FilterStep) or node == Slice(None, None, None)


def _through(part: Chain | RangeBlock, chunks: Iterable[Sequence[Any]]) -> Iterator[str]:
    path = _Path(part.path if isinstance(part, RangeBlock) else part)
    between = ""
    for chunk in chunks:
        walk = Walk()
        found = path.find(chunk, walk)
        if isinstance(part, RangeBlock):
            for value in found:
                yield "".join(rendered(part.body, value, walk))
        elif found:
            yield between + " ".join(map(as_text, found))
            between = " "


class _Path:
    """A path behind .items. Client-go ends a slice at the first list that it finds nothing in: also in later chunks."""

    def __init__(self, chain: Chain) -> None:
        self._nodes = chain.nodes[1:]

    def find(self, chunk: Sequence[Any], walk: Walk) -> list[Any]:
        found: list[Any] = [list(chunk)]
        for position, node in enumerate(self._nodes):
            ends = isinstance(node, Slice) and any(node.ends_at(value) for value in found)
            found = node.find(found, walk)
            walk.count(found)
            if ends:
                self._nodes = (*self._nodes[:position], _NOTHING)
        return found


class _Nothing:
    """In place of a slice that has ended, and of what follows it."""

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        return []


_NOTHING = _Nothing()
