"""Stored objects of every kind, and what Go itself makes of them on the way out, release by release (make served)."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec
from etcdview.codec.served.defaults import ROWS

SAMPLE = Path(__file__).parent.parent.parent.parent / "testdata" / "served.jsonl.gz"
FROM, TO = 20, 37


def _rows() -> Iterator[dict[str, Any]]:
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@pytest.fixture(scope="module")
def by_release() -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in _rows():
        found[row["release"]].append(row)
    return found


@pytest.mark.parametrize("release", [f"1.{minor}" for minor in range(FROM, TO + 1)])
def test_an_object_is_served_as_the_release_serves_it(
    release: str, by_release: dict[str, list[dict[str, Any]]]
) -> None:
    codec = Codec(release=release)
    assert by_release[release]
    for row in by_release[release]:
        assert codec.as_served(row["stored"]) == row["served"]


def test_the_sample_has_every_kind_that_has_defaults() -> None:
    sampled = {(row["stored"]["apiVersion"], row["stored"]["kind"]) for row in _rows()}
    assert sorted(set(ROWS) - sampled) == []


def test_what_is_served_stays_as_it_is_when_it_is_served_again(by_release: dict[str, list[dict[str, Any]]]) -> None:
    codec = Codec(release="1.36")
    for row in by_release["1.36"]:
        once = codec.as_served(row["stored"])
        if once["apiVersion"] == row["stored"]["apiVersion"]:  # another version has other defaults
            assert codec.as_served(once) == once


ODD = (None, 7, -1, "x", "", "5n", [], [7], {}, {"x": 7}, True)


def test_damaged_objects_of_all_kinds_do_no_harm(by_release: dict[str, list[dict[str, Any]]]) -> None:
    codec, chosen = Codec(release="1.37"), random.Random(1)  # noqa: S311 - the same places each time
    for row in by_release["1.36"]:
        for _ in range(6):
            damaged = copy.deepcopy(row["stored"])
            _damage(damaged, chosen)
            assert codec.as_served(damaged)["kind"] == row["stored"]["kind"]


def _damage(obj: dict[str, Any], chosen: random.Random) -> None:
    """Put something odd in some place of the object, at any depth, and leave what names its type."""
    places = [(obj, name) for name in obj if name not in ("apiVersion", "kind")]
    for holder, name in places:
        inner = holder[name]
        for one in inner if isinstance(inner, list) else [inner]:
            places += [(one, below) for below in one] if isinstance(one, dict) else []
    for holder, name in chosen.sample(places, min(2, len(places))):
        holder[name] = copy.deepcopy(chosen.choice(ODD))
