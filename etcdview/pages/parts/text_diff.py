"""The difference of two texts, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference; `sign` is + for what came, - for what went, "" for what stayed, @ for a gap."""

    sign: str
    text: str


def text_diff(old: Sequence[str], new: Sequence[str]) -> tuple[DiffLine, ...]:
    """What became different, with two lines around it."""
    lines = list(unified_diff(old, new, n=2, lineterm=""))[2:]
    return tuple(DiffLine("@", "") if line.startswith("@@") else DiffLine(line[0].strip(), line[1:]) for line in lines)
