"""The bench's arithmetic: what counts as met, and as noise."""

from __future__ import annotations

import random

import pytest

from bench.keys import PODS_IN_IT, SHARES, named, names, templates
from bench.report import Row, halves, percentile, spread, table
from etcdview.codec import Codec
from etcdview.codec.protobuf.envelope import _as_written


@pytest.mark.parametrize(
    ("measured", "goal", "noise", "met"),
    [(9.0, 10.0, 0.0, True), (11.0, 10.0, 0.0, False), (11.0, 10.0, 0.2, True), (5.0, None, 0.0, True)],
)
def test_a_goal_is_missed_by_more_than_the_noise(measured: float, goal: float | None, noise: float, met: bool) -> None:
    assert Row("something", measured, "ms", goal, noise).met is met


def test_percentiles_are_values_that_were_measured() -> None:
    times = [float(n) for n in range(1, 101)]
    assert (percentile(times, 0.5), percentile(times, 0.99), percentile([7.0], 0.99)) == (51.0, 100.0, 7.0)


def test_noise_is_how_far_the_same_measurement_varied() -> None:
    assert spread([9.0, 10.0, 11.0]) == 0.2
    assert halves([10.0, 10.0, 20.0, 20.0], lambda times: percentile(times, 0.5)) == 0.5


def test_the_table_says_which_goals_are_missed() -> None:
    text = table([Row("good", 1.0, "ms", 2.0), Row("bad", 3.0, "ms", 2.0), Row("told", 4.0, "ms")])
    assert [line.endswith("**missed** |") for line in text.splitlines()[2:]] == [False, True, False]


def test_the_keys_are_the_same_at_every_run_and_about_as_many_as_asked_for() -> None:
    first, second = (list(names(2_000)) for _ in range(2))
    assert first == second
    assert 2_000 <= len(set(first)) <= 2_000 + PODS_IN_IT


@pytest.mark.parametrize("prefix", SHARES)
def test_a_value_calls_itself_what_its_key_says_and_is_otherwise_what_was_captured(prefix: str) -> None:
    codec, chance = Codec(), random.Random(1)  # noqa: S311 - the same names at each run
    for template in templates()[prefix]:
        assert _as_written(named(template, b"/r/x/here/a", chance))  # quick to open, as what an API server wrote
        first, second = (
            codec.decode(key, named(template, key, chance)).object for key in (b"/r/x/here/a", b"/r/x/b/c")
        )
        assert first is not None
        assert second is not None
        own = [tuple(obj["metadata"].pop(field) for field in ("namespace", "name", "uid")) for obj in (first, second)]
        assert [(namespace, name) for namespace, name, _ in own] == [("here", "a"), ("b", "c")]
        assert len({uid for *_, uid in own}) == 2
        assert first == second
        assert len(first) > 2
