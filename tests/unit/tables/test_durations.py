"""Durations and ages as kubectl writes them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from etcdview.tables import age, human_duration, parse_time, short_human_duration
from etcdview.tables.durations import Moment

S, M, H, D = 1, 60, 3600, 86400
Y = 365 * D
NOW = datetime(2026, 11, 23, 15, 57, 37, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "human", "short"),
    [
        (-2 * S, "<invalid>", "<invalid>"),
        (-1.99, "0s", "0s"),
        (-0.5, "0s", "0s"),
        (0, "0s", "0s"),
        (59.9, "59s", "59s"),
        (60, "60s", "1m"),
        (119, "119s", "1m"),
        (2 * M, "2m", "2m"),
        (2 * M + 7, "2m7s", "2m"),
        (9 * M + 59, "9m59s", "9m"),
        (10 * M, "10m", "10m"),
        (59 * M, "59m", "59m"),
        (60 * M, "60m", "1h"),
        (2 * H + 59 * M, "179m", "2h"),
        (3 * H, "3h", "3h"),
        (3 * H + 20 * M, "3h20m", "3h"),
        (7 * H + 59 * M, "7h59m", "7h"),
        (8 * H + 30 * M, "8h", "8h"),
        (23 * H, "23h", "23h"),
        (24 * H, "24h", "1d"),
        (47 * H, "47h", "1d"),
        (2 * D, "2d", "2d"),
        (3 * D + 5 * H, "3d5h", "3d"),
        (7 * D + 23 * H, "7d23h", "7d"),
        (8 * D + 23 * H, "8d", "8d"),
        (364 * D, "364d", "364d"),
        (Y, "365d", "1y"),
        (2 * Y - H, "729d", "1y"),
        (2 * Y, "2y", "2y"),
        (2 * Y + 100 * D, "2y100d", "2y"),
        (8 * Y - H, "7y364d", "7y"),
        (8 * Y, "8y", "8y"),
        (56 * Y + 300 * D, "56y", "56y"),
    ],
)
def test_a_duration_reads_as_kubernetes_writes_it(seconds: float, human: str, short: str) -> None:
    duration = timedelta(seconds=seconds)
    assert (human_duration(duration), short_human_duration(duration)) == (human, short)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T15:57:07Z", "30s"),
        ("2026-11-23T15:57:07.250000Z", "30s"),
        ("2026-11-23T16:57:07+01:00", "30s"),
        (None, "<unknown>"),
        ("", "<unknown>"),
        ("yesterday", "<invalid>"),
        ("2026-11-24T00:00:00Z", "<invalid>"),
        ("10000-01-01T00:00:00Z", "<invalid>"),
        (1732377427, "<invalid>"),
    ],
)
def test_an_age_is_counted_from_the_moment_given(text: object, expected: str) -> None:
    assert age(text, NOW) == expected


def test_a_time_without_an_offset_is_utc() -> None:
    assert parse_time("2026-11-23T15:57:07") == datetime(2026, 11, 23, 15, 57, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "seconds", [-90.5, -1.5, 0, 0.5, 59.5, 119, 599.999, 600, 3599, 10799, 28799.5, 28800, 172799, 691199, 691200, 7e7]
)
def test_an_age_stays_as_it_is_for_as_long_as_the_moment_says(seconds: float) -> None:
    text = (NOW - timedelta(seconds=seconds)).isoformat()
    moment = Moment.of(NOW)

    written = age(text, moment)

    assert moment.lasts_seconds > 0
    for part in (0.0, 0.5, 0.999):
        assert age(text, NOW + timedelta(seconds=part * moment.lasts_seconds)) == written


def test_a_moment_lasts_until_the_first_of_its_ages_changes() -> None:
    moment = Moment.of(NOW)
    assert (moment, math.isinf(moment.lasts_seconds)) == (NOW, True)

    for days, seconds in ((100, 7), (0.5, 3590), (20, 1)):
        age((NOW - timedelta(days=days, seconds=seconds)).isoformat(), moment)
    assert moment.lasts_seconds == 10

    assert NOW + timedelta(seconds=5) - moment == timedelta(seconds=5)
    assert moment.lasts_seconds == 1
