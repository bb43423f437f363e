"""Merging the facts of releases into the schema table, and telling what changed."""

from __future__ import annotations

from typing import Any

from etcdview.codec.protobuf.schema import Schema
from etcdview.kube.release import Release
from tools.schema import changes
from tools.schema.merge import merge
from tools.schema.releases import Source

KIND = "example.org/v1 Thing"
NAME = "example/v1.Thing"


def _field(number: int, name: str, kind: str = "s", flags: str = "") -> dict[str, Any]:
    return {"number": number, "name": name, "go": name.title(), "type": kind, "flags": flags}


def _facts(*fields: dict[str, Any], **others: list[dict[str, Any]]) -> dict[str, Any]:
    structs = {NAME: list(fields)} | {f"example/v1.{name}": rows for name, rows in others.items()}
    return {
        "kinds": {KIND: NAME},
        "structs": {
            n: {"fields": rows, "custom": False, "list": False, "isZero": False} for n, rows in structs.items()
        },
    }


def _merged(*releases: dict[str, Any]) -> dict[str, Any]:
    sources = [Source(f"1.{20 + i}", {"k8s.io/api": f"v0.{20 + i}.0"}) for i in range(len(releases))]
    return merge(zip(sources, releases, strict=True))


def _fields(table: dict[str, Any], release: str) -> list[tuple[int, str, str, bool]]:
    schema = Schema(table, Release.parse(release))
    struct = schema.struct(schema.named(NAME))
    return [(f.number, f.name, "o" if f.omitempty else "", f.known) for f in struct.fields]


def test_a_new_field_is_known_from_its_release_on() -> None:
    table = _merged(_facts(_field(1, "a")), _facts(_field(1, "a"), _field(2, "b")))
    assert _fields(table, "1.20") == [(1, "a", "", True), (2, "b", "", False)]
    assert _fields(table, "1.21") == [(1, "a", "", True), (2, "b", "", True)]


def test_a_dropped_field_is_put_back_in_its_place() -> None:
    table = _merged(_facts(_field(1, "a"), _field(2, "alpha"), _field(3, "c")), _facts(_field(1, "a"), _field(3, "c")))
    assert {number for number, *_ in _fields(table, "1.21")} == {1, 2, 3}
    assert (2, "alpha", "", False) in _fields(table, "1.21")


def test_flags_are_those_of_the_release() -> None:
    table = _merged(_facts(_field(1, "a")), _facts(_field(1, "a", flags="o")), _facts(_field(1, "a", flags="o")))
    assert [_fields(table, f"1.{minor}")[0][2] for minor in (20, 21, 22)] == ["", "o", "o"]


def test_a_number_with_another_meaning_has_the_one_of_its_release() -> None:
    table = _merged(_facts(_field(1, "old", "i")), _facts(_field(1, "new")))
    assert _fields(table, "1.20") == [(1, "old", "", True)]
    assert _fields(table, "1.21") == [(1, "new", "", True)]
    assert next(changes.describe(None, table)) == f"conflict in {NAME}: number 1 is old and new"


def test_a_renamed_struct_is_kept_apart() -> None:
    table = _merged(
        _facts(_field(1, "a", "Mexample/v1.Old"), Old=[_field(1, "x"), _field(2, "y")]),
        _facts(_field(1, "a", "Mexample/v1.New"), New=[_field(1, "x")]),
    )
    schema = Schema(table, Release.parse("1.20"))
    [field] = schema.struct(schema.named(NAME)).fields
    assert schema.struct(field.message).name == "example/v1.Old"


def served_in(table: Schema, api_version: str, kind: str) -> tuple[str, str]:
    """The first and the last release that have the kind."""
    _, first, last = table._kinds[api_version][kind]
    return str(table.releases[first]), str(table.releases[last])


def test_a_kind_says_which_releases_have_it() -> None:
    gone = {"kinds": {}, "structs": {}}
    schema = Schema(_merged(_facts(_field(1, "a")), _facts(_field(1, "a")), gone))
    assert served_in(schema, "example.org/v1", "Thing") == ("1.20", "1.21")


def test_structs_that_no_kind_reaches_are_left_out() -> None:
    table = _merged(_facts(_field(1, "a"), Orphan=[_field(1, "x")]))
    assert [row[0] for row in table["structs"]] == [NAME]


def test_what_changed_is_told() -> None:
    before = _merged(_facts(_field(1, "a"), _field(2, "b")))
    after = _merged(_facts(_field(1, "a", flags="o"), _field(3, "c")), _facts(_field(1, "a", flags="o")))
    reported = list(changes.describe(before, after))
    assert "new release 1.21" in reported
    assert f"new field {NAME}.c=3" in reported
    assert f"DROPPED field {NAME}.b=2" in reported
    assert f"changed field {NAME}.a=1: s -> s o" in reported
    assert list(changes.describe(after, after)) == ["nothing changed"]
