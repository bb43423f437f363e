"""Sizes are shown in one way everywhere: powers of 1024, in the units that say so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.kube.quantities import quantity, size_text


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (25_165_824, "24.0 MiB"),
        (1023 * 1024**2, "1,023.0 MiB"),
        (2 * 1024**3, "2.0 GiB"),
        (3 * 1024**4, "3.0 TiB"),
        (5000 * 1024**4, "5,000.0 TiB"),
        (0.4, "0 B"),
    ],
)
def test_a_size_is_shown_in_binary_units(size_bytes: float, shown: str) -> None:
    assert size_text(size_bytes) == shown


@given(st.integers(min_value=0, max_value=2**50))
def test_a_shown_size_is_within_rounding_of_the_true_one(size_bytes: int) -> None:
    number, unit = size_text(size_bytes).replace(",", "").split()

    shown = quantity(number + unit.removesuffix("B").strip())

    assert shown is not None
    assert abs(int(shown) - size_bytes) <= max(1, size_bytes // 18)
