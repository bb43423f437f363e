"""Answers that are made once for many: for those who may see and do the same, and for a short while."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cluster import shared
from etcdview.cluster.budget import Held, RequestBudget
from etcdview.cluster.shared import KEPT_QUESTIONS, KEPT_SECONDS, OLD_SECONDS, RECENT_SECONDS, SharedAnswers
from etcdview.cluster.window import Window
from etcdview.errors import BudgetError
from tests.unit.cluster.opened import opened

ASKERS = 20


class Made:
    """Numbers what it makes; while the gate is closed, making stands still. It is of the time that it is told."""

    def __init__(self) -> None:
        self.count, self.now = 0, 0.0
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        self.gate.set()

    def __call__(self) -> int:
        self.count += 1
        number = self.count
        self.entered.release()
        assert self.gate.wait(10)
        return number

    def clock(self) -> float:
        return self.now


class Waiting(Future[int]):
    """What is being made; tells of each thread that waits for it."""

    begun = threading.Semaphore(0)

    def result(self, timeout: float | None = None) -> int:
        self.begun.release()
        return super().result(timeout)


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def answers(made: Made) -> SharedAnswers:
    return SharedAnswers(made.clock)


def test_twenty_who_ask_while_one_is_answered_share_that_answer(
    answers: SharedAnswers, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "Future", Waiting)
    made.gate.clear()
    with ThreadPoolExecutor(ASKERS + 1) as pool:
        first = pool.submit(answers.get, "q", 1, made)
        assert made.entered.acquire(timeout=10)
        others = [pool.submit(answers.get, "q", revision, made) for revision in range(ASKERS)]
        assert all(Waiting.begun.acquire(timeout=10) for _ in others)
        made.gate.set()
        assert {first.result(), *(other.result() for other in others)} == {1}
    assert made.count == 1


def test_an_answer_is_kept_while_nothing_changes_and_a_moment_where_something_did(
    answers: SharedAnswers, made: Made
) -> None:
    assert [answers.get("q", 7, made), answers.get("q", 8, made)] == [1, 1]
    made.now = RECENT_SECONDS
    assert [answers.get("q", 7, made), answers.get("q", 8, made)] == [1, 2]
    made.now = RECENT_SECONDS + KEPT_SECONDS - 0.1
    assert answers.get("q", 8, made) == 2
    made.now = RECENT_SECONDS + KEPT_SECONDS
    assert answers.get("q", 8, made) == 3


def test_who_comes_while_it_is_made_anew_gets_the_one_before(answers: SharedAnswers, made: Made) -> None:
    answers.get("q", 1, made)
    made.now = RECENT_SECONDS
    made.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        assert made.entered.acquire(timeout=10)  # the first one's
        newer = pool.submit(answers.get, "q", 2, made)
        assert made.entered.acquire(timeout=10)
        assert answers.get("q", 2, made) == 1
        made.gate.set()
        assert newer.result() == 2
    assert answers.get("q", 2, made) == 2


@pytest.mark.parametrize(("took", "kept"), [(0.01, RECENT_SECONDS), (0.3, 3.0), (2.0, OLD_SECONDS)])
def test_an_answer_that_took_long_is_given_for_longer(
    answers: SharedAnswers, made: Made, took: float, kept: float
) -> None:
    def slowly() -> int:
        made.now += took
        return made()

    answers.get("q", 1, slowly)
    made.now = took + kept - 0.05
    assert answers.get("q", 2, made) == 1
    made.now = took + kept + 0.05
    assert answers.get("q", 3, made) == 2


def test_an_error_is_told_and_not_kept(answers: SharedAnswers, made: Made) -> None:
    def fails() -> int:
        raise BudgetError("over")

    with pytest.raises(BudgetError):
        answers.get("q", 1, fails)
    assert answers.get("q", 1, made) == 1


def test_an_answer_that_is_not_whole_is_not_kept(answers: SharedAnswers, made: Made) -> None:
    assert [answers.get("q", 1, made, is_whole=lambda number: number > 2) for _ in range(4)] == [1, 2, 3, 3]


def test_few_answers_are_kept(answers: SharedAnswers, made: Made) -> None:
    for number in range(3 * KEPT_QUESTIONS):
        answers.get(number, 1, made)
    assert (len(answers._answers), len(answers._flights._making)) == (KEPT_QUESTIONS, 0)


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
def test_only_those_who_may_see_and_do_the_same_share_an_answer(other: Viewer, made: Made) -> None:
    cluster = opened({})
    ann, ben = (Window(cluster, Viewer(name, "viewer", method="password")) for name in ("ann", "ben"))
    assert [answered(ann, made), answered(ben, made)] == [1, 1]
    assert answered(Window(cluster, other), made) == 2


def test_a_window_that_masks_nothing_shares_with_none_that_masks(made: Made) -> None:
    cluster = opened({})
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
