"""The treemap: rectangles that fill the picture, each as large as its share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.space.treemap import WIDE, tiles

WEIGHTS = st.lists(st.integers(0, 10**10), max_size=40).map(lambda found: sorted(found, reverse=True))


@given(WEIGHTS)
def test_each_rectangle_is_as_large_as_its_share(weights: list[int]) -> None:
    found = tiles(weights)

    assert [tile.index for tile in found] == [n for n, weight in enumerate(weights) if weight]
    for tile in found:
        share = weights[tile.index] / sum(weights)
        assert tile.width * tile.height / 10_000 == pytest.approx(share, abs=0.0001)


@given(WEIGHTS)
def test_no_two_rectangles_overlap_and_none_leaves_the_picture(weights: list[int]) -> None:
    found = tiles(weights)

    for number, one in enumerate(found):
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.width <= 100.01
        assert one.y + one.height <= 100.01
        for other in found[:number]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(across, down) <= 0.01


def test_equal_parts_are_nearly_square() -> None:
    for tile in tiles([1] * 12):
        assert 0.5 < tile.width * WIDE / tile.height < 2


def test_nothing_has_no_rectangles() -> None:
    assert tiles([]) == tiles([0, 0]) == ()
