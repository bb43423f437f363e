"""Rows of texts as lines, in columns as wide as kubectl makes them."""

from __future__ import annotations

from collections.abc import Sequence

_PADDING = 3
_NARROWEST = 6


class Padding:
    """Columns as wide as kubectl makes them. Lines already given stay; later ones never get narrower columns."""

    def __init__(self) -> None:
        self._widths: list[int] = []

    def lines(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """Rows of texts as lines."""
        if not rows:
            return []
        own = [max(_NARROWEST, max(map(len, column)) + _PADDING) for column in zip(*rows, strict=True)]
        self._widths = list(map(max, own, self._widths)) if self._widths else own
        *padded, _ = self._widths
        return ["".join([*map(str.ljust, row, padded), row[-1]]) for row in rows]


def padded(rows: Sequence[Sequence[str]]) -> list[str]:
    """All rows of a table as lines."""
    return Padding().lines(rows)
