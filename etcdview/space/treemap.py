"""A treemap: each part of a whole as a rectangle whose area is its share. Pure geometry, in per cent of the picture.

Rows are laid so that rectangles are as square as they can be (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE = 2.4  # how many times as wide as high the picture is drawn


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle; all four in per cent of the picture's width or height. `index` is that of the weight."""

    index: int
    x: float
    y: float
    width: float
    height: float


def tiles(weights: Sequence[float]) -> tuple[Tile, ...]:
    """A rectangle for each weight above 0. They fill the picture; give the weights in descending order."""
    total = sum(weight for weight in weights if weight > 0)
    if not total:
        return ()
    areas = [(index, weight / total * WIDE) for index, weight in enumerate(weights) if weight > 0]
    found: list[Tile] = []
    x, y, width, height = 0.0, 0.0, WIDE, 1.0
    while areas:
        side = max(min(width, height), 1e-9)  # what rounding leaves of it
        row = _row(areas, side)
        depth = sum(area for _, area in row) / side
        along = 0.0
        for index, area in row:
            length = area / depth
            if width >= height:  # a column at the left
                found.append(_tile(index, x, y + along, depth, length))
            else:  # a row on top
                found.append(_tile(index, x + along, y, length, depth))
            along += length
        if width >= height:
            x, width = x + depth, width - depth
        else:
            y, height = y + depth, height - depth
        areas = areas[len(row) :]
    return tuple(found)


def _row(areas: Sequence[tuple[int, float]], side: float) -> Sequence[tuple[int, float]]:
    """As many of the first areas as make the row's worst rectangle squarer."""
    taken, best = 1, _worst([areas[0][1]], side)
    while taken < len(areas):
        worst = _worst([area for _, area in areas[: taken + 1]], side)
        if worst > best:
            break
        taken, best = taken + 1, worst
    return areas[:taken]


def _worst(areas: Sequence[float], side: float) -> float:
    """The ratio of the longer to the shorter side of the row's least square rectangle."""
    depth = sum(areas) / side
    return max(max(depth * depth / area, area / (depth * depth)) for area in areas)


def _tile(index: int, x: float, y: float, width: float, height: float) -> Tile:
    return Tile(index, *(round(part, 3) for part in (x / WIDE * 100, y * 100, width / WIDE * 100, height * 100)))
