"""Merges the facts of many releases into one table: the newest wins, and what went away is put back.

The table is a compact form of etcdview.codec.protobuf.schema; docs/schema.md describes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tools.schema.releases import Source

FORMAT = 1

# Types whose Go fields are not their wire form: (number, JSON name, type, flags), from their Marshal methods in
# k8s.io/apimachinery (apis/meta/v1/time_proto.go, micro_time_proto.go, api/resource/quantity_proto.go).
_WIRE_FORMS = {
    "apis/meta/v1.Time": ((1, "seconds", "l", ""), (2, "nanos", "i", "")),
    "apis/meta/v1.MicroTime": ((1, "seconds", "l", ""), (2, "nanos", "i", "")),
    "api/resource.Quantity": ((1, "string", "s", ""),),
}
MESSAGE = re.compile(r"M(.+)$")


@dataclass(slots=True)
class Row:
    """A field as it is merged: its flags per release; `type` is without the pointer."""

    number: int
    name: str
    type: str
    flags: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Struct:
    """A struct as it is merged: its rows in Go's order, and the releases that have it."""

    rows: list[Row] = field(default_factory=list)
    releases: set[int] = field(default_factory=set)
    custom: bool = False
    wrapped: bool = False


def merge(walked: Iterable[tuple[Source, dict[str, Any]]]) -> dict[str, Any]:
    """The table of all releases, given oldest first."""
    sources = list(walked)
    structs: dict[str, Struct] = {}
    kinds: dict[str, dict[int, str]] = {}
    for index in reversed(range(len(sources))):
        facts = sources[index][1]
        for name, raw in facts["structs"].items():
            _add_struct(structs.setdefault(name, Struct()), index, name, raw)
        for kind, name in facts["kinds"].items():
            kinds.setdefault(kind, {})[index] = name
    order = sorted(_reachable(structs, kinds))
    number_of = {name: i for i, name in enumerate(order)}
    return {
        "format": FORMAT,
        "releases": [source.release for source, _ in sources],
        "modules": [source.modules["k8s.io/api"] for source, _ in sources],
        "kinds": _kinds(kinds, number_of),
        "structs": [_struct(name, structs[name], number_of) for name in order],
    }


def _add_struct(struct: Struct, index: int, name: str, raw: dict[str, Any]) -> None:
    struct.releases.add(index)
    struct.custom = struct.custom or raw["custom"]
    struct.wrapped = struct.wrapped or raw["list"]
    at = 0
    for number, json_name, go_type, flags in _fields(name, raw):
        kind = go_type.removeprefix("*")
        row = _same(struct.rows, number, json_name, kind)
        if row is None:
            row = Row(number, json_name, kind)
            struct.rows.insert(at, row)
        at = struct.rows.index(row) + 1
        row.flags[index] = flags + ("p" if kind != go_type else "")


def _fields(name: str, raw: dict[str, Any]) -> Iterable[tuple[int, str, str, str]]:
    if name in _WIRE_FORMS:
        yield from _WIRE_FORMS[name]
        return
    for f in raw["fields"] or ():
        inline = "i" in f["flags"]
        # An inline struct has no JSON name and "-" is not a name; the Go name is for the wire view alone.
        json_name = f["go"] if inline or f["name"] == "-" else f["name"]
        yield f["number"], json_name, f["type"], f["flags"].replace("i", "") + ("i" if inline else "")


def plain_rows(fields: Iterable[dict[str, Any]], number_of: dict[str, int]) -> list[list[Any]]:
    """The rows of a struct that is the same in every release."""
    rows = []
    for number, name, go_type, flags in _fields("", {"fields": fields}):
        kind = go_type.removeprefix("*")
        held = MESSAGE.sub(lambda m: f"M{number_of[m[1]]}", kind)
        rows.append([number, name, held, flags + ("p" if kind != go_type else "")])
    return rows


def _same(rows: list[Row], number: int, name: str, kind: str) -> Row | None:
    """The row that is the same field. A message of another name is another row: it may have had other fields
    (a claim's spec.resources was ResourceRequirements up to 1.28, VolumeResourceRequirements since)."""
    return next((row for row in rows if (row.number, row.name, row.type) == (number, name, kind)), None)


def _reachable(structs: dict[str, Struct], kinds: dict[str, dict[int, str]]) -> set[str]:
    todo = [name for names in kinds.values() for name in names.values()]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo.extend(m[1] for row in structs[name].rows if (m := MESSAGE.search(row.type)))
    return seen


def _newest(by_release: dict[int, str]) -> str:
    return by_release[max(by_release)]


def _kinds(kinds: dict[str, dict[int, str]], number_of: dict[str, int]) -> dict[str, dict[str, list[int]]]:
    result: dict[str, dict[str, list[int]]] = {}
    for key in sorted(kinds):
        api_version, kind = key.split(" ")
        names = kinds[key]
        result.setdefault(api_version, {})[kind] = [number_of[_newest(names)], min(names), max(names)]
    return result


def _struct(name: str, struct: Struct, number_of: dict[str, int]) -> list[Any]:
    flags = ("c" if struct.custom else "") + ("w" if struct.wrapped else "")
    rows = [_row(row, struct.releases, number_of) for row in struct.rows]
    return [name, flags, rows]


def _row(row: Row, releases: set[int], number_of: dict[str, int]) -> list[Any]:
    kind = MESSAGE.sub(lambda m: f"M{number_of[m[1]]}", row.type)
    spans = _spans(row.flags, releases)
    everywhere = len(spans) == 1 and spans[0][:2] == [min(releases), max(releases)]
    return [row.number, row.name, kind, spans[0][2] if everywhere else spans]


def _spans(flags: dict[int, str], releases: set[int]) -> list[list[Any]]:
    """Runs of releases with equal flags, as [first, last, flags]; a release without the struct breaks no run."""
    spans: list[list[Any]] = []
    previous = None
    for index in sorted(releases):
        here = flags.get(index)
        if here is not None and previous == here:
            spans[-1][1] = index
        elif here is not None:
            spans.append([index, index, here])
        previous = here
    return spans
