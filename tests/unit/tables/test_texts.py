"""Cells as kubectl prints them, on terminals and pages alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.tables import cell_text


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (2.5, "2.5"),
        ("", ""),
        ("web-1", "web-1"),
        ("Grüße ☃", "Grüße ☃"),
        ("first\nsecond", "first..."),
        ("first\r\nsecond", "first..."),
        ("first\fsecond", "first..."),
        ("\nsecond", "..."),
        ("a\tb", "a\\tb"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("right\u202eleft", "right\\u202eleft"),
        ("\x9b31m", "\\x9b31m"),
        ("half \udc80", "half \\x80"),
    ],
)
def test_a_cell_is_shown_as_kubectl_prints_it(cell: object, shown: str) -> None:
    assert cell_text(cell) == shown


@given(st.text())
def test_no_cell_brings_a_control_character_to_a_terminal(text: str) -> None:
    assert cell_text(text).isprintable()
