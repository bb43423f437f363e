"""A file gets its name whole, and two commands that write one of the same name do not write into each other's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdview.errors import UsageError
from etcdview.maintenance.snapshot_stream import save
from etcdview.models import KeyValue, SnapshotPiece
from etcdview.private_files import becoming
from etcdview.stores.files.dump import write_dump


def test_it_has_its_name_when_it_is_whole_and_nothing_is_left_of_one_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(ZeroDivisionError), becoming(path) as file:
        file.write(bytes(1 // 0))
    assert list(tmp_path.iterdir()) == []

    with becoming(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"whole")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_command_left_is_replaced_whoever_could_read_it(tmp_path: Path) -> None:
    left = tmp_path / "a.part"
    left.write_bytes(b"much more than the new one")
    left.chmod(0o666)
    with left.open("rb") as held, becoming(tmp_path / "a") as file:
        file.write(b"new")
        file.flush()
        assert held.read() == b"much more than the new one"
    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_a_second_command_leaves_the_file_of_the_first_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"

    def kvs() -> Iterator[KeyValue]:
        yield KeyValue(b"/registry/a", 1, 1, 1, 0, b"x")
        with pytest.raises(UsageError, match="another command is writing it"):
            write_dump([], path)
        with pytest.raises(UsageError, match="another command is writing it"):
            save(iter([SnapshotPiece(b"x" * 64, 0)]), path)
        yield KeyValue(b"/registry/b", 1, 1, 1, 0, b"x")

    assert write_dump(kvs(), path) == 2
    assert path.read_bytes().count(b"\n") == 2


def test_a_name_that_was_taken_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(FileExistsError), becoming(path):
        path.write_bytes(b"another's")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"another's")]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"), becoming(tmp_path / "a"):
        pass
    assert not (tmp_path / "elsewhere").exists()
