"""The schema table: what Kubernetes' Go types say of every kind, release by release (made by tools/schema).

Of its own it knows no protobuf; pool.py makes descriptors of it, protobuf.py and writer.py plans.
"""

from __future__ import annotations

import copy
import functools
import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from etcdview.codec.protobuf import answers_only
from etcdview.kube.release import Release

FORMAT = 1
_TYPE = re.compile(r"(?P<list>\[\])?(?:\{(?P<key>.)\})?(?:M(?P<message>\d+)|(?P<scalar>.))$")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a field is on the wire. See SchemaField."""

    scalar: str
    message: int
    repeated: bool
    map_key: str


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of a message as one release has it.

    `scalar` is "" for messages, else b bool, i int32, l int64, u uint32, U uint64, s string, y bytes, d float64,
    f float32; `message` is the struct's number, -1 for scalars; `map_key` is the key's scalar, "" for no map.
    `known`: the release has the field; else its flags are those of the nearest release that has.
    """

    number: int
    name: str
    scalar: str
    message: int
    repeated: bool
    map_key: str
    pointer: bool
    omitempty: bool
    omitzero: bool
    inline: bool
    known: bool

    @property
    def nullable(self) -> bool:
        """Whether nothing on the wire is null in JSON: a list, map, bytes or pointer without omitempty."""
        can_be_nil = self.repeated or bool(self.map_key) or self.pointer or self.scalar == "y"
        return can_be_nil and not self.omitempty and self.known

    @property
    def always_written(self) -> bool:
        """Whether Go's writer puts it on the wire even when it is zero: scalars and structs that are not pointers."""
        return not (self.repeated or self.map_key or self.pointer or self.scalar == "y")


@dataclass(frozen=True, slots=True)
class Struct:
    """A message: `custom` says that its JSON form is its own, `wrapped` that it is a list with a message around."""

    number: int
    name: str
    custom: bool
    wrapped: bool
    fields: tuple[SchemaField, ...]


class Schema:
    """The table as one release of Kubernetes has it; without one, the newest."""

    def __init__(self, table: Mapping[str, Any], release: Release | None = None) -> None:
        self.releases: tuple[Release, ...] = tuple(Release.parse(r) for r in table["releases"])
        self.modules: tuple[str, ...] = tuple(table["modules"])
        self.release = release
        self._at = _index(self.releases, release)
        self._kinds: Mapping[str, Mapping[str, list[int]]] = table["kinds"]
        self._answers: Mapping[str, Mapping[str, int]] = table.get("answers", {})
        self._structs: list[Any] = table["structs"]
        self._numbers = {row[0]: number for number, row in enumerate(self._structs)}
        self._made: dict[int, Struct] = {}

    def __len__(self) -> int:
        return len(self._structs)

    def kinds(self) -> tuple[tuple[str, str], ...]:
        """Every (apiVersion, kind) that is stored."""
        return tuple((version, kind) for version, kinds in self._kinds.items() for kind in kinds)

    def without(self, fields: Mapping[str, frozenset[str]]) -> Schema:
        """The same table without these fields, by struct: a parser made of it passes over them."""
        left = copy.copy(self)
        left._made = {}
        left._structs = [
            [name, flags, [row for row in rows if row[1] not in fields.get(name, ())]]
            for name, flags, rows in self._structs
        ]
        return left

    def keeping(self, fields: Mapping[str, frozenset[str]]) -> Schema:
        """The same table with only these fields of the structs that are named; other structs have all of theirs."""
        names = {name: {row[1] for row in rows} for name, _, rows in self._structs if name in fields}
        return self.without({name: frozenset(has - fields[name]) for name, has in names.items()})

    def find(self, api_version: str, kind: str) -> int | None:
        """The number of the kind's struct, a list's or Status' too; None where the table has no such kind."""
        row = self._kinds.get(api_version, {}).get(kind)
        return self._answers.get(api_version, {}).get(kind) if row is None else row[0]

    def has(self, api_version: str, kind: str) -> bool:
        """Whether the release of this schema has the kind; `find` knows those of other releases too."""
        row = self._kinds.get(api_version, {}).get(kind)
        return row is not None and row[1] <= self._at <= row[2]

    def same(self, one: int, other: int) -> bool:
        """Whether two structs hold the same, so that an object of the one is one of the other under another version."""
        return _same(self, one, other, set())

    def named(self, name: str) -> int:
        """The number of the struct that Go calls `name` ("apis/meta/v1.ObjectMeta"). Raises KeyError."""
        return self._numbers[name]

    def kinds_of(self, number: int) -> tuple[tuple[int, str], ...]:
        """The number and the table's type of each of the struct's fields (for shape): quicker than the struct."""
        return tuple((row[0], row[2]) for row in _unambiguous(self._structs[number][2], self._at))

    def is_wrapped(self, field: SchemaField) -> bool:
        """Whether it is a list or a map with a message around it, which is nil where it is absent."""
        return field.message >= 0 and not field.repeated and "w" in self._structs[field.message][1]

    def is_nullable(self, field: SchemaField) -> bool:
        """Whether nothing on the wire is null in JSON."""
        return field.nullable or (self.is_wrapped(field) and not field.omitempty and field.known)

    def struct(self, number: int) -> Struct:
        """The struct of that number."""
        made = self._made.get(number)
        if made is None:
            name, flags, rows = self._structs[number]
            fields = tuple(_field(row, self._at) for row in _unambiguous(rows, self._at))
            made = self._made[number] = Struct(number, name, "c" in flags, "w" in flags, fields)
        return made


def _same(schema: Schema, one: int, other: int, compared: set[tuple[int, int]]) -> bool:
    if one == other or (one, other) in compared:
        return True
    compared.add((one, other))
    left, right = (_known_fields(schema.struct(number)) for number in (one, other))
    if left.keys() != right.keys() or schema.struct(one).custom != schema.struct(other).custom:
        return False
    return all(_same_field(schema, field, right[name], compared) for name, field in left.items())


def _known_fields(struct: Struct) -> dict[str, SchemaField]:
    return {field.name: field for field in struct.fields if field.known}


def _same_field(schema: Schema, one: SchemaField, other: SchemaField, compared: set[tuple[int, int]]) -> bool:
    if replace(one, message=0, number=0) != replace(other, message=0, number=0) or (one.message < 0) != (
        other.message < 0
    ):
        return False
    return one.message < 0 or _same(schema, one.message, other.message, compared)


def _index(releases: tuple[Release, ...], release: Release | None) -> int:
    """The newest release of the table up to `release`."""
    if release is None:
        return len(releases) - 1
    return max((i for i, known in enumerate(releases) if known <= release), default=0)


def _field(row: list[Any], at: int) -> SchemaField:
    number, name, kind, spans = row
    flags, known = _at(spans, at)
    what = shape(kind)
    return SchemaField(
        number=number,
        name=name,
        scalar=what.scalar,
        message=what.message,
        repeated=what.repeated,
        map_key=what.map_key,
        pointer="p" in flags,
        omitempty="o" in flags,
        omitzero="z" in flags,
        inline="i" in flags,
        known=known,
    )


@functools.lru_cache(maxsize=4096)
def shape(kind: str) -> Shape:
    """The shape that the table's type says, such as \"[]M7\" or \"{s}s\"."""
    match = _TYPE.match(kind)
    if match is None:
        raise ValueError(f"the schema table has a field type {kind!r}")
    message = int(match["message"]) if match["message"] else -1
    return Shape(match["scalar"] or "", message, match["list"] is not None, match["key"] or "")


def _at(spans: Any, at: int) -> tuple[str, bool]:
    """The flags at release number `at` and whether the field is there; else those of the nearest release."""
    if isinstance(spans, str):
        return spans, True
    for first, last, flags in spans:
        if first <= at <= last:
            return flags, True
    return min(spans, key=lambda span: min(abs(span[0] - at), abs(span[1] - at)))[2], False


def _unambiguous(rows: list[list[Any]], at: int) -> list[list[Any]]:
    """One row for each number: where a number was used twice, the one that the release has."""
    chosen: dict[int, list[Any]] = {}
    for row in rows:
        other = chosen.get(row[0])
        if other is None or (_at(row[3], at)[1] and not _at(other[3], at)[1]):
            chosen[row[0]] = row
    return list(chosen.values())


@functools.cache
def _table() -> dict[str, Any]:
    packed = resources.files("etcdview.codec.protobuf").joinpath("schema.json.gz").read_bytes()
    table: dict[str, Any] = json.loads(gzip.decompress(packed))
    if table["format"] != FORMAT:
        raise ValueError(f"schema.json.gz has format {table['format']}, not {FORMAT}")
    answers_only.add(table)
    return table


@functools.lru_cache(maxsize=32)
def schema(release: Release | None = None) -> Schema:
    """The committed table as `release` has it."""
    return Schema(_table(), release)
