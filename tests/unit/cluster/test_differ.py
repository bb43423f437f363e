"""What each write changed is read once, no faster than etcd likes, and not at all while etcd is down."""

from __future__ import annotations

import pytest

from etcdview.cluster import differ as differs
from etcdview.cluster.differ import Differ, Differences
from etcdview.errors import BudgetError, EtcdviewError, FutureRevisionError, UnreachableError
from etcdview.index.changes import Change
from etcdview.kube.diff import Difference, differences

ONE = (Difference("changed", "spec.replicas", "1", "2"),)
FOUND, NOTHING = Differences(ONE), Differences()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def change(revision: int) -> Change:
    return Change(revision, b"/registry/x", False, False, 0.0)


def test_a_write_is_read_once_for_all_who_ask() -> None:
    reads: list[int] = []

    def read(one: Change) -> tuple[Difference, ...]:
        reads.append(one.revision)
        return ONE

    differ = Differ(Clock())
    assert [differ.of(change(7), read) for _ in range(3)] == [FOUND] * 3
    assert reads == [7]


def test_a_burst_is_shown_without_differences_and_reading_goes_on_later() -> None:
    clock = Clock()
    differ = Differ(clock)
    reported = [differ.of(change(n), lambda _: ONE) == FOUND for n in range(100)]
    assert reported == [True] * int(differs.READS_AT_ONCE) + [False] * 40
    clock.now = 1.0
    assert sum(differ.of(change(1000 + n), lambda _: ONE) == FOUND for n in range(100)) == differs.READS_PER_SECOND


@pytest.mark.parametrize(
    "error", [UnreachableError("Nobody answers."), FutureRevisionError("A member lags."), BudgetError("Too slow.")]
)
def test_what_could_not_be_read_is_tried_again(error: EtcdviewError) -> None:
    def down(_: Change) -> tuple[Difference, ...]:
        raise error

    differ = Differ(Clock())
    assert differ.of(change(7), down) == NOTHING
    assert differ.of(change(7), lambda _: ONE) == FOUND


def test_the_oldest_are_forgotten_first() -> None:
    clock = Clock()
    differ = Differ(clock)
    for n in range(differs.KEPT + 1):
        clock.now += 1
        differ.of(change(n), lambda _: ONE)
    assert differ.of(change(differs.KEPT), lambda _: ()) == FOUND
    assert differ.of(change(0), lambda _: ()) == NOTHING


def test_little_is_kept_of_a_write_that_changed_very_much() -> None:
    found = Differ(Clock()).of(change(7), lambda _: ONE * 100_000)
    assert found == Differences(ONE * differs.SHOWN, 100_000 - differs.SHOWN)


def test_little_is_kept_of_a_field_with_a_very_long_name() -> None:
    found = Differ(Clock()).of(change(7), lambda _: differences({"a" * 1_000_000: 1}, {"a" * 1_000_000: 2}))
    assert len(found.shown[0].path) < 1000
