"""Sums by type, namespace and object: rows and total agree, and unrecognised keys have a row."""

from __future__ import annotations

import pytest

from etcdview.codec import StorageFormat
from etcdview.index.base import Tree, TypeCount
from etcdview.index.facts.reading import Total
from etcdview.kube.resources import BY_PREFIX
from etcdview.space.report import (
    By,
    Sizes,
    SpaceReport,
    SpaceRow,
    report_json,
    rows_by_namespace,
    rows_by_resource,
    rows_of_names,
    total_of,
    type_of,
    with_rest,
)

AS_STORED = StorageFormat("protobuf", "", "", "v1", "")


def total(resource: str, namespace: str, keys: int, size: int, *parts: int) -> Total:
    managed, annotations, applied, data = (*parts, 0, 0, 0, 0)[:4]
    return Total(resource, namespace, AS_STORED, "unknown", keys, size, managed, annotations, applied, data)


TOTALS = (
    total("pods", "shop", 3, 300, 100, 20, 10),
    total("pods", "web", 1, 90),
    total("example.org/backups", "shop", 2, 500, 50),
    total("minions", "", 1, 80),
    total("", "", 4, 7),
)


def test_types_come_with_the_largest_first_and_unrecognised_keys_among_them() -> None:
    rows = rows_by_resource(TOTALS, lambda _: None)

    shown = [(row.resource.qualified if row.resource else "", row.keys, row.sizes) for row in rows]
    assert shown == [
        ("backups.example.org", 2, Sizes(500, 50)),
        ("pods", 4, Sizes(390, 100, 30, 10)),
        ("nodes", 1, Sizes(80)),
        ("", 4, Sizes(7)),
    ]


def test_namespaces_have_all_their_types_and_what_is_in_none_has_a_row() -> None:
    rows = rows_by_namespace(TOTALS)

    assert [(row.namespace, row.keys, row.sizes.values if row.sizes else 0) for row in rows] == [
        ("shop", 5, 800),
        ("web", 1, 90),
        ("", 5, 87),
    ]


@pytest.mark.parametrize("rows", [rows_by_resource(TOTALS, lambda _: None), rows_by_namespace(TOTALS)])
def test_the_total_is_the_sum_of_the_rows(rows: tuple[SpaceRow, ...]) -> None:
    assert total_of(rows) == (11, Sizes(977, 150, 30, 10))


def test_what_a_limit_leaves_out_is_one_more_row() -> None:
    largest = (SpaceRow(1, Sizes(60, 5), key=b"/a"),)

    assert with_rest(largest, 1, Sizes(60, 5)) == largest
    assert with_rest(largest, 4, Sizes(100, 7)) == (*largest, SpaceRow(3, Sizes(40, 2)))


def test_json_has_the_fields_that_apply_and_no_others() -> None:
    def fields(by: By, row: SpaceRow) -> list[str]:
        report = SpaceReport(9, True, by, row.keys, row.sizes, (row,))
        return [name for name in report_json(report)["rows"][0] if name in ("resource", "namespace", "key")]

    pods = type_of("pods", lambda _: None)
    assert fields("resource", SpaceRow(1, Sizes(), pods)) == ["resource"]
    assert fields("namespace", SpaceRow(1, Sizes(), namespace="")) == ["namespace"]
    assert fields("object", SpaceRow(1, Sizes(), pods, "shop", b"/a")) == ["resource", "namespace", "key"]
    assert fields("object", SpaceRow(7, Sizes())) == []


def test_names_alone_tell_how_many_keys_there_are() -> None:
    pods = TypeCount(BY_PREFIX["pods"], b"/registry/pods/", 4, {"shop": 3, "web": 1})
    nodes = TypeCount(BY_PREFIX["minions"], b"/registry/minions/", 1, {})
    tree = Tree(9, True, (nodes, pods), unrecognised=2)

    assert [(r.resource.plural if r.resource else "", r.keys) for r in rows_of_names(tree, "resource")] == [
        ("pods", 4),
        ("", 2),
        ("nodes", 1),
    ]
    assert [(r.namespace, r.keys) for r in rows_of_names(tree, "namespace")] == [("", 3), ("shop", 3), ("web", 1)]
    assert [r.keys for r in rows_of_names(tree, "object")] == [7]
