"""Attempts to log in: counted as they begin, given back on success, forgotten with their window."""

from __future__ import annotations

import threading

import pytest
from werkzeug.exceptions import TooManyRequests

from webapp.accounts.attempts import SWEEP_SECONDS, Attempts, Rate

THREE_A_MINUTE = (Rate(3, 60.0),)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def refusal(attempts: Attempts, *keys: str) -> int:
    """After how many seconds one may try again."""
    with pytest.raises(TooManyRequests) as caught:
        attempts.begin(dict.fromkeys(keys, THREE_A_MINUTE))
    assert isinstance(caught.value.retry_after, int)
    return caught.value.retry_after


def test_the_one_too_many_is_refused_until_the_first_has_left_the_window(attempts: Attempts, clock: Clock) -> None:
    for _ in range(3):
        attempts.begin({"a": THREE_A_MINUTE})
        clock.now += 10
    assert refusal(attempts, "a") == 30
    clock.now += 29.5
    assert refusal(attempts, "a") == 1
    clock.now += 0.5
    attempts.begin({"a": THREE_A_MINUTE})
    assert refusal(attempts, "a") == 10


def test_a_success_is_given_back_and_a_failure_is_not(attempts: Attempts) -> None:
    for _ in range(10):
        attempts.begin({"a": THREE_A_MINUTE}).succeeded()
    for _ in range(3):
        attempts.begin({"a": THREE_A_MINUTE})
    refusal(attempts, "a")


def test_of_several_at_the_same_moment_each_gives_back_one(attempts: Attempts) -> None:
    first, _, _ = [attempts.begin({"a": THREE_A_MINUTE}) for _ in range(3)]
    first.succeeded()
    attempts.begin({"a": THREE_A_MINUTE})
    refusal(attempts, "a")


def test_a_refused_attempt_counts_under_no_key(attempts: Attempts) -> None:
    for _ in range(3):
        attempts.begin({"name": THREE_A_MINUTE})
    for _ in range(5):
        refusal(attempts, "address", "name")
    for _ in range(3):
        attempts.begin({"address": THREE_A_MINUTE})


def test_the_longest_wait_of_several_windows_is_told(attempts: Attempts, clock: Clock) -> None:
    rates = (Rate(1, 60.0), Rate(2, 3600.0))
    attempts.begin({"a": rates})
    clock.now += 100
    attempts.begin({"a": rates})
    with pytest.raises(TooManyRequests) as caught:
        attempts.begin({"a": rates})
    assert caught.value.retry_after == 3500


def test_threads_that_begin_at_once_get_no_more_than_the_amount() -> None:
    attempts = Attempts()
    together, begun, refused = threading.Barrier(40), [], []

    def run() -> None:
        together.wait(10)
        try:
            begun.append(attempts.begin({"a": (Rate(10, 60.0),)}))
        except TooManyRequests:
            refused.append(1)

    threads = [threading.Thread(target=run) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(begun), len(refused)) == (10, 30)


def test_names_that_were_tried_once_do_not_stay_in_memory(attempts: Attempts, clock: Clock) -> None:
    old = [attempts.begin({f"name:{n}": THREE_A_MINUTE}) for n in range(1_000)]
    clock.now += SWEEP_SECONDS + 1
    attempts.begin({"name:new": THREE_A_MINUTE})
    assert list(attempts._begun) == ["name:new"]
    old[0].succeeded()  # what was forgotten already can be given back too
    assert list(attempts._begun) == ["name:new"]


def test_the_sweep_keeps_what_the_longest_window_counts(attempts: Attempts, clock: Clock) -> None:
    hourly = {"a": (Rate(1, 3600.0),)}
    attempts.begin(hourly)
    clock.now += SWEEP_SECONDS + 1
    attempts.begin({"b": THREE_A_MINUTE})
    with pytest.raises(TooManyRequests):
        attempts.begin(hourly)
