"""Members of a database against the member list: promotions that were lost, and members that came back."""

from __future__ import annotations

from dataclasses import replace

from etcdview.models import Member
from etcdview.recovery.membership import membership_doubts

A, B = (
    Member(number, name, (f"http://{name}:2380",), (f"http://{name}:2379",)) for number, name in ((1, "a"), (2, "b"))
)


def test_members_that_agree_and_those_that_joined_since_are_not_doubted() -> None:
    assert list(membership_doubts([A], [A, B])) == []
    assert list(membership_doubts([replace(A, learner=True)], [replace(A, learner=True)])) == []


def test_a_promotion_that_the_database_lost_is_said() -> None:
    (doubt,) = membership_doubts([A, replace(B, learner=True)], [A, B])

    assert doubt.startswith("The database has b as a learner, the member list as a voter")


def test_a_member_that_only_the_database_has_is_said() -> None:
    (doubt,) = membership_doubts([A, B], [A])

    assert doubt.startswith("The database still has the member b (2), which the member list lacks")
