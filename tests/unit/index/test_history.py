"""What a feed believes of a watch: the same past, and up to which revision nothing is missing."""

from __future__ import annotations

import pytest

from etcdview.index.history import DOUBT_SECONDS, EventHistory, ForeignError, UnprovenError
from etcdview.index.lister import EVERYTHING, KeyRange, keys_under
from etcdview.models import Event, KeyValue, NamesPiece, WatchBatch

PODS = keys_under(b"/registry/pods/")


def head(revision: int, cluster: int = 7, term: int = 3) -> NamesPiece:
    return NamesPiece(revision, (), cluster_id=cluster, raft_term=term)


def written(*revisions: int, key: bytes = b"/a", newest: int = 0) -> WatchBatch:
    events = tuple(Event(KeyValue(key, revision, revision, 1)) for revision in revisions)
    return WatchBatch(newest or revisions[-1], events)


def progress(revision: int) -> WatchBatch:
    return WatchBatch(revision)


def loaded(revision: int = 10, key_range: KeyRange = EVERYTHING) -> EventHistory:
    history = EventHistory.loaded(head(revision), key_range)
    assert history.resume() == revision
    return history


def test_a_watch_repeats_what_is_known_and_that_is_not_new() -> None:
    history = loaded(10)
    assert history.take(written(10)) == []
    assert [event.kv.mod_revision for event in history.take(written(11, 12))] == [11, 12]
    assert history.resume() == 12
    assert not history.proven
    assert [event.kv.mod_revision for event in history.take(written(12, 13))] == [13]
    assert history.proven


def test_a_watch_that_does_not_repeat_it_is_of_another_history() -> None:
    history = loaded(10)
    history.take(written(10, 11, key=b"/a"))
    history.resume()
    with pytest.raises(ForeignError):
        history.take(written(11, key=b"/b"))
    history.resume()
    with pytest.raises(ForeignError):
        history.take(written(12, key=b"/a"))


def test_a_deletion_may_have_been_compacted_and_then_nothing_is_proven() -> None:
    history = loaded(10)
    history.take(written(10))
    history.take(WatchBatch(11, (Event(KeyValue(b"/a", 0, 11, 0), deleted=True),)))
    history.resume()
    with pytest.raises(UnprovenError):
        history.take(written(12))
    history.resume()
    assert history.confirmed(progress(11), 1.0) is None
    with pytest.raises(UnprovenError):
        history.confirmed(progress(11), 1.0 + DOUBT_SECONDS)


def test_what_the_first_watch_does_not_repeat_is_loaded_again() -> None:
    with pytest.raises(UnprovenError):
        loaded(10).take(written(11))


def test_a_load_is_proven_where_etcd_has_nothing_to_repeat() -> None:
    history = loaded(10)
    assert not history.proven
    assert history.confirmed(progress(10), 1.0) is None
    assert history.confirmed(progress(10), 1.0 + DOUBT_SECONDS) == 1.0 + DOUBT_SECONDS
    assert history.proven
    assert len(history.take(written(11))) == 1


def test_of_a_part_of_the_keyspace_the_first_event_proves_nothing() -> None:
    history = loaded(10, PODS)
    assert len(history.take(written(25))) == 1


def test_events_do_not_go_back() -> None:
    history = loaded(10)
    history.take(written(10, 15))
    with pytest.raises(ForeignError):
        history.take(written(14))


@pytest.mark.parametrize("other", [head(10, cluster=8), head(9), head(12, term=2)])
def test_who_cannot_have_the_same_past_is_foreign(other: NamesPiece) -> None:
    history = loaded(10)
    history.check(head(11))
    with pytest.raises(ForeignError):
        history.check(other)


def test_a_server_that_does_not_say_who_it_is_passes() -> None:
    loaded(10).check(head(10, cluster=0, term=0))


def test_the_newest_event_confirms_and_an_older_one_does_not() -> None:
    history = loaded(10)
    late = written(10, 11, newest=99)
    history.take(late)
    assert history.confirmed(late, 1.0) is None
    newest = written(12)
    history.take(newest)
    assert (history.confirmed(newest, 2.0), history.reached) == (2.0, 12)


def test_progress_at_what_was_applied_confirms() -> None:
    assert loaded(10, PODS).confirmed(progress(10), 5.0) == 5.0


def test_progress_of_a_member_that_is_behind_confirms_nothing() -> None:
    assert loaded(10, PODS).confirmed(progress(9), 5.0) is None


def test_progress_ahead_of_the_events_is_doubted_until_it_has_stood_for_a_while() -> None:
    history = loaded(10, PODS)
    assert history.confirmed(progress(20), 1.0) is None
    assert history.confirmed(progress(21), 1.0 + DOUBT_SECONDS / 2) is None
    assert history.reached == 10
    assert history.confirmed(progress(22), 1.0 + DOUBT_SECONDS) == 1.0
    assert history.reached == 20


def test_events_that_come_after_such_progress_show_that_it_was_ahead() -> None:
    history = loaded(10, PODS)
    history.confirmed(progress(20), 1.0)
    late = written(15, newest=20)
    history.take(late)
    assert history.confirmed(late, 1.1) is None
    assert history.confirmed(progress(21), 2.0) is None
    assert history.reached == 15


def test_nothing_is_confirmed_before_the_past_is_proven() -> None:
    history = loaded(10)
    history.take(written(10))
    history.resume()
    assert history.confirmed(progress(10), 1.0) is None
