"""The hash of a large snapshot, which another process computes: the same answers, also where that process fails."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.errors import FileFormatError
from etcdview.stores.files import database, file_hash
from etcdview.stores.files.database import SnapshotStore, open_snapshot

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
WHOLE = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())
ROOT = 561  # in the capture: the page of all buckets

Opened = Callable[[bytes], SnapshotStore]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens a file of these bytes as a large one."""
    monkeypatch.setattr(database, "_LARGE_BYTES", 0)

    def call(data: bytes) -> SnapshotStore:
        path = tmp_path / "s.db"
        path.write_bytes(data)
        return open_snapshot(path)

    return call


@pytest.mark.parametrize("python", ["", "/bin/false", "/bin/true", "/nowhere/python"])
def test_a_hash_that_fits_is_told_from_one_that_does_not(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    if python:  # which does not compute it, or cannot be started
        monkeypatch.setattr(file_hash.sys, "executable", python)

    whole = opened(WHOLE)
    assert (whole.checked, whole.notes) == (True, ())
    whole.close()

    with pytest.raises(FileFormatError, match="does not match the hash"):
        opened(WHOLE[:9000] + b"?" + WHOLE[9001:])


def test_where_a_page_is_damaged_too_the_hash_says_what_is_wrong(opened: Opened) -> None:
    at = ROOT * 4096
    damaged = WHOLE[:at] + b"\xff" * 16 + WHOLE[at + 16 :]

    with pytest.raises(FileFormatError, match="has page"):
        opened(damaged[:-32])
    with pytest.raises(FileFormatError, match="does not match the hash"):
        opened(damaged)
