"""Sums over the values of a file: each key once, and the largest objects as many as are wanted."""

from __future__ import annotations

import json

import pytest

from etcdview.codec import Codec
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.space.report import sum_of
from etcdview.space.tally import SpaceTally

SIZES = {"a": 10, "b": 300, "c": 20, "d": 300}


def tally(objects: int | None) -> SpaceTally:
    made = SpaceTally(Codec(), KeySpace(), objects)
    for name, size in SIZES.items():
        value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"x": "y" * size}}
        made.add([KeyValue(f"/registry/configmaps/shop/{name}".encode(), 1, 1, 1, 0, json.dumps(value).encode())])
    made.add([KeyValue(b"/elsewhere", 1, 1, 1, 0, b"123")])
    return made


@pytest.mark.parametrize(("objects", "names"), [(0, ""), (2, "bd"), (3, "bdc"), (None, "bdca/")])
def test_the_largest_come_first_as_many_as_are_wanted(objects: int | None, names: str) -> None:
    rows = tally(objects).objects({}.get)
    keys = [row.key.decode() if row.key else "" for row in rows]
    assert "".join("/" if key == "/elsewhere" else key[-1] for key in keys) == names


def test_the_sums_are_of_all_keys_whatever_objects_are_listed() -> None:
    found = tally(1)
    totals = {(total.resource, total.namespace): total for total in found.totals()}
    assert {where: total.keys for where, total in totals.items()} == {("configmaps", "shop"): 4, ("", ""): 1}
    assert totals["configmaps", "shop"].data_bytes >= sum(SIZES.values())
    keys, sizes = sum_of(totals.values())
    assert (keys, sizes.values) == (found.keys, found.bytes)
