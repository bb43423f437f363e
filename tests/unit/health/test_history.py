"""An hour of numbers in memory, thinned into series and drawn as lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace as Build

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


def test_growth_needs_ten_minutes(build: Build) -> None:
    assert build.history([0.0, 600.0], minutes=10).growth_bytes_per_second(0xA1) == 1.0
    assert build.history([0.0, 600.0], minutes=9).growth_bytes_per_second(0xA1) is None
    assert History().growth_bytes_per_second(0xA1) is None


def test_leader_changes_are_counted(build: Build) -> None:
    leaders = [0xA1, 0xA1, 0xA2, 0xA1]
    assert build.history([1.0] * 4, leaders=leaders).leader_changes() == 2


def test_a_line_is_broken_where_there_is_no_value(build: Build) -> None:
    values = (1.0, 3.0, None, 2.0)
    points = tuple(Point(build.now + timedelta(seconds=10 * i), v) for i, v in enumerate(values))
    assert polylines(Series(points, 1.0, 3.0), 30, 20) == ("0.0,20.0 10.0,0.0", "30.0,10.0")
    assert polylines(Series((), 0.0, 0.0), 30, 20) == ()
