"""Keys that members hold differently: merged by key, with what most of them agree on."""

from __future__ import annotations

from etcdview.models import KeyValue
from etcdview.recovery.member_data import merged_members


def kv(key: str, revision: int = 5, value: bytes = b"") -> KeyValue:
    return KeyValue(key.encode(), 2, revision, 1, 0, value)


def differing(*members: list[KeyValue]) -> list[tuple[bytes, list[int | None], tuple[int, ...]]]:
    found = merged_members([iter(member) for member in members])
    return [(f.key, [s and s.mod_revision for s in f.states], f.majority) for f in found]


def test_members_that_agree_have_no_differing_key() -> None:
    same = [kv("/a"), kv("/b"), kv("/c")]

    assert differing(same, list(same), list(same)) == []
    assert differing([], [], []) == []


def test_keys_that_some_lack_or_hold_otherwise_are_found_with_the_majority() -> None:
    one = [kv("/a"), kv("/b"), kv("/d")]
    other = [kv("/a"), kv("/b", 7), kv("/c"), kv("/d")]

    assert differing(one, one, other) == [(b"/b", [5, 5, 7], (0, 1)), (b"/c", [None, None, 5], (0, 1))]


def test_of_two_members_and_of_three_states_none_is_the_majority() -> None:
    assert differing([kv("/a")], [kv("/a", 6)]) == [(b"/a", [5, 6], ())]
    assert differing([kv("/a")], [kv("/a", 6)], [kv("/a", 7)]) == [(b"/a", [5, 6, 7], ())]


def test_values_count_where_they_were_read() -> None:
    assert differing([kv("/a", value=b"x")], [kv("/a", value=b"x")], [kv("/a", value=b"y")])[0][2] == (0, 1)
