"""Small pictures of the last hour: their numbers, their gaps, and that they stay in their box."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from etcdview.health.history import History, MemberSample, Sample
from etcdview.pages.health.sparklines import HEIGHT, WIDTH, Hour, hour_of
from tests.unit.health import conftest as build

values = st.one_of(st.none(), st.floats(0, 1e12))


def drawn(latencies: list[float | None], leads: list[float | None] | None = None) -> Hour | None:
    """The hour of cp1 with a reading each five seconds."""
    leads = leads or [None if v is None else 1.0 for v in latencies]
    samples = [
        Sample(build.NOW + timedelta(seconds=5 * n), (MemberSample(0xA1, v, v, v, lead),))
        for n, (v, lead) in enumerate(zip(latencies, leads, strict=True))
    ]
    return hour_of(History(tuple(samples)), build.cluster(1))


def hour(latencies: list[float | None], leads: list[float | None] | None = None) -> Hour:
    made = drawn(latencies, leads)
    assert made is not None
    return made


def test_lowest_middle_and_highest_are_of_all_readings_though_the_line_is_thinned() -> None:
    spark = hour([1.0] + [5.0] * 500 + [9.0]).members[0].latency

    assert (spark.low, spark.middle, spark.high) == (1.0, 5.0, 9.0)
    assert len(spark.lines[0].split()) <= 120


def test_silence_breaks_the_line_and_is_marked() -> None:
    member = hour([1.0, 2.0, None, None, 3.0, 4.0]).members[0]

    assert len(member.latency.lines) == 2
    assert len(member.latency.silent) == len(member.reign.silent) == 1
    assert member.latency.silent[0].x == 2 / 5 * WIDTH
    assert member.latency.silent[0].width == 2 / 5 * WIDTH


def test_a_member_that_never_answered_has_no_numbers() -> None:
    member = hour([None, None, None]).members[0]

    assert member.latency.low is None
    assert member.reign.part is None
    assert member.applied_per_second is None


def test_leading_is_counted_by_time_and_by_how_often_it_began() -> None:
    reign = hour([1.0] * 6, [1.0, 0.0, 1.0, 1.0, 0.0, 0.0]).members[0].reign

    assert (reign.part, reign.times) == (0.5, 2)
    assert len(reign.spans) == 2


def test_the_rate_of_raft_is_from_the_first_reading_to_the_last() -> None:
    assert hour([100.0, None, 200.0]).members[0].applied_per_second == 10.0


def test_one_reading_makes_no_line() -> None:
    assert drawn([1.0]) is None


@given(st.lists(values, min_size=2, max_size=40))
def test_nothing_leaves_its_box(latencies: list[float | None]) -> None:
    member = hour(latencies).members[0]

    for line in member.latency.lines:
        for point in line.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    for span in (*member.latency.silent, *member.reign.spans, *member.reign.silent):
        assert span.x >= 0
        assert span.x + span.width <= WIDTH + 0.1
