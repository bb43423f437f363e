"""An undo file, a store that notes what it is told to change, and an admin's window on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.cluster.window import Window
from etcdview.writes.undo import UndoFile
from tests.unit.pages.edit.noted import Noted, shop, window_of


@pytest.fixture
def store() -> Noted:
    return Noted(shop(), revision=9)


@pytest.fixture
def undo(tmp_path: Path) -> UndoFile:
    return UndoFile(tmp_path / "undo.jsonl")


@pytest.fixture
def window(store: Noted, undo: UndoFile) -> Window:
    return window_of(store, undo)
