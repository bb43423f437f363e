"""The page on space: what is near etcd's limit, what is rewritten how often, and what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from etcdview.cluster.window import Window
from etcdview.models import KeyValue
from etcdview.pages.metrics import MOST_TYPES, cluster_metrics
from etcdview.pages.space.page import TYPES, VALUE_LIMIT, SpacePage, SpaceQuery, space_page
from etcdview.pages.space.picture import MOST_TILES, Share, treemap
from tests.filled import with_facts
from tests.unit.pages.registry_of import kv, obj, window_on

CREATED = {"creationTimestamp": "2026-11-28T12:00:00Z"}
NOW = datetime(2026, 11, 28, 12, 10, tzinfo=UTC)  # ten minutes later
LEASE = obj("Lease", "kube-node-lease", "n1", "coordination.k8s.io/v1", metadata=CREATED)
BIG = obj("ConfigMap", "shop", "big", data={"a": "x" * (VALUE_LIMIT * 2 // 3)})


def written(found: KeyValue, times: int) -> KeyValue:
    return KeyValue(found.key, found.create_revision, found.mod_revision, times, value=found.value)


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    made = window_on(
        [
            kv("/registry/configmaps/shop/big", BIG),
            kv("/registry/configmaps/shop/small", obj("ConfigMap", "shop", "small")),
            written(kv("/registry/leases/kube-node-lease/n1", LEASE), 60),
            written(kv("/registry/leases/kube-node-lease/odd", b"\x00"), 7),
            kv("/registry/nowhere", b"12345"),
        ]
    )
    with_facts(made.cluster)
    yield made
    made.cluster.close()


@pytest.fixture(scope="module")
def page(window: Window) -> SpacePage:
    return space_page(window, SpaceQuery(), NOW)


def test_objects_near_the_limit_of_a_request_are_told(page: SpacePage) -> None:
    assert [row.key for row in page.largest if row.near_limit] == ["/registry/configmaps/shop/big"]
    assert page.largest[0].limit_part == pytest.approx(2 / 3, abs=0.01)


def test_rewritten_keys_come_with_their_writes_a_minute(page: SpacePage) -> None:
    assert [(row.key, row.writes, row.a_minute) for row in page.rewritten] == [
        ("/registry/leases/kube-node-lease/n1", 60, 6.0),
        ("/registry/leases/kube-node-lease/odd", 7, None),
    ]


def test_what_most_of_it_is_stands_in_a_sentence(page: SpacePage) -> None:
    assert page.concentration == "configmaps: 40 % of keys, 100 % of bytes."


def test_unrecognised_keys_are_in_the_sum_and_lead_to_their_list(page: SpacePage) -> None:
    row = page.by_type[-1]

    assert (row.text, row.keys, row.href) == ("unrecognised keys", 1, "/registry?resource=unplaced")
    assert sum(line.keys for line in page.by_type) == page.keys == 5
    assert sum(line.keys for line in page.by_namespace) == 5


def test_within_a_namespace_only_its_objects_count(window: Window) -> None:
    page = space_page(window, SpaceQuery(namespace="kube-node-lease"), NOW)

    assert [line.text for line in page.by_type] == ["leases.coordination.k8s.io"]
    assert (page.keys, page.by_namespace, page.members) == (2, (), ())


def test_the_smallest_of_very_many_parts_are_drawn_as_one() -> None:
    drawn = treemap([Share(f"n{i}", 1000 - i, "/x") for i in range(MOST_TILES + 5)])

    assert len(drawn) == MOST_TILES + 1
    assert any(tile.title.startswith("5 smaller:") for tile in drawn)


def test_of_very_many_types_the_first_are_shown_and_measured() -> None:
    more = 3
    made = window_on([kv(f"/registry/g{i:05d}.io/things/shop/a", b"1") for i in range(MOST_TYPES + more)])

    page = space_page(made, SpaceQuery(), NOW)
    (keys,) = (family for family in cluster_metrics(made) if family.name == "etcdview_keys")

    assert (len(page.by_type), page.more_types) == (TYPES, MOST_TYPES + more - TYPES)
    assert page.keys == MOST_TYPES + more
    assert len(keys.samples) == MOST_TYPES
