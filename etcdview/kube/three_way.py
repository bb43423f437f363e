"""Two changes of one object, made beside each other: what each did, where they meet, and both together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etcdview.kube.diff import (
    ABSENT,
    NOISE,
    TEXT_LIMIT,
    Path,
    as_json,
    cut_text,
    items_by_name,
    items_by_position,
    written_path,
)

_BEFORE = 40  # characters before the first difference of a long text that are shown


@dataclass(frozen=True, slots=True)
class SideValue:
    """What a field is on one side. `changed`: it is not as the base has it, even where the texts are alike.

    `text` is cut around the first difference where it is long; "" too for an empty text, and where it is `absent`.
    """

    text: str
    changed: bool = False
    absent: bool = False


@dataclass(frozen=True, slots=True)
class ThreeWayField:
    """One field that one of the two changes touches. `both`: they both do, and not in the same way."""

    path: str
    base: SideValue
    theirs: SideValue
    yours: SideValue
    both: bool


def three_way(base: Mapping[str, Any], theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> list[ThreeWayField]:
    """The fields that differ, those that both changed first; noise is left out."""
    found = [_field(path, *sides) for path, sides in _changed((), base, theirs, yours)]
    return sorted(found, key=lambda field: not field.both)


def merged(base: Any, theirs: Any, yours: Any, field: str = "") -> Any:
    """Both changes together; where they meet it is yours.

    Lists are matched as Kubernetes merges them: one whose items have no names is a value as a whole.
    """
    if theirs == base:
        return yours
    if yours == base:
        return theirs
    sides = (base, theirs, yours)
    if all(isinstance(side, Mapping) for side in sides):
        return _together(*sides)
    named = items_by_name(field, *sides) if all(isinstance(side, list) for side in sides) else None
    return yours if named is None else list(_together(*named).values())


def _together(base: Mapping[str, Any], theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        name: merged(base.get(name, ABSENT), theirs.get(name, ABSENT), yours.get(name, ABSENT), name)
        for name in dict.fromkeys((*theirs, *yours))
    }
    return {name: value for name, value in found.items() if value is not ABSENT}


def _changed(path: Path, *sides: Any) -> Iterator[tuple[Path, tuple[Any, Any, Any]]]:
    """The paths that `merged` decides about and where the sides differ, with what each side has."""
    if path in NOISE:
        return
    parts = _parts(path, *sides)
    if parts is None:
        base, theirs, yours = sides
        if _differ(base, theirs) or _differ(base, yours):
            yield path, (base, theirs, yours)
        return
    for name in dict.fromkeys(name for part in parts for name in part):
        yield from _changed((*path, name), *(part.get(name, ABSENT) for part in parts))


def _parts(path: Path, base: Any, theirs: Any, yours: Any) -> tuple[Mapping[str, Any], ...] | None:
    """What the sides consist of, by names that they share; None for what is compared as a whole."""
    sides = (base, theirs, yours)
    if all(isinstance(side, Mapping) for side in sides):
        return sides
    if not all(isinstance(side, list) for side in sides):
        return None
    named = items_by_name(path[-1], *sides)
    if named is None and (base in (theirs, yours) or theirs == yours):
        return items_by_position(*sides)  # there is but one change: it can be shown item by item
    return named


def _differ(one: Any, other: Any) -> bool:
    return one is not other and (one != other or type(one) is not type(other))


def _field(path: Path, base: Any, theirs: Any, yours: Any) -> ThreeWayField:
    texts = _texts(base, theirs, yours)
    starts = [_start(texts[0], text) for text in texts]
    changes = [_differ(base, side) for side in (theirs, yours)]
    first = min((start for start, changed in zip(starts[1:], changes, strict=True) if changed), default=0)
    shown_theirs, shown_yours = (
        SideValue(cut_text(text, start if changed else first), changed, side is ABSENT)
        for text, start, changed, side in zip(texts[1:], starts[1:], changes, (theirs, yours), strict=True)
    )
    return ThreeWayField(
        written_path(path),
        SideValue(cut_text(texts[0], first), absent=base is ABSENT),
        shown_theirs,
        shown_yours,
        both=all(changes) and _differ(theirs, yours),
    )


def _texts(*sides: Any) -> list[str]:
    """The sides as texts; in quotes where not all are texts, so that "1" is told from 1."""
    plain = all(isinstance(side, str) or side is ABSENT for side in sides)
    return ["" if side is ABSENT else side if plain else as_json(side) for side in sides]


def _start(base: str, text: str) -> int:
    """Where to begin to show the text so that its first difference from the base's is seen."""
    if max(len(base), len(text)) <= TEXT_LIMIT:
        return 0
    pairs = enumerate(zip(base, text, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(len(base), len(text)))
    return 0 if same < TEXT_LIMIT - _BEFORE else same - _BEFORE
