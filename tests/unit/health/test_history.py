"""An hour of numbers in memory, thinned into series and drawn as lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace as Build

from etcdview.health.findings import Finding, Verdict
from etcdview.health.history import History, Point, Series, polylines


def test_only_the_last_hour_is_kept(build: Build) -> None:
    history = History()
    for minutes in range(0, 130, 10):
        history = history.add(replace(build.cluster(), at=build.now + timedelta(minutes=minutes)))
    assert len(history.samples) == 6
    assert history.samples[0].at == build.now + timedelta(minutes=70)


def test_a_member_that_was_silent_leaves_a_gap(build: Build) -> None:
    history = History().add(build.cluster()).add(build.cluster(down=(2,))).add(build.cluster())
    values = [p.value for p in history.series(0xA2, "latency_seconds").points]
    assert values == [0.002, None, 0.002]


def test_a_long_series_is_thinned_and_keeps_its_peak(build: Build) -> None:
    sizes = [1.0] * 700
    sizes[333] = 99.0
    series = build.history(sizes).series(0xA1, "db_size_bytes", points=100)
    assert len(series.points) == 100
    assert (series.low, series.high, series.last) == (1.0, 99.0, 1.0)


def test_growth_needs_half_an_hour(build: Build) -> None:
    assert build.history([0.0, 1800.0], minutes=30).growth_bytes_per_second(0xA1) == 1.0
    assert build.history([0.0, 1800.0], minutes=29).growth_bytes_per_second(0xA1) is None
    assert History().growth_bytes_per_second(0xA1) is None


def test_leader_changes_are_counted(build: Build) -> None:
    leaders = [0xA1, 0xA1, 0xA2, 0xA1]
    assert build.history([1.0] * 4, leaders=leaders).leader_changes() == 2


def test_what_most_members_count_is_a_change_of_leader_and_what_one_counts_is_not(build: Build) -> None:
    counts = {1: [3.0, 4.0, None, 5.0], 2: [1.0, 2.0, 2.0, 3.0], 3: [7.0, 7.0, 9.0, 14.0]}
    assert build.history([1.0] * 4, counts=counts).leader_changes() == 2
    assert build.history([1.0] * 4, counts={**counts, 1: [3.0] * 4, 2: [1.0] * 4}).leader_changes() == 0


def test_a_member_that_starts_anew_counts_from_there(build: Build) -> None:
    assert build.history([1.0] * 4, counts={1: [9.0, 1.0, 1.0, 2.0]}).leader_changes() == 1


def after(build: Build, seconds: float, status: str, *findings: Finding) -> Verdict:
    return Verdict(status, build.now + timedelta(seconds=seconds), findings)  # type: ignore[arg-type]


def test_verdicts_are_kept_with_what_made_them_and_when_they_stood(build: Build) -> None:
    slow = Finding("read-slow", "warning", "Reads are slow.", "600 ms", "", "")
    slower = replace(slow, evidence="700 ms")
    note = replace(slow, id="learner", severity="info")
    history = History()
    for verdict in (
        after(build, 0, "healthy"),
        after(build, 5, "healthy", note),
        after(build, 10, "at risk", slow, note),
        after(build, 15, "at risk", slower),
        after(build, 20, "healthy"),
    ):
        history = history.judged(verdict)
    spans = [((v.since - build.now).seconds, (v.until - build.now).seconds, v.status) for v in history.verdicts]
    assert spans == [(0, 10, "healthy"), (10, 20, "at risk"), (20, 20, "healthy")]
    assert [f.id for f in history.verdicts[1].findings] == ["read-slow"]


def test_nothing_is_claimed_of_the_time_between_rounds_far_apart(build: Build) -> None:
    history = History().judged(after(build, 0, "healthy")).judged(after(build, 300, "healthy"))
    later = build.now + timedelta(seconds=300)
    assert [(v.since, v.until) for v in history.verdicts] == [(build.now, build.now), (later, later)]
    assert len(history.judged(after(build, 90_000, "healthy")).verdicts) == 1


def test_a_line_is_broken_where_there_is_no_value(build: Build) -> None:
    values = (1.0, 3.0, None, 2.0)
    points = tuple(Point(build.now + timedelta(seconds=10 * i), v) for i, v in enumerate(values))
    assert polylines(Series(points, 1.0, 3.0), 30, 20) == ("0.0,20.0 10.0,0.0", "30.0,10.0")
    assert polylines(Series((), 0.0, 0.0), 30, 20) == ()
