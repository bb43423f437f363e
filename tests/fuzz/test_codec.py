"""Part of a million: `make fuzz` runs the rest."""

from __future__ import annotations

from tests.fuzz.codec import fuzz

CASES = 50_000


def test_damaged_and_invented_values_give_an_object_or_an_error() -> None:
    for line in fuzz(CASES):
        print(line)  # noqa: T201 - the counts, shown by -rP
