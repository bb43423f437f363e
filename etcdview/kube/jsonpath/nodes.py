"""What a JSONPath is made of, and what each part finds: client-go's rules (util/jsonpath), over decoded JSON.

A part takes the values found so far and gives those that it finds in them. `$` and `@` are nothing in a path: both
stand for the current value, also within a range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from etcdview.errors import QueryError

# Values looked at for one object: a path can come to one value in very many ways.
MAX_STEPS = 100_000


class EvaluationError(QueryError):
    """A path that cannot be followed in an object, although it is a valid one."""


@dataclass(slots=True)
class Walk:
    """One evaluation. `strict`: a field that is missing is an error. `steps` is what may still be looked at."""

    strict: bool = False
    steps: int = MAX_STEPS

    def count(self, values: Sequence[Any]) -> None:
        """Raises EvaluationError once too many values were looked at."""
        self.steps -= len(values) + 1
        if self.steps < 0:
            raise EvaluationError(f"The path finds more than {MAX_STEPS:,} values in one object.", "Ask for less.")


class Node(Protocol):
    """One part of a path."""

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """What this part finds in `values`. Raises EvaluationError."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Parts that follow each other: each reads the values that the previous one found."""

    nodes: tuple[Node, ...] = ()

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """See Node."""
        found = list(values)
        for node in self.nodes:
            found = node.find(found, walk)
            walk.count(found)
        return found


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number, whatever was found before: "quoted", 5, true."""

    value: str | int | float | bool
    is_text: bool = False

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """A text stands once; a number or a truth value once for each value."""
        return [self.value] if self.is_text else [self.value] * len(values)


@dataclass(frozen=True, slots=True)
class FieldStep:
    """.name"""

    name: str

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """The field of each object that has it."""
        found = [value[self.name] for value in values if isinstance(value, dict) and self.name in value]
        if not found and values and walk.strict:
            raise EvaluationError(f"The field {self.name} is not found.")
        return found


@dataclass(frozen=True, slots=True)
class Wildcard:
    """.*"""

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """Everything that each value holds."""
        return [child for value in values for child in children(value)]


@dataclass(frozen=True, slots=True)
class Descent:
    """.."""

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """Each value that holds something, and below it the same; a parent before what it holds."""
        found = []
        todo = list(reversed(values))
        while todo:
            value = todo.pop()
            held = children(value)
            if held:
                found.append(value)
                walk.count(held)
                todo.extend(reversed(held))
        return found


@dataclass(frozen=True, slots=True)
class Slice:
    """[start:end:step]; [3] is [3:4], with `derived`: its end was not written."""

    start: int | None
    end: int | None
    step: int | None
    derived: bool = False

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """The elements of each list; null is passed over."""
        found: list[Any] = []
        for value in values:
            if value is None:
                continue
            if not isinstance(value, list):
                raise EvaluationError(f"{a_kind(value)} is not a list, so it has no elements.")
            start, end = self._bounds(len(value))
            if start == end:  # client-go ends here, whatever follows
                return found
            found += value[start : end : self._step()]
        return found

    def ends_at(self, value: Any) -> bool:
        """Whether it looks at nothing that follows this value."""
        if not isinstance(value, list):
            return False
        start, end = self._bounds(len(value))
        return start == end

    def _bounds(self, length: int) -> tuple[int, int]:
        start = 0 if self.start is None else self.start
        start += length if start < 0 else 0
        end = length if self.end is None else self.end
        end += length if end < 0 or (end == 0 and self.derived) else 0
        if start == end:
            return start, end
        for index, wrong in ((start, not 0 <= start < length), (end - 1, not 0 <= end <= length)):
            if wrong:
                raise EvaluationError(f"The list has {length} elements; index {index} is out of bounds.")
        if start > end:
            raise EvaluationError(f"The starting index {start} is greater than the ending index {end}.")
        return start, end

    def _step(self) -> int:
        if self.step is not None and self.step <= 0:
            raise EvaluationError("The step of a slice must be greater than 0.")
        return self.step or 1


@dataclass(frozen=True, slots=True)
class Union:
    """[a,b]: all that the first finds, then all that the second finds."""

    branches: tuple[Chain, ...]

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """See Node."""
        return [found for branch in self.branches for found in branch.find(values, walk)]


@dataclass(frozen=True, slots=True)
class FilterStep:
    """[?(left operator right)]; the operator "exists" has no right side."""

    left: Chain
    operator: str
    right: Chain = field(default_factory=Chain)

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """The elements of each list for which it holds."""
        return [element for value in values for element in self._elements(value) if self._holds(element, walk)]

    def _elements(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise EvaluationError(f"{a_kind(value)} is not a list, so it cannot be filtered.")
        return value

    def _holds(self, element: Any, walk: Walk) -> bool:
        if self.operator == "exists":
            return self._exists(element, walk)
        left, right = self.left.find([element], walk), self.right.find([element], walk)
        if not left or not right:
            return False
        if len(left) > 1 or len(right) > 1:
            raise EvaluationError("A filter compares one value with one value.")
        return compare(left[0], self.operator, right[0])

    def _exists(self, element: Any, walk: Walk) -> bool:
        try:
            return bool(self.left.find([element], walk))
        except EvaluationError:
            if walk.steps < 0:
                raise
            return False


@dataclass(frozen=True, slots=True)
class Unknown:
    """A bare word: parsed, and refused where it is come to."""

    word: str

    def find(self, values: Sequence[Any], walk: Walk) -> list[Any]:
        """Raises EvaluationError."""
        raise EvaluationError(f"Unrecognized identifier {self.word}.", "A path begins with a dot, a text has quotes.")


def children(value: Any) -> list[Any]:
    """What a value holds; of a text its bytes, as Go has them."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return list(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else []


def inner(node: Node) -> Iterator[Chain]:
    """The paths within a part."""
    if isinstance(node, Union):
        yield from node.branches
    elif isinstance(node, FilterStep):
        yield from (node.left, node.right)


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


def compare(left: Any, operator: str, right: Any) -> bool:
    """Whether it holds. Raises EvaluationError for values of two types, as client-go does: 1 and "1", 1 and 1.0."""
    test = _TESTS.get(operator)
    if test is None:
        raise EvaluationError(f"Unrecognized filter operator {operator}.", "Use ==, !=, <, <=, > or >=.")
    kinds = {_basic(left), _basic(right)}
    if "" in kinds or (kinds == {"bool"} and operator not in ("==", "!=")):
        raise EvaluationError(f"{a_kind(left)} and {a_kind(right)} cannot be compared by {operator}.")
    if len(kinds) > 1:
        raise EvaluationError(f"{a_kind(left)} cannot be compared with {a_kind(right).lower()}.")
    return test(left, right)


def _basic(value: Any) -> str:
    """The type as comparisons see it; "" for what cannot be compared."""
    kind = type(value).__name__
    return kind if kind in ("bool", "int", "float", "str") else ""


def a_kind(value: Any) -> str:
    """What a value is, to begin a sentence with."""
    if value is None:
        return "Null"
    names = {dict: "An object", list: "A list", str: "A text", bool: "A truth value", int: "An integer"}
    return names.get(type(value), "A number")
