"""kubectl's --sort-by: objects in order of what a JSONPath finds in them.

Texts compare naturally (pod-9 before pod-10), quantities by their worth, and an object without the field comes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar

from etcdview.errors import QueryError
from etcdview.kube.jsonpath import compile_path, relaxed
from etcdview.kube.quantities import quantity

Item = TypeVar("Item")
SortKey = tuple[int, Any]

_DIGITS = re.compile(r"([0-9]+)")


def sort_by(items: Sequence[Item], path: str, obj: Callable[[Item], Any]) -> list[Item]:
    """The items in order of what `path` finds in `obj(item)`; see value_at and in_order."""
    at = value_at(path)
    return in_order(items, [at(obj(item)) for item in items], path)


def value_at(path: str) -> Callable[[Any], Any]:
    """What finds in an object the value that `path` sorts by, None where there is none. Raises QueryError."""
    return compile_path(relaxed(path)).first


def in_order(items: Sequence[Item], values: Sequence[Any], path: str) -> list[Item]:
    """The items in order of their values; equal ones keep their order.

    Raises QueryError where `path` has found nothing in any of them.
    """
    if items and all(value is None for value in values):
        raise QueryError(f"No object has a field at {path!r}.", "Give --sort-by a path such as .metadata.name.")
    keys = _keys(values)
    return [items[i] for i in sorted(range(len(items)), key=keys.__getitem__)]


def _keys(values: Sequence[Any]) -> list[SortKey]:
    """Quantities are compared as such only where every text is one, so that the order is a whole one."""
    quantities = [quantity(v) if isinstance(v, str) else None for v in values]
    all_quantities = all(q is not None for v, q in zip(values, quantities, strict=True) if isinstance(v, str))
    return [_key(v, q if all_quantities else None) for v, q in zip(values, quantities, strict=True)]


def _key(value: Any, worth: Decimal | None) -> SortKey:
    if value is None:
        return 0, 0
    if isinstance(value, bool | int):
        return 1, Decimal(value)
    if isinstance(value, float) and isfinite(value):
        return 1, Decimal(str(value))
    if worth is not None:
        return 1, worth
    return 2, natural(str(value))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts the numbers inside texts by their worth, however many digits they have."""
    return tuple(_worth(part) if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(text) if part)


def _worth(digits: str) -> tuple[int, int, str]:
    """Of two numbers without zeros in front the longer is the greater: Python's int() takes no 5,000 digits."""
    bare = digits.lstrip("0")
    return 0, len(bare), bare
