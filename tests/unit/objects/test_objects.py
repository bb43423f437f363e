"""Reading decoded objects: in pieces, at one revision, masked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec
from etcdview.kube.keys import KeySpace
from etcdview.kube.redaction import Redactor
from etcdview.kube.resources import BY_PREFIX
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.objects import Objects, Surroundings, key_of, surroundings
from etcdview.relations import KindRange, Ref
from etcdview.stores.files.dump import open_dump
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.paging import FIRST_PIECE, GROWTH

MAPS = BY_PREFIX["configmaps"]


class Recorder(StaticStore):
    """A static store that remembers what it was asked."""

    def __init__(self, kvs: list[KeyValue]) -> None:
        super().__init__("test", kvs, revision=7)
        self.requests: list[tuple[int, int]] = []

    def range(self, request: Range) -> RangeResult:
        self.requests.append((request.revision, request.limit))
        return super().range(request)


def stored(key: str, **members: Any) -> KeyValue:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": key.rpartition("/")[2]}} | members
    return KeyValue(key.encode(), 1, 2, 1, value=json.dumps(obj).encode())


def objects_of(store: StaticStore) -> Objects:
    return Objects(store, Codec(), KeySpace(), Redactor().mask)


def test_a_long_type_is_read_in_pieces_at_the_revision_of_the_first() -> None:
    store = Recorder([stored(f"/registry/configmaps/ns/m{i:03}") for i in range(250)])

    rows = list(objects_of(store).read(MAPS))

    assert [row.name for row in rows] == [f"m{i:03}" for i in range(250)]
    assert store.requests == [(0, FIRST_PIECE), (7, GROWTH * FIRST_PIECE), (7, GROWTH**2 * FIRST_PIECE)]


def test_a_namespace_is_a_range_of_its_own() -> None:
    store = Recorder([stored(f"/registry/configmaps/{ns}/m") for ns in ("a", "ab", "b")])
    assert [row.namespace for row in objects_of(store).read(MAPS, "a")] == ["a"]


def test_rows_carry_etcds_facts_and_the_mod_revision() -> None:
    row = objects_of(Recorder([stored("/registry/configmaps/ns/m")])).get(MAPS, "ns", "m")
    assert row is not None
    assert row.object is not None
    assert (row.meta.mod_revision, row.object["metadata"]["resourceVersion"]) == (2, "2")
    assert row.error is None


def test_what_must_not_be_seen_is_masked_before_anyone_sees_it() -> None:
    secret = stored("/registry/secrets/ns/s", kind="Secret", data={"password": "aHVudGVyMg=="})
    row = objects_of(Recorder([secret])).get(BY_PREFIX["secrets"], "ns", "s")
    assert row is not None
    assert "aHVudGVyMg" not in json.dumps(row.object)


def test_an_undecodable_value_is_a_row_with_an_error() -> None:
    store = Recorder([KeyValue(b"/registry/configmaps/ns/m", 1, 2, 1, value=b"\xff")])
    row = next(objects_of(store).read(MAPS))
    assert row.object is None
    assert row.error is not None


def test_a_missing_object_is_none() -> None:
    assert objects_of(Recorder([])).get(MAPS, "ns", "m") is None


def test_custom_types_without_a_crd_are_found_by_their_keys() -> None:
    store = Recorder([stored("/registry/example.org/things/one")])
    found = objects_of(store).undefined("things.example.org")
    assert found is not None
    assert (found.prefix, found.namespaced) == ("example.org/things", False)
    assert objects_of(store).undefined("moons.example.org") is None
    assert objects_of(store).undefined("things") is None


def test_of_definitions_without_end_the_first_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    crds = [stored(f"/registry/apiextensions.k8s.io/customresourcedefinitions/c{i:04}.io") for i in range(1000)]
    store = Recorder(crds)
    monkeypatch.setattr("etcdview.objects.reading.MOST_DEFINITION_BYTES", crds[0].size_bytes * (FIRST_PIECE + 1))

    objects_of(store).definitions()

    assert len(store.requests) == 2


CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz"
CART = Ref("", "Pod", "shop", "cart-c86d8d456-m99c6")
NOW = datetime(2026, 11, 23, 15, 57, 37, tzinfo=UTC)


def around(ref: Ref, at_most: int = 2000) -> tuple[Surroundings, dict[str, Any]]:
    objects = objects_of(open_dump(CAPTURE))
    definitions, revision = objects.definitions()
    row = objects.at(key_of(ref, definitions, objects.keyspace) or b"", revision)
    assert row is not None
    assert row.object is not None
    return surroundings(objects, definitions, row.object, revision=revision, at_most=at_most), row.object


def test_what_surrounds_an_object_is_read_in_a_few_ranges_and_tells_what_is_gone() -> None:
    found, pod = around(CART)
    related = {str(r.ref): r for r in found.graph.related(pod, NOW)}
    assert len(related) == 14
    assert related["Node worker-2"].state.text == "NotReady"
    assert [name for name, r in related.items() if r.missing] == ["Secret shop/db-credentials"]
    assert all(r.known for r in related.values())
    assert found.cut == ()


def test_a_range_that_holds_too_much_is_cut_and_said_to_be() -> None:
    found, _ = around(Ref("", "Node", "", "worker-2"), at_most=10)
    assert KindRange("", "Pod") in found.cut


def test_a_custom_resource_is_surrounded_by_what_operators_make() -> None:
    found, backup = around(Ref("example.org", "Backup", "shop", "first-0"))
    assert [r.words for r in found.graph.related(backup, NOW)] == []
    assert found.graph.get(Ref("", "Service", "shop", "cart")) is not None
