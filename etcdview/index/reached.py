"""How far ranges are together that an index follows."""

from __future__ import annotations

from collections.abc import Iterable

from etcdview.index.base import FollowedRange
from etcdview.stores.routed import pinned


def least_of(parts: Iterable[FollowedRange]) -> int:
    """The revision up to which all of the parts are: a PinnedRevision where several etcds hold them, 0 of none."""
    least: dict[int, int] = {}
    for part in parts:
        least[part.source] = min(part.revision, least.get(part.source, part.revision))
    return pinned(least)
