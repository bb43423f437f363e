"""The difference of two texts, a line each, within bounds: a comparison of long texts takes longer than a page may."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import takewhile

DIFF_LINES = 6000  # of both sides together, without what they begin and end with alike: 0.1 s at the worst
AROUND = 2


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference; `sign` is + for what came, - for what went, "" for what stayed, @ for a gap."""

    sign: str
    text: str


def text_diff(old: Sequence[str], new: Sequence[str]) -> tuple[DiffLine, ...] | None:
    """What became different, with two lines around it; None where more than DIFF_LINES would be compared."""
    begin = max(0, _alike(old, new) - AROUND)
    most = min(len(old), len(new)) - begin
    end = max(0, min(_alike(old[::-1], new[::-1]), most) - AROUND)
    old, new = old[begin : len(old) - end], new[begin : len(new) - end]
    if len(old) + len(new) > DIFF_LINES:
        return None
    lines = list(unified_diff(old, new, n=AROUND, lineterm=""))[2:]
    return tuple(DiffLine("@", "") if line.startswith("@@") else DiffLine(line[0].strip(), line[1:]) for line in lines)


class DiffBudget:
    """What all differences of one page may cost: seconds from its making on, and lines that are shown."""

    def __init__(self, seconds: float, lines: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._over_at = clock() + seconds
        self._lines = lines

    @property
    def spent(self) -> bool:
        """Whether nothing more may be compared."""
        return self._lines <= 0 or self._clock() >= self._over_at

    def take(self, lines: Sequence[DiffLine]) -> tuple[DiffLine, ...]:
        """As many of the lines as may still be shown."""
        kept = tuple(lines[: max(self._lines, 0)])
        self._lines -= len(lines)
        return kept


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines they begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
