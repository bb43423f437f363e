"""Numbers inside texts and in fields compare by their worth, however long they are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.kube.sorting import natural, sort_by

NINES = "9" * 5_000  # more digits than Python's int() takes


def order(values: list[Any]) -> list[Any]:
    return [item["v"] for item in sort_by([{"v": value} for value in values], ".v", lambda item: item)]


@pytest.mark.parametrize(
    "ordered",
    [
        ["pod-9", "pod-10", "pod-100"],
        ["pod-" + "9" * 18, "pod-1" + "0" * 18, "pod-1" + "0" * 19],
        ["pod-2", "pod-" + NINES, "pod-1" + "0" * 5_000],
        ["a1b2", "a1b10", "a2b1"],
        ["7", "a"],
        ["", "0", "1"],
        ["x", "x1"],
    ],
)
def test_texts_are_in_their_natural_order(ordered: list[str]) -> None:
    assert all(natural(one) < natural(other) for one, other in pairwise(ordered))


@pytest.mark.parametrize(("one", "other"), [("pod-7", "pod-007"), ("0", "000")])
def test_zeros_in_front_make_no_difference(one: str, other: str) -> None:
    assert natural(one) == natural(other)


@pytest.mark.parametrize("text", ["٣", "²", "²1", "x٣y"])
def test_digits_of_other_scripts_are_text(text: str) -> None:
    assert natural(text) > natural("5")


@given(st.integers(0, 10**40), st.integers(0, 10**40))
def test_numbers_compare_as_numbers(one: int, other: int) -> None:
    assert (natural(f"n{one}") < natural(f"n{other}")) is (one < other)


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ([10**5_000, 3, -(10**5_000)], [-(10**5_000), 3, 10**5_000]),
        ([2.5, True, 2, False], [False, True, 2, 2.5]),
        ([float("inf"), 1e308, 5], [5, 1e308, float("inf")]),
        (["1" + NINES, NINES, "2"], ["2", NINES, "1" + NINES]),
        ([None, "b", None, "a"], [None, None, "a", "b"]),
        (["1Gi", "1M", "500m"], ["500m", "1M", "1Gi"]),
    ],
)
def test_fields_of_any_size_are_sorted(values: list[Any], ordered: list[Any]) -> None:
    assert order(values) == ordered


def test_a_number_that_is_none_is_sorted_behind_the_numbers() -> None:
    assert str(order([float("nan"), 5, 3])) == "[3, 5, nan]"
