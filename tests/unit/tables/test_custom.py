"""Printer columns of custom resources: types, paths, layouts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.kube.crds import preferred_version, version_rank
from etcdview.kube.resources import ResourceType, custom
from etcdview.tables import table_for

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
TYPE = custom("example.org", "things")


def cell(kind: str, path: str, obj: dict[str, Any]) -> Any:
    column = {"name": "C", "type": kind, "jsonPath": path}
    crd = {"spec": {"versions": [{"name": "v1", "served": True, "additionalPrinterColumns": [column]}]}}
    return table_for(TYPE, crd).cells({"metadata": {"name": "x"}} | obj, NOW)[1]


CONDITIONS = {"status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]}}


@pytest.mark.parametrize(
    ("kind", "path", "obj", "expected"),
    [
        ("string", ".spec.a", {"spec": {"a": "b"}}, "b"),
        ("string", ".spec.a", {"spec": {"a": 7}}, "7"),
        ("string", ".spec.a", {"spec": {"a": 1.5}}, "1.5"),
        ("string", ".spec.a", {"spec": {"a": True}}, "true"),
        ("string", ".spec.a", {"spec": {"a": [1, "x"]}}, '[1,"x"]'),
        ("string", ".spec.a", {"spec": {"a": {"k": 1}}}, '{"k":1}'),
        ("string", ".spec.a", {"spec": {}}, None),
        ("string", ".spec.list[*].n", {"spec": {"list": [{"n": "one"}, {"n": "two"}]}}, "one"),
        ("string", ".spec.list[1].n", {"spec": {"list": [{"n": "one"}, {"n": "two"}]}}, "two"),
        ("string", ".spec.list[-1:].n", {"spec": {"list": [{"n": "one"}, {"n": "two"}]}}, "two"),
        ("string", '.status.conditions[?(@.type=="Ready")].status', CONDITIONS, "True"),
        ("string", ".status.conditions[?(@.type=='Ready')].status", CONDITIONS, "True"),
        ("string", "{.spec.a}", {"spec": {"a": "b"}}, "b"),
        (
            "string",
            r".metadata.labels.app\.kubernetes\.io/name",
            {"metadata": {"labels": {"app.kubernetes.io/name": "n"}}},
            "n",
        ),
        (
            "string",
            r".metadata.labels['app\.kubernetes\.io/name']",
            {"metadata": {"labels": {"app.kubernetes.io/name": "n"}}},
            "n",
        ),
        # a path within brackets: its dots have to be escaped, too
        ("string", ".metadata.labels['a.b']", {"metadata": {"labels": {"a.b": "n"}}}, None),
        ("string", ".spec.a", {"spec": {"a": None}}, "<no value>"),
        ("string", ".spec.a", {"spec": {"a": {"k": "<&>", "b": 1}}}, '{"b":1,"k":"\\u003c\\u0026\\u003e"}'),
        ("string", ".spec.my-field", {"spec": {"my-field": "v"}}, "v"),
        ("string", ".spec..deep", {"spec": {"a": {"b": {"deep": "d"}}}}, "d"),
        ("string", ".spec[?(", {"spec": {"a": "b"}}, None),
        ("string", '.spec[?(match(@.a, "(a+)+$"))].a', {"spec": [{"a": "aaaa"}]}, None),
        ("string", ".spec[?(@.a =~ /(a+)+$/)].a", {"spec": [{"a": "aaaa"}]}, None),
        ("string", ".spec[?(@.n > 1)].a", {"spec": [{"n": 1, "a": "x"}, {"n": 2, "a": "y"}]}, "y"),
        ("string", ".spec[?(@.a)].a", {"spec": [{}, {"a": "y"}]}, "y"),
        ("string", '.spec[?(@.m.app\\.io/x=="1")].a', {"spec": [{"m": {"app.io/x": "1"}, "a": "y"}]}, "y"),
        ("integer", ".spec.a", {"spec": {"a": 7}}, 7),
        ("integer", ".spec.a", {"spec": {"a": 7.9}}, 7),
        ("integer", ".spec.a", {"spec": {"a": "7"}}, None),
        ("integer", ".spec.a", {"spec": {"a": float("inf")}}, None),
        ("number", ".spec.a", {"spec": {"a": 7.5}}, 7.5),
        ("number", ".spec.a", {"spec": {"a": 2.0}}, 2),
        ("number", ".spec.a", {"spec": {"a": 1e22}}, 1e22),
        ("boolean", ".spec.a", {"spec": {"a": True}}, True),
        ("boolean", ".spec.a", {"spec": {"a": "true"}}, None),
        ("date", ".spec.a", {"spec": {"a": "2026-01-01T00:00:30Z"}}, "30s"),
        ("date", ".spec.a", {"spec": {"a": "soon"}}, "<invalid>"),
        ("date", ".spec.a", {"spec": {"a": ""}}, "<unknown>"),
        ("date", ".spec.a", {"spec": {"a": "0001-01-01T00:00:00Z"}}, "<unknown>"),
        ("date", ".spec.a", {"spec": {"a": "null"}}, "<unknown>"),
        ("date", ".spec.a", {"spec": {"a": "2026-01-01"}}, "<invalid>"),
        ("date", ".spec.a", {"spec": {"a": "20260101T000030Z"}}, "<invalid>"),
        ("date", ".spec.a", {"spec": {"a": 5}}, None),
        ("date", ".spec.a", {}, None),
        ("moon", ".spec.a", {"spec": {"a": 5}}, None),
    ],
)
def test_a_cell_follows_its_columns_type(kind: str, path: str, obj: dict[str, Any], expected: Any) -> None:
    assert json.dumps(cell(kind, path, obj)) == json.dumps(expected)


def test_columns_keep_priority_format_and_description() -> None:
    column = {"name": "C", "type": "integer", "format": "int64", "priority": 1, "description": "why", "jsonPath": ".a"}
    crd = {"spec": {"versions": [{"name": "v1", "served": True, "additionalPrinterColumns": [column]}]}}
    found = table_for(TYPE, crd).columns[1]
    assert (found.name, found.type, found.format, found.priority, found.description) == (
        "C",
        "integer",
        "int64",
        1,
        "why",
    )


def test_a_crd_of_the_v1beta1_layout_has_columns_for_all_its_versions() -> None:
    crd = {
        "spec": {"version": "v1beta1", "additionalPrinterColumns": [{"name": "C", "type": "string", "JSONPath": ".a"}]}
    }
    assert table_for(TYPE, crd).cells({"metadata": {"name": "x"}, "a": "b"}, NOW) == ("x", "b")


def test_the_resource_types_version_chooses_among_those_of_the_crd() -> None:
    crd = {
        "spec": {
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "additionalPrinterColumns": [{"name": "New", "type": "string", "jsonPath": ".a"}],
                },
                {
                    "name": "v1beta1",
                    "served": True,
                    "additionalPrinterColumns": [{"name": "Old", "type": "string", "jsonPath": ".a"}],
                },
            ]
        }
    }
    beta = ResourceType("example.org/things", "example.org", "v1beta1", "Thing", "things", builtin=False)
    assert [table_for(t, crd).columns[1].name for t in (TYPE, beta)] == ["New", "Old"]


def test_versions_rank_as_kubernetes_ranks_them() -> None:
    names = ["foo1", "v1alpha1", "v12alpha1", "v1beta1", "v3beta1", "v1", "v10", "v2", "v11alpha2"]
    ranked = sorted(names, key=version_rank, reverse=True)
    assert ranked == ["v10", "v2", "v1", "v3beta1", "v1beta1", "v12alpha1", "v11alpha2", "v1alpha1", "foo1"]


def test_a_version_that_is_not_served_is_not_preferred() -> None:
    crd = {"spec": {"versions": [{"name": "v2", "served": False}, {"name": "v1", "served": True}]}}
    assert preferred_version(crd) == "v1"
