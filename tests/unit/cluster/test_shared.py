"""Answers that are made once for many: for those who may see and do the same, and never older than they came."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cluster.budget import Held, RequestBudget
from etcdview.cluster.shared import KEPT_QUESTIONS, SharedAnswers
from etcdview.cluster.window import Window
from etcdview.errors import BudgetError
from tests.unit.cluster.opened import opened

ASKERS = 20


class Made:
    """Numbers what it makes; while the gate is closed, making stands still."""

    def __init__(self) -> None:
        self.count = 0
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        self.gate.set()

    def __call__(self) -> int:
        self.count += 1
        number = self.count
        self.entered.release()
        assert self.gate.wait(10)
        return number


class Waiting(threading.Condition):
    """A lock that tells of each thread that begins to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.begun.release()
        return super().wait(timeout)


def test_twenty_who_ask_while_one_is_answered_share_the_next_answer() -> None:
    shared, made = SharedAnswers(), Made()
    shared._kept("q")._changed = waiting = Waiting()
    made.gate.clear()
    with ThreadPoolExecutor(ASKERS + 1) as pool:
        first = pool.submit(shared.get, "q", 1, made)
        assert made.entered.acquire(timeout=10)
        others = [pool.submit(shared.get, "q", 2, made) for _ in range(ASKERS)]
        assert all(waiting.begun.acquire(timeout=10) for _ in others)
        made.gate.set()
        assert first.result() == 1
        assert {other.result() for other in others} == {2}


def test_an_answer_is_given_again_while_nothing_has_changed() -> None:
    shared, made = SharedAnswers(), Made()
    assert [shared.get("q", 7, made) for _ in range(3)] == [1, 1, 1]
    assert [shared.get("q", 8, made), shared.get("q", 8, made)] == [2, 2]
    assert shared.get("another", 8, made) == 3


def test_an_error_is_not_kept() -> None:
    shared, made = SharedAnswers(), Made()

    def fails() -> int:
        raise BudgetError("over")

    with pytest.raises(BudgetError):
        shared.get("q", 1, fails)
    assert shared.get("q", 1, made) == 1


def test_an_answer_that_is_not_whole_is_not_kept() -> None:
    shared, made = SharedAnswers(), Made()
    assert [shared.get("q", 1, made, is_whole=lambda number: number > 2) for _ in range(4)] == [1, 2, 3, 3]


def test_few_questions_are_kept() -> None:
    shared, made = SharedAnswers(), Made()
    for number in range(3 * KEPT_QUESTIONS):
        shared.get(number, 1, made)
    assert len(shared._questions) == KEPT_QUESTIONS


def answered(window: Window, made: Made) -> int:
    return window.shared("q", 1, made, lambda _: True)


@pytest.mark.parametrize(
    "other",
    [
        Viewer("bob", "operator", method="password"),
        Viewer("bob", "viewer", method="token"),
        Viewer("bob", "viewer", Scope(namespaces=("shop",)), "password"),
        Viewer("bob", "viewer", Scope(resources=("*", "!secrets")), "password"),
        LOCAL,
    ],
)
def test_only_those_who_may_see_and_do_the_same_share_an_answer(other: Viewer) -> None:
    cluster, made = opened({}), Made()
    ann, ben = (Window(cluster, Viewer(name, "viewer", method="password")) for name in ("ann", "ben"))
    assert [answered(ann, made), answered(ben, made)] == [1, 1]
    assert answered(Window(cluster, other), made) == 2


def test_a_window_that_masks_nothing_shares_with_none_that_masks() -> None:
    cluster, made = opened({}), Made()
    olga = Viewer("olga", "operator", method="password")
    assert answered(Window(cluster, olga, reveals=True), made) == 1
    assert answered(Window(cluster, olga), made) == 2


def test_an_answer_goes_on_for_others_when_the_client_has_gone() -> None:
    gone = RequestBudget(Held(), gone=lambda: True)
    window = Window(opened({"/registry/configmaps/shop/a": b"x"}), budget=gone)
    with pytest.raises(BudgetError):
        window.get(b"/registry/configmaps/shop/a")
    found = window.shared("q", 1, lambda: window.get(b"/registry/configmaps/shop/a"), lambda _: True)
    assert found.entry is not None
