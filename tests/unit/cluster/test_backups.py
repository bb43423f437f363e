"""The backups that the server was given: a folder of them is listed again after a minute, whatever is in it."""

from __future__ import annotations

from pathlib import Path

from etcdview.cluster.opening import BACKUP_SECONDS, backups_at
from etcdview.stores.files.bbolt import HEAD_BYTES, MAGIC, PAGE_HEAD


def save(path: Path) -> None:
    """The head of a snapshot."""
    path.write_bytes((bytes(PAGE_HEAD.size) + MAGIC.to_bytes(4, "little")).ljust(HEAD_BYTES, b"\0"))


def test_a_folder_of_backups_is_listed_again_after_a_minute_and_not_before(tmp_path: Path) -> None:
    now = 0.0
    backups = backups_at([str(tmp_path)], lambda: now)
    save(tmp_path / "monday.db")
    assert [file.name for file in backups()] == ["monday.db"]

    save(tmp_path / "tuesday.db")
    now = BACKUP_SECONDS - 1
    assert [file.name for file in backups()] == ["monday.db"]
    now = BACKUP_SECONDS
    assert {file.name for file in backups()} == {"monday.db", "tuesday.db"}


def test_what_is_gone_or_no_snapshot_is_not_a_backup_and_breaks_nothing(tmp_path: Path) -> None:
    dump, folder = tmp_path / "registry.jsonl", tmp_path / "folder"
    dump.write_text("")
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing")
    assert [file.path for file in backups_at([str(dump), str(folder), str(tmp_path / "gone.db")])()] == [dump]
