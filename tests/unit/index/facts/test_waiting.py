"""Changes wait up to a bound in memory, and who takes them knows whether more waited behind."""

from __future__ import annotations

import tracemalloc

import pytest

from etcdview.index.base import FollowedRange
from etcdview.index.facts import waiting
from etcdview.index.facts.waiting import EVENT_BYTES, ChangeQueue
from etcdview.index.lister import EVERYTHING
from etcdview.models import Event, KeyValue


def deletion(number: int) -> Event:
    return Event(KeyValue(b"/registry/events/shop/%062d" % number, 10**9, 10**9 + number, 10**12), deleted=True)


def reached(revision: int) -> FollowedRange:
    return FollowedRange(EVERYTHING, revision)


@pytest.mark.parametrize("event", [deletion(1), Event(KeyValue(b"/k", 1, 1, 1, value=b"x" * 5_000)), None])
def test_whatever_comes_there_is_a_bound_and_taking_makes_room(
    monkeypatch: pytest.MonkeyPatch, event: Event | None
) -> None:
    monkeypatch.setattr(waiting, "WAITING_BYTES", 20 * EVENT_BYTES)
    changes, events = ChangeQueue(), [event] if event else []
    put = 0
    while put <= 20 and changes.put(events, reached(put)):
        put += 1

    assert 1 <= put <= 20
    for _ in range(put):
        assert changes.take(0) is not None
    assert changes.put(events, reached(0))


def test_a_deletion_takes_no_more_memory_than_it_weighs() -> None:
    tracemalloc.start()
    changes, before = ChangeQueue(), tracemalloc.get_traced_memory()[0]
    for number in range(2_000):
        changes.put([deletion(number)], reached(number))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert taken / 2_000 < 2 * EVENT_BYTES


def test_the_last_is_the_one_behind_which_nothing_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "BATCH_EVENTS", 2)
    changes = ChangeQueue()
    for number in range(5):
        changes.put([deletion(number)], reached(number))

    batches = [changes.take(0) for _ in range(3)]

    assert [(len(batch.events), batch.last) for batch in batches if batch] == [(2, False), (2, False), (1, True)]
    assert [batch.reached[-1].revision for batch in batches if batch] == [1, 3, 4]


def test_what_waits_when_it_ends_is_not_taken() -> None:
    changes = ChangeQueue()
    changes.put([deletion(1)], reached(1))
    changes.end()

    assert changes.take(0) is None
