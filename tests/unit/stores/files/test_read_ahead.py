"""Pages read together: nothing is wrong with a file because of what stands between the pages that are wanted."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import pytest

from etcdview.errors import FileFormatError
from etcdview.stores.files import bbolt
from etcdview.stores.files.bbolt import BoltFile

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
BODY = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())[:-32]
PAGE = 4096


@pytest.fixture
def file(tmp_path: Path) -> BoltFile:
    path = tmp_path / "s.db"
    path.write_bytes(BODY)
    return BoltFile(path)


def all_of(file: BoltFile) -> list[tuple[bytes, bytes]]:
    return [(name, node) for name, node, _ in file.all_leaves()]


def test_bad_sectors_that_no_tree_has_are_not_noticed(file: BoltFile, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = all_of(file)
    bad = {number for number, used in enumerate(file.seen_pages()) if not used}
    met = []
    pread = os.pread

    def failing(fd: int, size: int, position: int) -> bytes:
        first = position // PAGE
        wanted = range(first, -(-(position + size) // PAGE))
        before = next((number for number in wanted if number in bad), None)
        if before is None:
            return pread(fd, size, position)
        met.append(before)
        if before == first:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(fd, before * PAGE - position, position)  # Linux gives what is in front of it

    monkeypatch.setattr(bbolt.os, "pread", failing)

    assert all_of(file) == whole
    assert met


def test_every_page_is_read_about_once(file: BoltFile, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    pread = os.pread

    def counting(fd: int, size: int, position: int) -> bytes:
        sizes.append(size)
        return pread(fd, size, position)

    monkeypatch.setattr(bbolt.os, "pread", counting)
    leaves = len(all_of(file))

    assert sum(sizes) < 2 * len(BODY)
    assert len(sizes) < leaves


def test_a_file_that_is_cut_meanwhile_gives_an_error(file: BoltFile) -> None:
    os.truncate(file.path, len(BODY) // 2)

    with pytest.raises(FileFormatError, match="ends at byte"):
        all_of(file)
