"""Two changes beside each other: which fields each touches, where they meet, and both together."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube.three_way import merged, three_way

BASE: dict[str, Any] = {
    "spec": {"replicas": 3, "containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]},
    "data": {"kept": "1", "old": "2"},
    "args": ["x", "y"],
}


def changed(**more: Any) -> dict[str, Any]:
    return BASE | more


def containers(*images: str) -> dict[str, Any]:
    return {"replicas": 3, "containers": [{"name": image[0], "image": image} for image in images]}


@pytest.mark.parametrize(
    ("theirs", "yours", "together", "meet"),
    [
        (BASE, BASE, BASE, []),
        (changed(data={"kept": "5", "old": "2"}), BASE, changed(data={"kept": "5", "old": "2"}), []),
        (BASE, changed(data={}), changed(data={}), []),
        (changed(data={"kept": "1"}), changed(new=True), {**changed(data={"kept": "1"}), "new": True}, []),
        # items of a list by their names: each side changes, adds and takes away its own
        (
            changed(spec=containers("a:2", "b:1", "c:1")),
            changed(spec=containers("a:1", "b:2")),
            changed(spec=containers("a:2", "b:2", "c:1")),
            [],
        ),
        (changed(spec=containers("b:1")), changed(spec=containers("a:1", "b:2")), changed(spec=containers("b:2")), []),
        (changed(args=["z", "y"]), changed(args=["x", "y", "w"]), changed(args=["z", "y", "w"]), []),
        # both touch the same: it is yours, and it is told
        (
            changed(data={"kept": "5"}),
            changed(data={"kept": "6", "old": "2"}),
            changed(data={"kept": "6"}),
            ["data.kept"],
        ),
        (changed(new="a"), changed(new="b"), changed(new="b"), ["new"]),
        (changed(new="a"), changed(new="a"), changed(new="a"), []),
        (
            {name: value for name, value in BASE.items() if name != "data"},
            changed(data={"kept": "6", "old": "2"}),
            changed(data={"kept": "6", "old": "2"}),
            ["data", "data.kept"],
        ),
    ],
)
def test_both_changes_are_put_together_and_where_they_meet_is_told(
    theirs: dict[str, Any], yours: dict[str, Any], together: dict[str, Any], meet: list[str]
) -> None:
    assert merged(BASE, theirs, yours) == together
    assert [field.path for field in three_way(BASE, theirs, yours) if field.both] == meet


def test_each_field_has_its_three_values() -> None:
    fields = {
        f.path: (f.base, f.theirs, f.yours) for f in three_way(BASE, changed(data={"kept": "5"}), changed(args=[]))
    }

    assert fields == {
        "data.kept": ("1", "5", "1"),
        "data.old": ("2", "", "2"),
        "args[0]": ("x", "x", ""),
        "args[1]": ("y", "y", ""),
    }
