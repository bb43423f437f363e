"""The beginning of a long JSON is that of the whole, and no more of it is made."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube.go_text import go_json, go_json_start

VALUES = [
    None, True, 7, 1.5, "", "a<b>&\u2028", [], {}, ["", [1, [2]], {}],
    {"b": {"c": [1, None, {"d": "x" * 50}]}, "a": "y" * 300, "é\"": -3},
    [{"n": n, "text": "z" * n} for n in range(40)],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("most", [0, 1, 10, 100, 100_000])
def test_the_beginning_of_a_json_is_that_of_the_whole(value: Any, most: int) -> None:
    whole, start = go_json(value), go_json_start(value, most)
    assert start == whole if len(whole) <= most else start[: most + 1] == whole[: most + 1]


def test_what_is_not_wanted_is_not_made() -> None:
    class Untouched(list[int]):
        def __iter__(self) -> Any:
            raise AssertionError("made all the same")

    assert len(go_json_start(["x" * 1_000_000, Untouched()], 100)) < 1000
