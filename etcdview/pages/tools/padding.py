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
        for row in rows:
            self._widths = _widened(self._widths, row)
        return [_pad(row, self._widths) for row in rows]


def padded(rows: Sequence[Sequence[str]]) -> list[str]:
    """All rows of a table as lines."""
    return Padding().lines(rows)


def _widened(widths: Sequence[int], row: Sequence[str]) -> list[int]:
    own = [max(_NARROWEST, len(cell) + _PADDING) for cell in row]
    return [max(a, b) for a, b in zip(widths or own, own, strict=True)]


def _pad(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell + " " * (width - len(cell)) for cell, width in zip(row, widths, strict=True)]
    return "".join(cells[:-1]) + row[-1]
