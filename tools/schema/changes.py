"""What differs between two schema tables, for the person who adds a release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def describe(before: dict[str, Any] | None, after: dict[str, Any]) -> Iterator[str]:
    """Lines that say what was added, dropped and changed; and where one number means two things."""
    yield from _conflicts(after)
    if before is None:
        yield f"new table: {len(_kinds(after))} kinds, {len(after['structs'])} structs"
        return
    yield from _difference("release", set(before["releases"]), set(after["releases"]))
    yield from _difference("kind", _kinds(before), _kinds(after))
    old, new = _fields(before), _fields(after)
    yield from _difference("field", set(old), set(new))
    changed = sorted(key for key in set(old) & set(new) if old[key] != new[key])
    yield from (f"changed field {key}: {old[key]} -> {new[key]}" for key in changed)
    if before == after:
        yield "nothing changed"


def _difference(what: str, old: set[str], new: set[str]) -> Iterator[str]:
    yield from (f"new {what} {name}" for name in sorted(new - old))
    yield from (f"DROPPED {what} {name}" for name in sorted(old - new))


def _kinds(table: dict[str, Any]) -> set[str]:
    return {f"{api_version} {kind}" for api_version, kinds in table["kinds"].items() for kind in kinds}


def _fields(table: dict[str, Any]) -> dict[str, str]:
    names = [name for name, _, _ in table["structs"]]
    releases = table["releases"]
    return {
        f"{name}.{row[1]}={row[0]}": _text(row, names, releases) for name, _, rows in table["structs"] for row in rows
    }


def _text(row: list[Any], names: list[str], releases: list[str]) -> str:
    head, _, message = row[2].partition("M")
    kind = f"{head}M {names[int(message)]}" if message else head
    if isinstance(row[3], str):
        return f"{kind} {row[3]}".strip()
    spans = ", ".join(f"{releases[first]}-{releases[last]} {flags}".strip() for first, last, flags in row[3])
    return f"{kind} ({spans})"


def _conflicts(table: dict[str, Any]) -> Iterator[str]:
    for name, _, rows in table["structs"]:
        seen: dict[int, str] = {}
        for number, field, *_ in rows:
            if number in seen:
                yield f"conflict in {name}: number {number} is {seen[number]} and {field}"
            seen[number] = field
