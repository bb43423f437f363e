"""Values whose JSON form is their own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.codec.protobuf import special
from etcdview.codec.scalars import ZERO_TIME_SECONDS, go_utf8, number, parse_time, rfc3339, rfc3339_micro
from etcdview.kube.go_numbers import json_number, yaml_number


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:01Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (951782400, "2000-02-29T00:00:00Z"),
        (1795449338, "2026-11-23T15:55:38Z"),
        (253402300799, "9999-12-31T23:59:59Z"),
        (253402300800, "10000-01-01T00:00:00Z"),
        (ZERO_TIME_SECONDS, "0001-01-01T00:00:00Z"),
        (-62167219201, "-0001-12-31T23:59:59Z"),
    ],
)
def test_seconds_are_written_as_go_writes_times(seconds: int, text: str) -> None:
    assert rfc3339(seconds) == text


@given(st.integers(-(1 << 40), 1 << 40))
def test_times_come_back(seconds: int) -> None:
    assert parse_time(rfc3339(seconds)) == (seconds, 0)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("1970-01-01T00:00:01.5Z", (1, 500_000_000)),
        ("1970-01-01T01:00:00+01:00", (0, 0)),
        ("1969-12-31T19:00:00-05:00", (0, 0)),
    ],
)
def test_times_are_read_with_fractions_and_zones(text: str, parsed: tuple[int, int]) -> None:
    assert parse_time(text) == parsed


@pytest.mark.parametrize("text", ["", "now", "2020-01-01", "2020-13-01T00:00:00Z", "2020-01-01T00:00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def test_micro_times_have_six_digits() -> None:
    assert rfc3339_micro(0, 0) == "1970-01-01T00:00:00.000000Z"
    assert rfc3339_micro(0, 1_999) == "1970-01-01T00:00:00.000001Z"


@pytest.mark.parametrize(
    ("seconds", "size", "shown"), [(0, 0, None), (0, 4, "1970-01-01T00:00:00Z"), (ZERO_TIME_SECONDS, 13, None)]
)
def test_an_empty_time_and_gos_zero_time_are_null_but_1970_is_not(seconds: int, size: int, shown: Any) -> None:
    message = SimpleNamespace(f1=seconds, f2=0, ByteSize=lambda: size)
    assert special.time(message) == shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [(1.0, 1), (0.5, 0.5), (-3.0, -3), (1e20, 10**20), (2.0**67, 147573952589676410000), (1e21, 1e21), (1e300, 1e300)],
)
def test_whole_floats_are_integers_below_1e21(stored: float, shown: float) -> None:
    assert (number(stored), type(number(stored))) == (shown, type(shown))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ok", "ok"),
        (b"\xff", "\ufffd"),
        (b"\xe2\x98a", "\ufffd\ufffda"),
        (b"\xed\xa0\x80", "\ufffd" * 3),
        (b"\xc3\xbc", "ü"),
    ],
)
def test_each_byte_that_is_no_utf8_is_one_replacement(raw: bytes, text: str) -> None:
    assert go_utf8(raw) == text


@pytest.mark.parametrize(
    ("value", "in_json", "in_yaml"),
    [
        (0, "0", "0"),
        (-0.0, "-0", "0"),
        (1.0, "1", "1"),
        (1e20, "100000000000000000000", "1e+20"),
        (1e21, "1e+21", "1e+21"),
        (1e-7, "1e-7", "1e-07"),
        (1e-5, "0.00001", "1e-05"),
        (1234567.5, "1234567.5", "1.2345675e+06"),
        (2**63, "9223372036854776000", "9223372036854776000"),
        (2**64, "18446744073709552000", "1.8446744073709552e+19"),
        (2**53 + 1, "9007199254740993", "9007199254740993"),
    ],
)
def test_numbers_are_written_as_go_writes_them(value: float, in_json: str, in_yaml: str) -> None:
    assert json_number(value) == in_json
    assert yaml_number(value) == in_yaml
