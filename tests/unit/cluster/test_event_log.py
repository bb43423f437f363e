"""The ring of the newest events: what a client at a position gets, and when it is told that it is too late."""

from __future__ import annotations

import threading

import pytest

from etcdview.cluster import event_log
from etcdview.cluster.event_log import EventLog
from etcdview.index.base import FollowedRange, Listener
from etcdview.index.lister import EVERYTHING
from etcdview.models import Event, KeyValue, Range, RangeResult

REACHED = FollowedRange(EVERYTHING, 13)


class OneIndex:
    """An index at a revision, to which the test tells what happens."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self.listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        self.listeners.append(listener)

    def followed(self) -> tuple[FollowedRange, ...]:
        return (FollowedRange(EVERYTHING, self.revision),)


class OneStore:
    """A store that holds one value, and counts how often it is asked."""

    name, live = "one", True

    def __init__(self) -> None:
        self.asked: list[Range] = []

    def range(self, request: Range) -> RangeResult:
        self.asked.append(request)
        return RangeResult(request.revision, (KeyValue(request.start, 1, 5, 1, value=b"before"),))

    def get_many(self, keys: object, *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        return {}

    def close(self) -> None:
        """Nothing is open."""


def event(revision: int, *, deleted: bool = False, value: bytes = b"v") -> Event:
    return Event(KeyValue(b"/k", 1, revision, 2, value=b"" if deleted else value), deleted)


@pytest.fixture
def store() -> OneStore:
    return OneStore()


@pytest.fixture
def log(store: OneStore) -> EventLog:
    """A log that begins at revision 10."""
    return EventLog(OneIndex(10), store)


def test_a_client_gets_what_came_after_its_revision(log: EventLog) -> None:
    log.changed([event(11), event(12), event(13)], REACHED)

    batch = log.read(log.after(11).position, 0)

    assert [logged.revision for logged in batch.events] == [12, 13]
    assert (batch.revision, batch.lost) == (13, False)


def test_a_client_that_knows_less_than_the_log_is_lost(log: EventLog) -> None:
    assert log.after(9).lost
    assert not log.after(10).lost


@pytest.mark.parametrize(("name", "most"), [("KEPT_EVENTS", 2), ("KEPT_BYTES", 20)])
def test_a_client_that_does_not_read_is_lost_when_the_ring_is_full(
    log: EventLog, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(event_log, name, most)
    position = log.after(10).position

    log.changed([event(revision, value=b"x" * 10) for revision in (11, 12, 13)], REACHED)

    assert log.read(position, 0).lost
    assert log.after(10).lost
    assert [logged.revision for logged in log.read(log.after(11).position, 0).events] == [12, 13]


def test_an_index_that_loaded_again_loses_everybody(log: EventLog) -> None:
    position = log.after(10).position

    log.reloaded()

    assert log.read(position, 0).lost
    assert not log.after(10).lost


def test_a_client_that_waits_is_woken(log: EventLog) -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(log.read(log.after(10).position, 30)), name="reader")
    thread.start()

    log.changed([event(11)], REACHED)
    thread.join(30)

    assert [logged.revision for logged in found[0].events] == [11]


def test_what_a_key_held_before_is_read_once_for_all(log: EventLog, store: OneStore) -> None:
    log.changed([event(11, deleted=True)], REACHED)
    [logged] = log.read(log.after(10).position, 0).events

    found = [log.previous(logged) for _ in range(50)]

    assert {kv.value for kv in found if kv is not None} == {b"before"}
    assert store.asked == [Range(b"/k", revision=10)]
