"""What changed between two objects, said by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.kube.diff import Difference, differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [Difference("changed", "a", "1", "2")]),
        ({"a": 1}, {"a": True}, [Difference("changed", "a", "1", "true")]),
        ({"a": {"b": "x"}}, {"a": {}}, [Difference("removed", "a.b", old="x")]),
        ({}, {"a": [1]}, [Difference("added", "a", new="[1]")]),
        (
            {"status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Other", "status": "True"}]}},
            {"status": {"conditions": [{"type": "Other", "status": "True"}, {"type": "Ready", "status": "True"}]}},
            [Difference("changed", "status.conditions[Ready].status", "False", "True")],
        ),
        (
            {"a": [1, 2]},
            {"a": [1, 3, 4]},
            [Difference("changed", "a[1]", "2", "3"), Difference("added", "a[2]", "", "4")],
        ),
        ({"metadata": {"resourceVersion": "1", "managedFields": []}}, {"metadata": {"resourceVersion": "2"}}, []),
    ],
)
def test_a_difference_is_told_by_its_path(old: dict[str, Any], new: dict[str, Any], found: list[Difference]) -> None:
    assert list(differences(old, new)) == found


def test_a_long_value_is_cut() -> None:
    (only,) = differences({}, {"a": "x" * 1000})

    assert len(only.new) < 200


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_nothing_differs_from_itself_and_whatever_differs_is_told_both_ways(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert list(differences(one, one)) == []
    assert bool(list(differences(one, other))) == bool(list(differences(other, one)))
