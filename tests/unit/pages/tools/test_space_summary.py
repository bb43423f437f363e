"""What `etcdview space` says below its table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from etcdview.index.facts.reading import Spread
from etcdview.pages.space.page import NEAR
from etcdview.pages.tools.space_summary import SpaceSummary, summary_of_tally
from etcdview.space.tally import MOST_WRITTEN, SpaceTally, WrittenKey
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEY = b"/registry/leases/a"


def test_nothing_is_said_of_nothing() -> None:
    assert SpaceSummary("", Spread(), (), ()).lines(NOW) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ["/registry/leases/a", "1,200", "kubelet"]),
        (600, ["/registry/leases/a", "1,200", "120", "kubelet"]),
        (0, ["/registry/leases/a", "1,200", "1,200", "kubelet"]),
    ],
)
def test_the_rate_of_writes_is_told_where_it_is_known_since_when(seconds: int | None, words: list[str]) -> None:
    created = None if seconds is None else int(NOW.timestamp()) - seconds
    said = SpaceSummary("", Spread(), (), (WrittenKey(1_200, KEY, created, "kubelet"),)).lines(NOW)

    assert [line.split() for line in said[2:]] == [words]
    assert ("A MINUTE" in said[1]) == (created is not None)


def test_a_file_says_what_stands_out_of_its_values() -> None:
    large = kv("/registry/configmaps/shop/large", obj("ConfigMap", "shop", "large", data={"x": "y" * NEAR}))
    pods = [kv(f"/registry/pods/shop/p{n}", obj("Pod", "shop", f"p{n}")) for n in range(30)]
    kvs = [large, *(replace(pod, version=n) for n, pod in enumerate(pods, 1))]
    window = window_on(kvs)
    tally = SpaceTally(window.cluster.codec, window.keyspace, MOST_WRITTEN)
    tally.add(kvs)
    found = summary_of_tally(window, tally)

    assert found.concentration.startswith("configmaps: 3 % of keys, 100 % of bytes.")
    assert found.near_limit == ((large.key, len(large.value)),)
    assert [one.writes for one in found.written] == list(range(30, 30 - MOST_WRITTEN, -1))
    assert found.spread.keys == len(kvs)
    assert found.lines(NOW)[3].endswith("the largest takes 768.1 KiB.")
