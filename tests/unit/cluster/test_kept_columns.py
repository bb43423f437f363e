"""Cells that are kept to sort by: true as of the newest change, and never too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.cluster import kept_columns
from etcdview.cluster.kept_columns import KeptColumn, KeptColumns
from etcdview.index.base import KeyIndex
from etcdview.index.changes import ChangeLog
from etcdview.index.churn import Churn
from etcdview.models import Event, KeyValue
from tests.unit.pages.registry_of import REVISION, kv, obj, window_on

MOMENT = datetime(2026, 11, 29, tzinfo=UTC)
PREFIX = b"/registry/pods/"
CELLS = {b"/registry/pods/a/1": "9", b"/registry/pods/a/2": "10", b"/registry/pods/b/3": None}


@dataclass
class FollowedRange:
    """Key names with a log of changes, as a live index has."""

    names: KeyIndex
    changes: ChangeLog

    def churn(self) -> tuple[Churn, ...]:
        return ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.names, name)


def followed(*written: bytes) -> FollowedRange:
    """An index, in which these keys were written after the first revision."""
    log = ChangeLog()
    log.restart(REVISION)
    log.note([Event(KeyValue(key, 1, REVISION + 1, 2), deleted=False) for key in written], REVISION + 1, 0.0)
    return FollowedRange(window_on([kv("/registry/pods/a/1", obj("Pod", "a", "1"))]).index, log)


def column(revision: int = REVISION) -> KeptColumn:
    made = KeptColumn(MOMENT, revision)
    made.add(CELLS)
    return made


def by_length(cells: Mapping[bytes, str | None]) -> list[bytes]:
    return sorted(cells, key=lambda key: len(cells[key] or ""))


def test_cells_of_objects_that_were_written_since_are_forgotten() -> None:
    kept = column()
    kept.drop_changed(followed(b"/registry/pods/a/2", b"/registry/configmaps/a/1"), PREFIX)

    assert set(kept.cells) == {b"/registry/pods/a/1", b"/registry/pods/b/3"}


def test_all_cells_are_forgotten_where_changes_were_missed() -> None:
    kept = column(revision=1)
    kept.drop_changed(followed(), PREFIX)

    assert not kept.cells


def test_an_order_holds_what_is_wanted_and_known_also_after_more_was_read() -> None:
    kept, wanted = column(), [b"/registry/pods/a/1", b"/registry/pods/a/2", b"/registry/pods/c/9"]

    assert kept.ordered(wanted, by_length, descending=False) == wanted[:2]
    kept.add({b"/registry/pods/c/9": ""})
    assert kept.ordered(wanted, by_length, descending=False) == [wanted[2], *wanted[:2]]


def weight_of(cells: dict[bytes, str | None]) -> int:
    kept = column()
    kept.cells.clear()
    kept.size_bytes = 0
    kept.add(cells)
    return kept.size_bytes


def test_a_column_is_full_by_the_bytes_of_its_cells_and_makes_room_for_what_is_wanted() -> None:
    kept = KeptColumn(MOMENT, 1)
    kept.add({b"a": "x" * kept_columns.MOST_BYTES})
    assert kept.is_full
    kept.add({b"b": "short"})
    kept.keep([b"b", b"c"])

    assert (kept.is_full, kept.cells) == (False, {b"b": "short"})
    assert kept.size_bytes == weight_of({b"b": "short"})


def test_the_columns_that_were_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_columns, "MOST_BYTES", weight_of(CELLS) + 1)
    columns = KeptColumns()
    first = columns.column("first", MOMENT, 1)
    first.add(CELLS)

    assert columns.column("first", MOMENT, 1) is first
    assert not first.is_full
    second = columns.column("second", MOMENT, 1)
    second.add(CELLS)
    assert columns.column("second", MOMENT, 1) is second
    assert columns.column("first", MOMENT, 1) is not first
