"""Every object and every table of the capture is answered as its API server answered it."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from etcdview.cluster.window import Window
from etcdview.kubeapi.served_types import ServedType, served_types
from tests.unit.kubeapi.conftest import TABLE, Api


def paths(api: Api) -> dict[tuple[str, str], str]:
    """(apiVersion, kind) -> the address of all its objects, by the legacy discovery."""
    roots = ["api/v1"]
    roots += [f"apis/{v['groupVersion']}" for g in api.get("apis")["groups"] for v in g["versions"]]
    return {
        (root.partition("/")[2], r["kind"]): f"{root}/{r['name']}"
        for root in roots
        for r in api.get(root)["resources"]
        if "/" not in r["name"] and "list" in r["verbs"]
    }


def truth(capture: Path) -> dict[tuple[str, str], list[Any]]:
    """What the API server answered, by (apiVersion, kind)."""
    found = defaultdict(list)
    for line in gzip.decompress((capture / "objects.jsonl.gz").read_bytes()).splitlines():
        for obj in json.loads(line)["served"]:
            found[obj["apiVersion"], obj["kind"]].append(obj)
    return found


def test_every_object_of_an_announced_version_is_exact(open_api: Api, capture: Path) -> None:
    announced, expected = paths(open_api), truth(capture)
    compared = 0
    for (version, kind), objects in expected.items():
        if (version, kind) not in announced:
            continue
        found = open_api.get(announced[version, kind])
        assert found["kind"] == f"{kind}List"
        by_name = {(o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in found["items"]}
        for obj in objects:
            got = {"apiVersion": version, "kind": kind} | by_name.pop(
                (obj["metadata"].get("namespace"), obj["metadata"]["name"])
            )
            assert got == obj
            compared += 1
        assert not by_name
    assert compared == 714


def test_versions_that_need_a_conversion_are_not_announced(open_api: Api, capture: Path) -> None:
    left = sorted(set(truth(capture)) - set(paths(open_api)))

    assert ("autoscaling/v1", "HorizontalPodAutoscaler") in left
    assert ("events.k8s.io/v1", "Event") not in left


def test_one_object_says_its_kind_and_a_list_says_it_once(api: Api) -> None:
    one = api.get("api/v1/namespaces/shop/pods/crashloop")
    [item] = api.get("api/v1/namespaces/shop/pods", fieldSelector="metadata.name=crashloop")["items"]

    assert list(one)[:2] == ["kind", "apiVersion"]
    assert {"kind": "Pod", "apiVersion": "v1"} | item == one


def tables(capture: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((capture / "tables.json.gz").read_bytes()))
    return found


def test_every_table_has_the_api_servers_columns_and_cells(open_api: Api, capture: Path) -> None:
    known = {(t.plural, t.version, t.group or "core"): t for t in _types(open_api)}
    compared = 0
    for name, expected in tables(capture).items():
        plural, version, group = name.split(".", 2)
        if (plural, version, group) not in known:
            continue
        root = "api/v1" if group == "core" else f"apis/{group}/{version}"
        found = open_api.get(f"{root}/{plural}", TABLE)
        told = [{k: c[k] for k in ("name", "type", "format", "priority")} for c in found["columnDefinitions"]]
        assert told == expected["columns"], name
        names = [(r["object"]["metadata"].get("namespace", ""), r["object"]["metadata"]["name"]) for r in found["rows"]]
        assert names == [(r.get("namespace") or "", r["name"]) for r in expected["rows"]], name
        assert [len(r["cells"]) for r in found["rows"]] == [len(r["cells"]) for r in expected["rows"]], name
        compared += 1
    assert compared == 64


def _types(api: Api) -> list[ServedType]:
    return list(served_types(Window(api.cluster)).all())


def test_rows_have_the_cells_of_etcdview_get(api: Api, capture: Path) -> None:
    expected = tables(capture)["deployments.v1.apps"]

    found = api.get("apis/apps/v1/deployments", TABLE, includeObject="None")

    assert [r["cells"][:4] for r in found["rows"]] == [r["cells"][:4] for r in expected["rows"]]
    assert all("object" not in r for r in found["rows"])


@pytest.mark.parametrize(
    "path", ["api/v1/pods", "apis/apps/v1/deployments", "api/v1/secrets", "apis/example.org/v1/backups"]
)
def test_rows_of_a_list_have_the_metadata_of_their_objects(api: Api, path: str) -> None:
    items = api.get(path)["items"]

    rows = api.get(path, TABLE)["rows"]

    assert items
    assert [bare(row["object"]) for row in rows] == [bare(item) for item in items]


def bare(obj: dict[str, Any]) -> dict[str, Any]:
    """The metadata without what rows leave out, since nobody prints it, and without our own annotation."""
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    annotations = {name: v for name, v in metadata.pop("annotations", {}).items() if not name.startswith("etcdview/")}
    return metadata | annotations


@pytest.mark.parametrize("include", ["Metadata", "Object"])
def test_a_row_carries_as_much_of_its_object_as_was_requested(api: Api, include: str) -> None:
    [row] = api.get("api/v1/namespaces/shop/pods/completed", TABLE, includeObject=include)["rows"]

    assert row["object"]["kind"] == {"Metadata": "PartialObjectMetadata", "Object": "Pod"}[include]
    assert ("spec" in row["object"]) == (include == "Object")
    assert row["conditions"][0]["reason"] == "Succeeded"
