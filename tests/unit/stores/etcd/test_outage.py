"""While etcd is down: one caller tries, the others are told at once, and the first answer ends it."""

from __future__ import annotations

import pytest

from etcdview.errors import DeadlineError, NoQuorumError
from etcdview.stores.etcd.outage import SLOW_SECONDS, Outage

DOWN = NoQuorumError("No leader.", "Bring them back.", endpoint="https://a:2379")


def test_callers_go_through_while_nothing_is_known() -> None:
    outage = Outage()
    outage.admit(5.0)
    outage.admit(5.0)
    assert not outage.known


def test_after_a_slow_failure_callers_are_told_the_same_at_once() -> None:
    outage = Outage()
    outage.met(DOWN, SLOW_SECONDS + 1)

    with pytest.raises(NoQuorumError) as caught:
        outage.admit(5.0)

    assert caught.value is not DOWN  # each caller has a traceback of its own
    assert (caught.value.what, caught.value.remedy, caught.value.endpoint) == (DOWN.what, DOWN.remedy, DOWN.endpoint)


def test_a_failure_that_is_found_out_quickly_spares_nobody_anything() -> None:
    outage = Outage()
    outage.met(DOWN, SLOW_SECONDS / 2)
    outage.admit(5.0)


def test_an_answer_ends_it() -> None:
    outage = Outage()
    outage.met(DOWN, SLOW_SECONDS + 1)
    outage.over()
    outage.admit(5.0)


def test_one_caller_tries_again_after_a_rest_and_the_others_wait_for_what_it_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("etcdview.stores.etcd.outage.time.monotonic", lambda: now[0])
    outage = Outage()
    outage.met(DeadlineError("Silent."), 5.0)
    now[0] += 1.5

    outage.admit(5.0)
    with pytest.raises(DeadlineError):
        outage.admit(5.0)

    now[0] += 5.1
    outage.admit(5.0)
