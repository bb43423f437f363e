"""The watch page at its edges: filters, pauses, what is lost, and differences that cannot be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.cluster.window import Window
from etcdview.errors import CompactedError, QueryError, UnsupportedError
from etcdview.index.changes import ChangeLog
from etcdview.models import Event, KeyValue
from etcdview.pages.watch import SHOWN, WatchQuery, watch_page
from etcdview.stores.key_past import KeyPast
from etcdview.stores.protocols import prefix_end
from tests.unit.cluster.opened import opened

KEY = b"/registry/configmaps/shop/a"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Log:
    """An index that tells of changes, over one that does not."""

    def __init__(self, window: Window) -> None:
        self._index = window.index
        self.changes = ChangeLog()
        self.changes.restart(10)

    def churn(self) -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


@pytest.fixture
def window() -> Window:
    made = Window(opened({KEY.decode(): b'{"kind":"ConfigMap"}'}))
    made.index = Log(made)  # type: ignore[assignment]
    return made


def write(window: Window, revision: int, key: bytes = KEY, version: int = 2, deleted: bool = False) -> None:
    event = Event(KeyValue(key, 1, revision, 0 if deleted else version), deleted=deleted)
    window.index.changes.note([event], revision, 0.0)  # type: ignore[attr-defined]


def shown(window: Window, **query: Any) -> list[tuple[int, str]]:
    return [(row.revision, row.kind) for row in watch_page(window, WatchQuery(**query), NOW).rows]


def test_a_file_cannot_be_watched() -> None:
    with pytest.raises(UnsupportedError, match="file"):
        watch_page(Window(opened({})), WatchQuery(), NOW)


def test_a_kind_that_is_unknown_is_a_query_error(window: Window) -> None:
    with pytest.raises(QueryError):
        watch_page(window, WatchQuery(kind="renamed"), NOW)


def test_changes_come_newest_first_and_filters_hold_together(window: Window) -> None:
    write(window, 11, version=1)
    write(window, 12)
    write(window, 13, deleted=True)
    write(window, 14, b"/registry/pods/shop/p", version=1)
    assert shown(window) == [(14, "created"), (13, "deleted"), (12, "updated"), (11, "created")]
    assert shown(window, kind="created") == [(14, "created"), (11, "created")]
    assert shown(window, kind="created", prefix="/registry/configmaps/") == [(11, "created")]
    assert shown(window, text="shop/p") == [(14, "created")]
    assert shown(window, since=12) == [(14, "created"), (13, "deleted")]
    assert shown(window, until=12) == [(12, "updated"), (11, "created")]


def test_a_paused_page_does_not_poll_and_a_running_one_asks_for_what_is_newer(window: Window) -> None:
    write(window, 11)
    assert "since=11" in watch_page(window, WatchQuery(), NOW).poll_href
    assert watch_page(window, WatchQuery(until=11), NOW).poll_href == ""


def test_what_the_log_has_forgotten_is_said_to_be_lost(window: Window) -> None:
    write(window, 11)
    assert watch_page(window, WatchQuery(since=5), NOW).lost
    assert not watch_page(window, WatchQuery(since=10), NOW).lost


def test_a_long_list_says_how_many_more_there_are(window: Window) -> None:
    for n in range(SHOWN + 7):
        write(window, 11 + n, version=1)
    page = watch_page(window, WatchQuery(), NOW)
    assert (len(page.rows), page.unshown) == (SHOWN, 7)


def test_a_deletion_leads_to_the_object_as_it_was_before(window: Window) -> None:
    write(window, 13, deleted=True)
    (row,) = watch_page(window, WatchQuery(), NOW).rows
    assert row.href.endswith("revision=12")


def test_a_compacted_value_leaves_a_change_without_differences(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    def compacted(*_: Any) -> Any:
        raise CompactedError("Compacted.", oldest=12)

    monkeypatch.setattr(window, "get", compacted)
    write(window, 12)
    (row,) = watch_page(window, WatchQuery(), NOW).rows
    assert (row.differences, row.more) == ((), 0)


def before(window: Window, *events: Event, oldest: int = 0, more: bool = False) -> None:
    """What etcd still keeps from before the index began to watch, newest first."""
    window.cluster.earlier._known[b"\0", prefix_end(b""), 11] = KeyPast(events, oldest, more)


def written(revision: int, time: str, manager: str) -> Event:
    managed = f'[{{"manager":"old","time":"2026-11-01T00:00:00Z"}},{{"manager":"{manager}","time":"{time}"}}]'
    value = f'{{"kind":"ConfigMap","metadata":{{"managedFields":{managed}}}}}'
    return Event(KeyValue(KEY, 1, revision, 2, value=value.encode()))


def test_what_was_before_the_watch_stands_below_with_who_and_when(window: Window) -> None:
    write(window, 11)
    before(window, written(9, "2026-11-23T11:58:00Z", "kubectl-edit"), Event(KeyValue(KEY, 0, 7, 0), deleted=True))
    page = watch_page(window, WatchQuery(), NOW)

    assert [(row.revision, row.kind, row.manager, row.told) for row in page.rows] == [
        (11, "updated", "", False),
        (9, "updated", "kubectl-edit", True),
        (7, "deleted", "", False),
    ]
    assert page.rows[2].at is None


def test_a_time_range_leaves_out_what_is_older_and_what_has_no_time(window: Window) -> None:
    write(window, 11)
    before(window, written(9, "2026-11-23T11:58:00Z", "a"), written(8, "2026-11-23T11:30:00Z", "b"))

    assert shown(window, minutes=5) == [(9, "updated")]
    assert shown(window, minutes=60) == [(9, "updated"), (8, "updated")]
    ranges = watch_page(window, WatchQuery(minutes=15, prefix="/registry/"), NOW).ranges
    assert [(r.text, r.chosen) for r in ranges if r.chosen] == [("last 15 min", True)]
    assert "/watch?prefix=/registry/&minutes=5" in [r.href for r in ranges]


def test_where_the_past_cannot_be_told_it_says_why(window: Window) -> None:
    assert "no changes that can be followed" in watch_page(window, WatchQuery(), NOW).why


def test_the_oldest_revision_that_was_looked_at_is_said(window: Window) -> None:
    write(window, 11)
    before(window, written(9, "2026-11-23T11:58:00Z", "a"), oldest=5)
    assert watch_page(window, WatchQuery(), NOW).oldest == 5
    before(window, written(9, "2026-11-23T11:58:00Z", "a"), oldest=5, more=True)
    assert watch_page(window, WatchQuery(), NOW).oldest == 9


def test_what_is_written_all_the_time_is_left_out_and_counted_until_all_is_wanted(window: Window) -> None:
    write(window, 11, b"/registry/events/shop/a.1")
    write(window, 12, b"/registry/leases/kube-node-lease/worker-1")
    write(window, 13)

    assert [revision for revision, _ in shown(window)] == [13]
    assert [revision for revision, _ in shown(window, calm=True)] == [13]
    assert [revision for revision, _ in shown(window, calm=False)] == [13, 12, 11]
    page = watch_page(window, WatchQuery(), NOW)
    assert (page.calm, page.hidden, page.calm_href) == (True, 2, "/watch?calm=0")
    page = watch_page(window, WatchQuery(calm=False), NOW)
    assert (page.calm, page.hidden, page.calm_href) == (False, 0, "/watch?calm=1")
    assert "calm=0" in page.poll_href


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("folder", ["events", "events/shop", "leases", "masterleases", "peerserverleases"])
def test_who_names_events_or_leases_by_their_prefix_sees_them(window: Window, folder: str, slash: str) -> None:
    write(window, 11, f"/registry/{folder}/shop/a.1".encode())
    prefix = f"/registry/{folder}{slash}"
    assert shown(window, prefix=prefix) == [(11, "updated")]
    assert shown(window, prefix=prefix, calm=True) == []


def test_a_prefix_that_only_begins_like_noise_leaves_it_out(window: Window) -> None:
    write(window, 11, b"/registry/events/shop/a.1")
    assert shown(window, prefix="/registry/") == shown(window, prefix="/registry/event") == []


def test_a_page_that_hides_all_there_is_moves_on_until_nothing_happens(window: Window) -> None:
    for revision in range(11, 14):
        write(window, revision, b"/registry/leases/kube-node-lease/worker-1")
    page = watch_page(window, WatchQuery(since=10), NOW)
    assert (page.rows, page.lost, page.moved) == ((), False, True)
    assert page.poll_href == "/watch?since=13"

    assert not watch_page(window, WatchQuery(since=13), NOW).moved
    assert not watch_page(window, WatchQuery(since=15), NOW).moved  # a worker that is behind another


def test_a_page_that_is_full_of_noise_still_shows_what_was_before_it(window: Window) -> None:
    for n in range(SHOWN):
        write(window, 11 + n, b"/registry/leases/kube-node-lease/worker-1")
    before(window, written(9, "2026-11-23T11:58:00Z", "kubectl-edit"))
    assert shown(window) == [(9, "updated")]


def test_who_may_write_can_put_back_what_was_before_a_change(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    write(window, 11, version=1)
    write(window, 12)
    write(window, 13, deleted=True)
    assert not any(row.unfolds for row in watch_page(window, WatchQuery(), NOW).rows)

    monkeypatch.setattr("etcdview.pages.watch.may_write", lambda *_: True)
    rows = watch_page(window, WatchQuery(), NOW).rows
    restore = "/restore?key=/registry/configmaps/shop/a&revision="
    assert [row.restore_href for row in rows] == [f"{restore}12", f"{restore}11", ""]


def test_what_was_chosen_stays_in_the_address(window: Window) -> None:
    assert "calm=1" in watch_page(window, WatchQuery(calm=True, minutes=5), NOW).poll_href
