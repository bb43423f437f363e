"""The log of what changed lately, and the count of what churns."""

from __future__ import annotations

import pytest

from etcdview.index import changes
from etcdview.index.changes import ChangeLog, Changes, RangeLog, SeveralLogs
from etcdview.index.churn import ChurnCounter
from etcdview.index.lister import keys_under
from etcdview.models import Event, KeyValue
from etcdview.stores.routed import PinnedRevision

PODS = b"/registry/pods/"
SECRETS = b"/registry/secrets/"


def put(name: bytes, revision: int, version: int = 1, value: bytes = b"x") -> Event:
    return Event(KeyValue(PODS + name, revision, revision, version, value=value))


def delete(name: bytes, revision: int) -> Event:
    return Event(KeyValue(PODS + name, 0, revision, 0), deleted=True)


def log_from(revision: int) -> ChangeLog:
    log = ChangeLog()
    log.restart(revision)
    return log


def test_a_page_gets_what_happened_since_the_revision_it_shows() -> None:
    log = log_from(10)
    log.note([put(b"a", 11)], 11, now=1.0)
    log.note([put(b"a", 12, version=2), put(b"b", 12)], 12, now=2.0)
    log.note([delete(b"b", 13)], 13, now=3.0)
    found = log.since(11)
    assert [(c.revision, c.key[-1:], c.deleted, c.created, c.seen_at) for c in found.changes] == [
        (12, b"a", False, False, 2.0),
        (12, b"b", False, True, 2.0),
        (13, b"b", True, False, 3.0),
    ]
    assert found.revision == 13
    assert log.since(13).changes == ()


def test_only_changes_below_the_prefix_are_given() -> None:
    log = log_from(10)
    log.note([put(b"a", 11), put(b"b", 11)], 11, now=0.0)
    assert [c.key for c in log.since(10, PODS + b"b").changes] == [PODS + b"b"]
    assert log.since(10, b"/registry/secrets/").revision == 11


def test_a_page_older_than_the_log_is_told_to_read_again() -> None:
    log = log_from(10)
    assert log.since(9).lost
    assert not log.since(10).lost


def test_what_falls_out_of_the_log_is_said_to_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT_CHANGES", 2)
    log = log_from(10)
    for revision in (11, 12, 13):
        log.note([put(b"a", revision)], revision, now=0.0)
    assert log.since(10).lost
    assert [c.revision for c in log.since(11).changes] == [12, 13]


def test_a_page_of_a_worker_that_is_further_waits_for_this_one_to_catch_up() -> None:
    log = log_from(10)
    ahead = log.since(12)
    assert (ahead.revision, ahead.changes, ahead.lost) == (12, (), False)


def test_a_page_of_a_history_that_is_no_more_is_told_to_read_again() -> None:
    log = log_from(100)
    log.restart(40, rewound=True)
    assert log.since(100).lost


def test_a_page_of_a_quiet_directory_is_not_lost_to_writes_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT_CHANGES", 2)
    log = log_from(10)
    log.note([put(b"quiet/a", 11), *(put(b"busy/a", revision) for revision in range(12, 20))], 19, now=0.0)
    assert log.since(10, PODS + b"quiet/").lost
    assert log.since(11, PODS + b"quiet/") == Changes(19)
    assert log.since(11, PODS + b"quiet/a") == Changes(19)
    assert log.since(11, b"/registry/secrets/") == Changes(19)
    assert log.since(11, PODS + b"busy/").lost
    assert log.since(11, PODS + b"bu").lost
    assert log.since(11, PODS).lost
    assert log.since(11).lost


def test_directories_that_are_too_many_to_remember_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT_CHANGES", 1)
    monkeypatch.setattr(changes, "KEPT_DIRECTORIES", 4)
    log = log_from(10)
    log.note([put(b"one/a", 11), put(b"two/a", 12), put(b"three/a", 13)], 13, now=0.0)
    assert log.since(10, PODS + b"one/").lost
    assert log.since(11, PODS + b"one/") == Changes(13)
    assert log.since(11, PODS + b"two/").lost


def two_logs() -> tuple[ChangeLog, ChangeLog, SeveralLogs]:
    pods, secrets = log_from(10), log_from(10)
    return (
        pods,
        secrets,
        SeveralLogs(lambda: [RangeLog(keys_under(PODS), pods), RangeLog(keys_under(SECRETS), secrets)]),
    )


def test_of_several_watches_a_prefix_of_one_is_as_fresh_as_that_one() -> None:
    pods, _, logs = two_logs()
    pods.note([put(b"a", 14)], 14, now=0.0)
    assert [c.revision for c in logs.since(10, PODS).changes] == [14]
    assert logs.revision == 10


def test_of_several_watches_all_changes_come_in_order_and_not_before_all_have_got_so_far() -> None:
    pods, secrets, logs = two_logs()
    pods.note([put(b"z", 12), put(b"y", 14)], 14, now=0.0)
    assert logs.since(10) == Changes(10)
    secrets.note([Event(KeyValue(SECRETS + b"a", 11, 11, 1))], 13, now=0.0)
    found = logs.since(10)
    assert ([c.revision for c in found.changes], found.revision) == ([11, 12], 13)
    assert [c.revision for c in logs.recent(limit=2)] == [14, 12]


def test_a_watch_that_began_anew_hides_nothing_of_the_others() -> None:
    pods, secrets, logs = two_logs()
    pods.note([put(b"a", 11)], 11, now=0.0)
    secrets.restart(11)
    assert logs.since(10).lost
    assert [c.revision for c in logs.since(10, PODS).changes] == [11]
    assert logs.value(PODS + b"a", 11) is not None


def test_where_nothing_is_watched_nothing_changes() -> None:
    _, _, logs = two_logs()
    assert logs.since(10, b"/registry/leases/") == Changes(10)


def test_the_newest_changes_come_first() -> None:
    log = log_from(10)
    log.note([put(b"a", 11), put(b"b", 12), put(b"c", 13)], 13, now=0.0)
    assert [c.revision for c in log.recent(limit=2)] == [13, 12]


def test_the_last_values_are_kept_as_far_as_their_bytes_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT_VALUE_BYTES", 10)
    log = log_from(10)
    log.note([put(b"a", 11, value=b"12345678"), put(b"a", 12, value=b"1234")], 12, now=0.0)
    assert log.value(PODS + b"a", 11) is None
    kept = log.value(PODS + b"a", 12)
    assert kept is not None
    assert kept.value == b"1234"


def test_writes_are_counted_by_the_minute() -> None:
    churn = ChurnCounter()
    for second in (0, 1, 59, 60, 61):
        churn.note("pods", 6000.0 + second)
    churn.note("leases", 6061.0)
    pods, leases = churn.rates(6062.0)
    assert (pods.prefix, pods.total, pods.per_minute[-2:]) == ("pods", 5, (3, 2))
    assert (leases.prefix, leases.per_minute[-2:]) == ("leases", (0, 1))
    assert len(pods.per_minute) == 60


def test_what_was_written_an_hour_ago_is_forgotten() -> None:
    churn = ChurnCounter()
    churn.note("pods", 6000.0)
    assert churn.rates(6000.0 + 59 * 60)[0].per_minute[0] == 1
    assert churn.rates(6000.0 + 60 * 60) == ()
    assert churn.rates(6000.0 + 1000 * 60) == ()


def two_etcds() -> tuple[ChangeLog, ChangeLog, SeveralLogs]:
    """Pods in one etcd, whose revision was 10 at second 100, and secrets in another, which was at 3."""
    pods, secrets = ChangeLog(), ChangeLog()
    pods.restart(10, now=100.0)
    secrets.restart(3, now=100.0)
    ranges = [RangeLog(keys_under(PODS), pods), RangeLog(keys_under(SECRETS), secrets, source=1)]
    return pods, secrets, SeveralLogs(lambda: ranges)


def secret(revision: int) -> Event:
    return Event(KeyValue(SECRETS + b"a", revision, revision, 1))


def test_changes_of_two_etcds_come_as_they_were_seen_each_behind_a_revision_of_its_own() -> None:
    pods, secrets, logs = two_etcds()
    begun = logs.revision
    secrets.note([secret(4)], 4, now=101.0)
    pods.note([put(b"a", 11)], 11, now=102.0)
    secrets.note([secret(5)], 5, now=103.0)

    found = logs.since(begun)
    assert [change.revision for change in found.changes] == [4, 11, 5]
    assert [change.revision for change in logs.recent(limit=2)] == [5, 11]
    assert isinstance(found.revision, PinnedRevision)
    assert (found.revision, found.revision.of(1)) == (11, 5)
    assert logs.since(found.revision).changes == ()
    assert [change.revision for change in logs.since(10).changes] == [11], "a plain number is the first etcd's"
    assert [change.revision for change in logs.since(4, SECRETS).changes] == [5]


def test_the_revision_of_another_etcd_at_the_same_moment_is_the_one_seen_before_the_next_change() -> None:
    pods, secrets, logs = two_etcds()
    secrets.note([secret(4)], 4, now=101.0)
    pods.note([put(b"a", 11)], 11, now=102.0)
    secrets.note([secret(5)], 5, now=103.0)

    assert logs.same_moment(10, 0, 1) == 4
    assert logs.same_moment(11, 0, 1) == 5
    assert logs.same_moment(3, 1, 0) == 10
    assert logs.same_moment(4, 1, 0) == 11


def test_a_moment_before_the_logs_begin_or_behind_their_end_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    pods, _, logs = two_etcds()
    assert logs.same_moment(9, 0, 1) == 0
    assert logs.same_moment(12, 0, 1) == 0
    monkeypatch.setattr(changes, "KEPT_CHANGES", 1)
    pods.note([put(b"a", 11), put(b"b", 12), put(b"c", 13)], 13, now=102.0)
    assert logs.same_moment(11, 0, 1) == 0
    assert logs.same_moment(13, 0, 1) == 3
