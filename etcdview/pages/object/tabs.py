"""The tabs of one key: the ways to look at its value, and its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from etcdview.pages.object.query import VIEWS, ObjectQuery, View, with_changes
from etcdview.pages.parts.addresses import key_href

HISTORY: Literal["history"] = "history"
_NAMES: dict[View, str] = {"summary": "Summary", "yaml": "YAML", "json": "JSON", "wire": "Wire", "raw": "Raw"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at the key."""

    name: str
    text: str
    href: str
    current: bool


def tabs_of(query: ObjectQuery, current: View | Literal["history"]) -> tuple[Tab, ...]:
    """All tabs; those of the value stay at the revision of `query`."""
    views = [Tab(v, _NAMES[v], with_changes(query, view=v), v == current) for v in VIEWS]
    return (*views, Tab(HISTORY, "History", key_href("/history", query.key), current == HISTORY))
