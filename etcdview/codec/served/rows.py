"""Rows of defaults: a path with the value that is set where there is none, or with a function that sets several.

A path goes through members and lists (`containers[].ports[].protocol`). Its parents must exist: API servers set no
default in what is missing. Rows of one place are done in their order, and before those of deeper places.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from etcdview.codec.model import Object

Change = Callable[[Object, int], None]  # of the object at a path, by a minor release


@dataclass(frozen=True, slots=True)
class Default:
    """`value` for an absent field at `path`, from release 1.`since` on. With `zero`, zero counts as absent, too."""

    path: str
    value: Any
    since: int = 0
    zero: bool = False


@dataclass(frozen=True, slots=True)
class Hook:
    """`change` of what is at `path`: what depends on other fields."""

    path: str
    change: Change
    since: int = 0


@dataclass(frozen=True, slots=True)
class Within:
    """The rows of a structure that several kinds have, at `path`."""

    path: str
    rows: tuple[Row, ...]


Row = Default | Hook | Within


@dataclass(slots=True)
class RowPlan:
    """What is done at one place, and in the places below it."""

    defaults: list[tuple[str, Any, bool]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    inner: dict[str, RowPlan] = field(default_factory=dict)
    each: dict[str, RowPlan] = field(default_factory=dict)

    def at(self, path: str) -> RowPlan:
        """The node of a path below this one."""
        node = self
        for step in path.split(".") if path else ():
            below, name = (node.each, step[:-2]) if step.endswith("[]") else (node.inner, step)
            node = below.setdefault(name, RowPlan())
        return node


def plan(rows: Iterable[Row], minor: int) -> RowPlan:
    """The rows of a kind as a tree, as far as release 1.`minor` knows them."""
    root = RowPlan()
    _add(root, rows, minor)
    return root


def _add(root: RowPlan, rows: Iterable[Row], minor: int) -> None:
    for row in rows:
        if isinstance(row, Within):
            _add(root.at(row.path), row.rows, minor)
        elif row.since > minor:
            continue
        elif isinstance(row, Hook):
            root.at(row.path).changes.append(row.change)
        else:
            parent, _, name = row.path.rpartition(".")
            root.at(parent).defaults.append((name, row.value, row.zero))


def apply(node: RowPlan, obj: Any, minor: int) -> None:
    """Do all of it to an object, in place. What is not of the shape that it should have stays as it is."""
    if not isinstance(obj, dict):
        return
    for name, value, zero in node.defaults:
        set_default(obj, name, value, zero=zero)
    for change in node.changes:
        change(obj, minor)
    for name, below in node.inner.items():
        apply(below, obj.get(name), minor)
    for name, below in node.each.items():
        found = obj.get(name)
        for one in found if isinstance(found, list) else ():
            apply(below, one, minor)


def set_default(obj: Object, name: str, value: Any, *, zero: bool = False) -> None:
    """Set one member where it is absent or null; with `zero`, also where it is "", 0 or an empty list."""
    had = obj.get(name)
    if had is None or (zero and had is not False and had in ("", 0, [])):
        obj[name] = copy.deepcopy(value) if isinstance(value, (dict, list)) else value
