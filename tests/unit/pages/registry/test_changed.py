"""What changed on an open page, told from the index's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from etcdview.cluster.window import Window
from etcdview.index.changes import ChangeLog
from etcdview.models import Event, KeyValue
from etcdview.pages.registry.changed import RowChanges, changes_since, is_unchanged
from tests.unit.pages.registry_of import window_on

PREFIX = b"/registry/pods/"


@dataclass(frozen=True)
class FollowedRange:
    """Key names with a log of changes, as a live index has."""

    changes: ChangeLog

    def churn(self) -> tuple[Any, ...]:
        return ()


@pytest.fixture
def window() -> Window:
    """On a log that begins at revision 10: a is written, b made and written, c deleted, d deleted and made again."""
    log = ChangeLog()
    log.restart(10)
    log.note(
        [
            event("a", 11, version=3),
            event("b", 12),
            event("b", 13, version=2),
            event("c", 14, deleted=True),
            event("d", 15, deleted=True),
            event("d", 16),
            event("e", 17),
            event("e", 18, deleted=True),
        ],
        18,
        0.0,
    )
    found = window_on([])
    found.index = FollowedRange(log)  # type: ignore[assignment]  # nothing but its log is read
    return found


def event(name: str, revision: int, *, version: int = 1, deleted: bool = False) -> Event:
    return Event(KeyValue(PREFIX + name.encode(), 5, revision, version), deleted=deleted)


def by_name(changes: RowChanges | None) -> dict[str, str]:
    assert changes is not None
    return {key.removeprefix(PREFIX).decode(): change for key, change in changes.by_key.items()}


def test_the_last_change_of_each_key_counts(window: Window) -> None:
    changes = changes_since(window, PREFIX, 10)

    assert by_name(changes) == {"a": "changed", "b": "new", "c": "deleted", "d": "new", "e": "deleted"}
    assert changes is not None
    assert changes.deleted == (PREFIX + b"c", PREFIX + b"e")
    assert (changes.of(PREFIX + b"a"), changes.of(PREFIX + b"zzz")) == ("changed", "")


def test_what_the_page_has_is_no_change(window: Window) -> None:
    assert by_name(changes_since(window, PREFIX, 14)) == {"d": "new", "e": "deleted"}
    assert changes_since(window, PREFIX, 18) == RowChanges()
    assert changes_since(window, PREFIX, 18).nothing  # type: ignore[union-attr]  # the line above says what it is


def test_only_keys_of_the_page_count(window: Window) -> None:
    assert by_name(changes_since(window, PREFIX, 10, PREFIX + b"a", PREFIX + b"c")) == {"b": "new", "c": "deleted"}


def test_a_new_page_has_no_changes_and_a_page_too_old_has_lost_some(window: Window) -> None:
    assert changes_since(window, PREFIX, 0) is None
    old = changes_since(window, PREFIX, 3)
    assert old is not None
    assert (old.lost, old.nothing) == (True, False)


def test_a_file_never_changes() -> None:
    assert changes_since(window_on([]), PREFIX, 5) == RowChanges()


def test_one_key_is_unchanged_until_it_changes(window: Window) -> None:
    assert [is_unchanged(window, PREFIX + b"a", revision) for revision in (0, 3, 10, 11, 18)] == [
        False,
        False,
        False,
        True,
        True,
    ]
