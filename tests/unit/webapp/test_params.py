"""Parameters of an address: an invalid one is an error with a sentence, never a crash and never a guess."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from etcdview.errors import QueryError
from webapp import params


def args(**values: str) -> params.Args:
    return MultiDict(values)


@pytest.mark.parametrize(("value", "expected"), [("", 7), ("0", 0), ("12", 12), (str(2**63 - 1), 2**63 - 1)])
def test_a_whole_number_within_its_limits_is_read(value: str, expected: int) -> None:
    assert params.integer(args(n=value), "n", 7) == expected


@pytest.mark.parametrize("value", ["-1", "1.5", "x", " 1", "1_000", "\u0663", "--1", "9" * 19, "9" * 5000])
def test_any_other_number_is_refused(value: str) -> None:
    with pytest.raises(QueryError, match="n="):
        params.integer(args(n=value), "n", 7)


@pytest.mark.parametrize(("value", "on"), [("1", True), ("TRUE", True), ("yes", True), ("", False), ("0", False)])
def test_a_switch_is_on_or_off(value: str, on: bool) -> None:
    assert params.flag(args(f=value), "f") is on


@pytest.mark.parametrize("value", ["2", "on", "y", "x" * 5000])
def test_any_other_switch_is_refused(value: str) -> None:
    with pytest.raises(QueryError, match="not a yes or no"):
        params.flag(args(f=value), "f")


def test_a_text_is_stripped_and_bounded() -> None:
    assert params.text(args(t=" ab "), "t", 2) == "ab"
    with pytest.raises(QueryError, match="longer than 2"):
        params.text(args(t="abc"), "t", 2)


READERS: tuple[Callable[[params.Args], object], ...] = (
    params.key,
    params.cursor,
    lambda a: params.integer(a, "n", 0),
    lambda a: params.flag(a, "f"),
    lambda a: params.text(a, "t", 20),
)


@given(st.text())
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    for read in READERS:
        try:
            read(args(key=text, key64=text, cursor=text, n=text, f=text, t=text))
        except QueryError:
            continue
