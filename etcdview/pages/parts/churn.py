"""What is written most: writes by resource type over the last hour, as the index counts them, as points to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.index.base import Changing, Tree
from etcdview.pages.parts.addresses import href

SHOWN = 10
WIDTH, HEIGHT = 120, 20


@dataclass(frozen=True, slots=True)
class ChurnRow:
    """Writes of one type in the last hour, and in the busiest minute; `points` of an SVG polyline, 120 by 20."""

    text: str
    href: str
    total: int
    busiest: int
    points: str


def churn_rows(window: Window, tree: Tree) -> tuple[ChurnRow, ...]:
    """The busiest types; none for a file, or while nothing is written."""
    names = window.index
    if not isinstance(names, Changing):
        return ()
    by_prefix = {t.resource.prefix: t.resource for t in tree.types}
    rows = []
    for churn in names.churn()[:SHOWN]:
        resource = by_prefix.get(churn.prefix)
        text = resource.id if resource else churn.prefix
        address = href("/registry", resource=resource.id) if resource else ""
        rows.append(ChurnRow(text, address, churn.total, max(churn.per_minute), polyline(churn.per_minute)))
    return tuple(rows)


def polyline(values: Sequence[float], width: int = WIDTH, height: int = HEIGHT) -> str:
    """The values as points of a line from left to right, the highest at the top; flat at the bottom if all are 0."""
    top = max(values, default=0) or 1
    step = width / max(1, len(values) - 1)
    return " ".join(f"{i * step:.1f},{height - 1 - value / top * (height - 2):.1f}" for i, value in enumerate(values))
