"""Two changes beside each other: which fields each touches, where they meet, and both together."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube.three_way import SideValue, merged, three_way

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
        # a list whose items have no names is one value, as Kubernetes takes it
        (changed(args=["z", "y"]), BASE, changed(args=["z", "y"]), []),
        (changed(args=["z", "y"]), changed(args=["z", "y"]), changed(args=["z", "y"]), []),
        (changed(args=["z", "x", "y"]), changed(args=["x", "w"]), changed(args=["x", "w"]), ["args"]),
        (changed(args=["y"]), changed(args=["x", "Y"]), changed(args=["x", "Y"]), ["args"]),
        (
            changed(args=[{"verbs": ["a"]}]),
            changed(args=[{"verbs": ["b"]}]),
            changed(args=[{"verbs": ["b"]}]),
            ["args"],
        ),
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
            ["data"],
        ),
    ],
)
def test_both_changes_are_put_together_and_where_they_meet_is_told(
    theirs: dict[str, Any], yours: dict[str, Any], together: dict[str, Any], meet: list[str]
) -> None:
    assert merged(BASE, theirs, yours) == together
    assert [field.path for field in three_way(BASE, theirs, yours) if field.both] == meet


@pytest.mark.parametrize(
    ("base", "theirs", "yours"),
    [
        (["--a", "--b"], ["--x", "--a", "--b"], ["--a", "--c"]),
        (["a", "b", "c"], ["b", "c"], ["a", "b", "C"]),
        ([], ["a"], ["b"]),
        # names that one side has not, or has twice, are none
        ([{"name": "a"}], [{"name": "a", "image": "1"}], [{"image": "2"}]),
        ([{"name": "a"}], [{"name": "b"}], [{"name": "a"}, {"name": "a"}]),
    ],
)
def test_a_list_without_names_that_both_changed_is_yours_and_told_as_a_whole(
    base: list[Any], theirs: list[Any], yours: list[Any]
) -> None:
    began, they, you = ({"spec": {"args": items}} for items in (base, theirs, yours))

    assert merged(began, they, you) == you
    assert [(f.path, f.theirs.changed, f.yours.changed, f.both) for f in three_way(began, they, you)] == [
        ("spec.args", True, True, True)
    ]


def test_each_field_has_its_three_values() -> None:
    fields = {
        f.path: (f.base.text, f.theirs.text, f.yours.text)
        for f in three_way(BASE, changed(data={"kept": "5"}), changed(args=[]))
    }

    assert fields == {
        "data.kept": ("1", "5", "1"),
        "data.old": ("2", "", "2"),
        "args[0]": ("x", "x", ""),
        "args[1]": ("y", "y", ""),
    }


def test_what_both_changed_is_first() -> None:
    assert [f.path for f in three_way({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 3})] == ["b", "a"]


ABSENT, EMPTY = SideValue("", absent=True), SideValue("")


@pytest.mark.parametrize(
    ("base", "theirs", "sides"),
    [
        ({"a": "1"}, {"a": ""}, (SideValue("1"), SideValue("", changed=True), SideValue("1"))),
        ({"a": "1"}, {}, (SideValue("1"), SideValue("", changed=True, absent=True), SideValue("1"))),
        ({}, {"a": ""}, (ABSENT, SideValue("", changed=True), ABSENT)),
        ({"a": ""}, {}, (EMPTY, SideValue("", changed=True, absent=True), EMPTY)),
        ({"a": 1}, {"a": "1"}, (SideValue("1"), SideValue('"1"', changed=True), SideValue("1"))),
        ({"a": 1}, {"a": True}, (SideValue("1"), SideValue("true", changed=True), SideValue("1"))),
    ],
)
def test_absent_empty_and_other_types_are_told_apart(
    base: dict[str, Any], theirs: dict[str, Any], sides: tuple[SideValue, SideValue, SideValue]
) -> None:
    (field,) = three_way(base, theirs, base)

    assert (field.base, field.theirs, field.yours, field.both) == (*sides, False)


def test_a_long_value_is_shown_where_it_changed() -> None:
    long = "x" * 5000
    (field,) = three_way({"a": long + "end"}, {"a": long + "END"}, {"a": "Y" + long + "end"})

    assert field.both
    assert field.theirs.text == "… " + "x" * 40 + "END"
    assert field.yours.text.startswith("Yxxx")
    assert field.base.text.startswith("xxx")
    assert max(len(side.text) for side in (field.base, field.theirs, field.yours)) < 170

    (field,) = three_way({"a": long + "end"}, {"a": long + "END"}, {"a": long + "end"})
    assert field.base.text == field.yours.text == "… " + "x" * 40 + "end"
