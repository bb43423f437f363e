"""Two changes of one object, made beside each other: what each did, where they meet, and both together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etcdview.kube.diff import ABSENT, NOISE, FieldChange, Path, field_changes, items_by_name, value_text, written_path


@dataclass(frozen=True, slots=True)
class ThreeWayField:
    """One field that one of the two changes touches, as texts that are cut where they are long; "" where it is absent.

    `both`: both changes touch it, and not in the same way.
    """

    path: str
    base: str
    theirs: str
    yours: str
    both: bool


def three_way(base: Mapping[str, Any], theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> Iterator[ThreeWayField]:
    """The fields that differ, those of `theirs` first; noise is left out."""
    their, your = ({change.path: change for change in field_changes(base, side, NOISE)} for side in (theirs, yours))
    for path in dict.fromkeys((*their, *your)):
        change = their.get(path) or your[path]
        theirs_now, yours_now = (_side(changes, path, change.old) for changes in (their, your))
        alike = path in their and path in your and theirs_now == yours_now
        both = _touches(their, path) and _touches(your, path) and not alike
        yield ThreeWayField(
            written_path(path), value_text(change.old), value_text(theirs_now), value_text(yours_now), both
        )


def merged(base: Any, theirs: Any, yours: Any, field: str = "") -> Any:
    """Both changes together; where they meet it is yours. Lists are matched as Kubernetes merges them."""
    if theirs == base:
        return yours
    if yours == base:
        return theirs
    sides = (base, theirs, yours)
    if all(isinstance(side, Mapping) for side in sides):
        return _together(*sides)
    if all(isinstance(side, list) for side in sides):
        return list(_together(*items_by_name(field, *sides)).values())
    return yours


def _together(base: Mapping[str, Any], theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        name: merged(base.get(name, ABSENT), theirs.get(name, ABSENT), yours.get(name, ABSENT), name)
        for name in dict.fromkeys((*theirs, *yours))
    }
    return {name: value for name, value in found.items() if value is not ABSENT}


def _side(changes: Mapping[Path, FieldChange], path: Path, before: Any) -> Any:
    """What a side has at the path: ABSENT where it changed what is around it. Changes of parts have their own rows."""
    if path in changes:
        return changes[path].new
    return ABSENT if any(path[: len(other)] == other for other in changes) else before


def _touches(changes: Mapping[Path, FieldChange], path: Path) -> bool:
    """Whether one of the changes is of the path, of what it is in, or of a part of it."""
    return any(other[: len(path)] == path[: len(other)] for other in changes)
