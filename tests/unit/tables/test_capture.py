"""Every table of the captured cluster, cell for cell, at the moment it was captured."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, Detail, load_encryption_config
from etcdview.codec.protobuf.protobuf import NOT_IN_CELLS
from etcdview.codec.protobuf.schema import schema
from etcdview.kube import resources
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BUILTIN, ResourceType
from etcdview.relations import references
from etcdview.relations.severity import severity_of
from etcdview.relations.states import health_of
from etcdview.stores.files.dump import read_dump
from etcdview.tables import Table, table_for

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
TABLES: dict[str, Any] = json.loads(gzip.decompress((CAPTURE / "tables.json.gz").read_bytes()))
CRD_PREFIX = "/registry/apiextensions.k8s.io/customresourcedefinitions/"
NOT_STORED = {"componentstatuses.v1.core"}  # the API server makes them up when asked


def served() -> dict[str, list[dict[str, Any]]]:
    lines = gzip.decompress((CAPTURE / "objects.jsonl.gz").read_bytes()).splitlines()
    return {row["key"]: row["served"] for row in map(json.loads, lines)}


SERVED = served()
CRDS = {key.removeprefix(CRD_PREFIX): objs[0] for key, objs in SERVED.items() if key.startswith(CRD_PREFIX)}


def api_version(name: str) -> tuple[str, str]:
    plural, version, group = name.split(".", 2)
    return plural, version if group == "core" else f"{group}/{version}"


def the_table(name: str) -> Table:
    plural, version, group = name.split(".", 2)
    crd = CRDS.get(f"{plural}.{group}")
    if crd is not None:
        kind = ResourceType(f"{group}/{plural}", group, version, crd["spec"]["names"]["kind"], plural, builtin=False)
        return table_for(kind, crd)
    return table_for(next(r for r in BUILTIN if r.plural == plural))


def the_objects(name: str) -> list[tuple[str, dict[str, Any]]]:
    plural, wanted = api_version(name)
    if wanted == "autoscaling/v1":  # stored as v2, whose metrics are printed: v1 does not say in which order they are
        wanted = "autoscaling/v2"
    return [
        (key, obj)
        for key, objs in SERVED.items()
        for obj in objs
        if obj["apiVersion"] == wanted and object_key(key) == plural
    ]


def object_key(key: str) -> str:
    found = KeySpace().object_key(key.encode())
    assert found is not None
    return found.resource.plural


def strict(value: object) -> str:
    """1, 1.0 and true differ."""
    return json.dumps(value)


@pytest.mark.parametrize("name", sorted(set(TABLES) - NOT_STORED))
def test_each_table_has_the_columns_that_the_api_server_sent(name: str) -> None:
    columns = [
        {"name": c.name, "type": c.type, "format": c.format, "priority": c.priority} for c in the_table(name).columns
    ]
    assert columns == TABLES[name]["columns"]


@pytest.mark.parametrize("name", sorted(set(TABLES) - NOT_STORED))
def test_each_table_has_the_rows_that_the_api_server_sent_in_its_order(name: str) -> None:
    now = datetime.fromisoformat(TABLES[name]["captured"])
    table = the_table(name)
    objects = table.sorted([obj for _, obj in the_objects(name)])
    rows = [strict(table.cells(obj, now)) for obj in objects]
    assert rows == [strict(row["cells"]) for row in TABLES[name]["rows"]]


def test_every_cell_of_the_capture_is_equal(capsys: pytest.CaptureFixture[str]) -> None:
    equal = total = 0
    for name in set(TABLES) - NOT_STORED:
        now, table = datetime.fromisoformat(TABLES[name]["captured"]), the_table(name)
        have = {(o["metadata"].get("namespace"), o["metadata"]["name"]): o for _, o in the_objects(name)}
        for row in TABLES[name]["rows"]:
            cells = table.cells(have[row["namespace"], row["name"]], now)
            total += len(row["cells"])
            equal += sum(strict(a) == strict(b) for a, b in zip(cells, row["cells"], strict=True))
    with capsys.disabled():
        sys.stdout.write(f"\n{equal} of {total} cells equal in {len(TABLES) - len(NOT_STORED)} tables\n")
    assert (equal, total) == (4797, 4797)


def test_what_is_left_out_for_tables_changes_no_cell_no_state_and_no_link() -> None:
    now = datetime.fromisoformat("2026-11-23T16:00:00Z")
    codec = Codec(encryption=load_encryption_config(CAPTURE / "encryption-config.yaml"), release="1.36")
    compared = 0
    for kv in read_dump(CAPTURE / "registry.jsonl.gz"):
        found = KeySpace().object_key(kv.key)
        whole = codec.decode(kv.key, kv.value).object
        cells = codec.decode(kv.key, kv.value, detail=Detail.CELLS).object
        assert found is not None
        assert whole is not None
        assert cells is not None
        table = table_for(found.resource, CRDS.get(f"{found.resource.plural}.{found.resource.group}"))
        assert strict(table.cells(cells, now)) == strict(table.cells(whole, now))
        assert severity_of(cells, now) == severity_of(whole, now)
        assert health_of(cells, now) == health_of(whole, now)
        linked = codec.decode(kv.key, kv.value, detail=Detail.LINKED).object
        assert linked is not None
        assert list(references(linked)) == list(references(whole))
        assert strict(table.cells(linked, now)) == strict(table.cells(whole, now))
        compared += 1
    assert compared == 573


def test_what_is_left_out_for_tables_is_named_as_the_schema_names_it() -> None:
    for name, fields in NOT_IN_CELLS.items():
        assert fields <= {field.name for field in schema().struct(schema().named(name)).fields}, name


def damaged(node: Any) -> Iterator[Any]:
    """The object again and again, each time with one part of it replaced by something else."""
    yield from (None, "x", 1, 1.5, True, [], {}, [None], ["x"], [{}])
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, part in parts:
        for replacement in damaged(part):
            if isinstance(node, dict):
                yield node | {name: replacement}
            else:
                yield [*node[:name], replacement, *node[name + 1 :]]


@pytest.mark.parametrize("name", sorted(set(TABLES) - NOT_STORED))
def test_no_damage_to_an_object_breaks_its_table(name: str) -> None:
    now, table = datetime.fromisoformat(TABLES[name]["captured"]), the_table(name)
    obj = max((obj for _, obj in the_objects(name)), key=lambda o: len(json.dumps(o)))
    obj["metadata"].pop("managedFields", None)
    for broken in damaged(obj):
        if isinstance(broken, dict):
            table.sorted([broken, obj])
            assert all(isinstance(c, str | int | float | None) for c in table.cells(broken, now))


def test_every_builtin_type_has_a_table() -> None:
    assert [r.kind for r in BUILTIN if r.served and not table_for(r).columns] == []


def test_an_unknown_custom_type_gets_name_and_age() -> None:
    now = datetime.fromisoformat("2026-01-01T00:01:00Z")
    obj = {"metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    table = table_for(resources.custom("example.org", "things"))
    assert [c.name for c in table.columns] == ["Name", "Age"]
    assert table.cells(obj, now) == ("a", "60s")
