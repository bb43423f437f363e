"""The undo file: what was surely not written is not among the changes that can be undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.errors import ConflictError, EtcdviewError, UnknownOutcomeError
from etcdview.writes.undo import Undo, UndoFile, from_line

CHANGE = Undo(datetime(2026, 11, 23, 12, tzinfo=UTC), "ann", "put", b"/registry/x", None)


def fail(file: UndoFile, changes: list[Undo], error: EtcdviewError) -> None:
    with pytest.raises(type(error)), file.keeping(changes):
        raise error


def test_a_change_that_was_made_stays(tmp_path: Path) -> None:
    file = UndoFile(tmp_path / "u")
    with file.keeping([CHANGE]):
        pass
    assert file.changes_of(CHANGE.key) == (CHANGE,)


def test_a_change_that_was_not_made_is_withdrawn_and_others_stay(tmp_path: Path) -> None:
    file, other = UndoFile(tmp_path / "u"), replace(CHANGE, key=b"/registry/y")
    file.keep([CHANGE])
    fail(file, [CHANGE, other], ConflictError("changed"))
    fail(file, [replace(CHANGE, who="bob")], ConflictError("changed"))

    assert file.changes_of(CHANGE.key) == (CHANGE,)
    assert file.changes_of(other.key) == ()


def test_a_change_that_may_have_been_made_stays(tmp_path: Path) -> None:
    file = UndoFile(tmp_path / "u")
    fail(file, [CHANGE], UnknownOutcomeError("no answer"))
    assert file.changes_of(CHANGE.key) == (CHANGE,)


def test_a_withdrawal_is_no_change_for_a_reader_that_does_not_know_it(tmp_path: Path) -> None:
    file = UndoFile(tmp_path / "u")
    fail(file, [CHANGE], ConflictError("changed"))
    assert list(map(from_line, file.path.read_text().splitlines())) == [CHANGE, None]
