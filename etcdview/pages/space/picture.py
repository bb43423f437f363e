"""The treemap of the page: what fills a type, a namespace or everything, each part with its words and its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etcdview.pages.parts.sizes import size_text
from etcdview.space.treemap import Tile, tiles

MOST_TILES = 40
_WIDE, _HIGH = 4.0, 6.5  # per cent from which on a rectangle has room for its name
_TWO_LINES = 12.0


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, by its bytes. `href` is "" where nothing leads further."""

    text: str
    bytes: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class DrawnShare:
    """A rectangle of the treemap, in per cent. `lines` of words fit in it; `title` says all. `depth` is its colour."""

    tile: Tile
    href: str
    title: str
    lines: tuple[str, ...]
    depth: int


def treemap(shares: Sequence[Share]) -> tuple[DrawnShare, ...]:
    """The rectangles of shares that are in descending order; the smallest of very many are one."""
    shown = [share for share in shares if share.bytes][:MOST_TILES]
    rest = [share for share in shares if share.bytes][MOST_TILES:]
    if rest:
        shown.append(Share(f"{len(rest):,} smaller", sum(share.bytes for share in rest)))
    whole = sum(share.bytes for share in shown)
    placed = tiles([share.bytes for share in shown])
    return tuple(_drawn(shown[tile.index], tile, whole) for tile in placed)


def _drawn(share: Share, tile: Tile, whole: int) -> DrawnShare:
    part, size = 100 * share.bytes / whole, size_text(share.bytes)
    words = (share.text, f"{size}, {part:.0f} %")[: 2 if tile.height > _TWO_LINES else 1]
    fits = tile.width > _WIDE and tile.height > _HIGH
    depth = 3 if part >= 20 else 2 if part >= 5 else 1
    return DrawnShare(tile, share.href, f"{share.text}: {size}, {part:.1f} %", words if fits else (), depth)
