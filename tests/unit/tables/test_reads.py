"""What columns tell of the fields that they read: nothing else of an object changes their cells."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, Excerpt, StorageFormat
from etcdview.kube.keys import KeySpace
from etcdview.kube.release import Release
from etcdview.kube.resources import BY_PREFIX
from etcdview.stores.files.dump import read_dump
from etcdview.tables import Table, table_for
from tests.unit.tables.test_pods import STATES, pod

NOW = datetime(2026, 11, 23, tzinfo=UTC)
RELEASES = ("1.16", "1.21", "1.27", "1.36")  # before and after each rule for pods and events
GATED = pod({"conditions": [{"type": "lb", "status": "True"}], "nominatedNodeName": "n1", "podIPs": [{"ip": "::1"}]})
GATED["spec"] |= {"readinessGates": [{"conditionType": "lb"}, {"conditionType": "dns"}], "nodeName": "n2"}
EVENT = {
    "metadata": {"name": "e", "namespace": "shop", "creationTimestamp": "2026-11-22T00:00:00Z"},
    "involvedObject": {"kind": "Pod", "name": "a", "fieldPath": "spec.containers{web}"},
    "type": "Warning",
    "reason": "BackOff",
    "message": "again\n",
    "source": {"component": "kubelet", "host": "n1"},
    "firstTimestamp": "2026-11-22T00:00:00Z",
    "lastTimestamp": "2026-11-22T12:00:00Z",
    "count": 7,
}
OF_A_SERIES = {
    **{name: part for name, part in EVENT.items() if name not in ("source", "firstTimestamp", "lastTimestamp")},
    "eventTime": "2026-11-22T00:00:00.000001Z",
    "series": {"count": 3, "lastObservedTime": "2026-11-22T13:00:00.000001Z"},
    "reportingComponent": "kubelet",
    "reportingInstance": "n2",
}
OBJECTS = [*(("pods", state[1]) for state in STATES), ("pods", GATED), ("events", EVENT), ("events", OF_A_SERIES)]


def differing(table: Table, key: bytes, value: bytes, codec: Codec) -> list[str]:
    """The columns whose cells are not those of the whole object when the fields that they read are all there is."""
    whole = codec.decode(key, value).object
    assert whole is not None
    cells, differ = table.cells(whole, NOW), []
    for number, column in enumerate(table.columns):
        if column.reads:
            part = codec.decode(key, value, 7, detail=Excerpt(frozenset(column.reads))).object
            assert part is not None
            differ += [column.name] if table.cells(part, NOW)[number] != cells[number] else []
    return differ


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("plural", "obj"), OBJECTS)
def test_a_cell_is_made_of_the_fields_that_its_column_tells(plural: str, obj: dict[str, Any], release: str) -> None:
    resource, codec = BY_PREFIX[plural], Codec(release=release)
    storage = StorageFormat("protobuf", api_version="v1", kind=resource.kind)
    whole = {"apiVersion": "v1", "kind": resource.kind, **copy.deepcopy(obj)}
    value = codec.encode(whole, storage, b"/k")

    assert differing(table_for(resource, release=Release.parse(release)), b"/k", value, codec) == []


def test_so_it_is_of_each_captured_object(capture: Path) -> None:
    codec, seen = Codec(), set()
    for kv in read_dump(capture / "registry.jsonl.gz"):
        found = KeySpace().object_key(kv.key)
        assert found is not None
        table = table_for(found.resource)
        if any(column.reads for column in table.columns):
            assert differing(table, kv.key, kv.value, codec) == [], kv.key
            seen.add(found.resource.plural)

    assert seen == {
        "deployments", "endpointslices", "events", "leases", "pods", "replicasets", "statefulsets"
    }  # fmt: skip
