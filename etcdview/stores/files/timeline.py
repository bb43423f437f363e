"""A folder with several snapshots, as k3s, RKE2 and backup jobs leave them: which files are some, and how old."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from etcdview.errors import FileFormatError
from etcdview.kube.reasons import reason
from etcdview.stores.files.bbolt import HEAD_BYTES, is_bolt
from etcdview.stores.files.unpacking import is_packed, unpacking

_UNFINISHED = (".part", ".lock")


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A file with a snapshot in it; `head` are its first bytes, unpacked if it is `packed`."""

    path: Path
    size_bytes: int
    written: datetime
    packed: bool
    head: bytes


def is_folder(path: Path) -> bool:
    """Whether it is one; False where one may not look: reading it says so."""
    try:
        return path.is_dir()
    except OSError:
        return False


def may_exist(path: Path) -> bool:
    """Whether it exists; True where one may not look: reading it says so."""
    try:
        return path.exists()
    except OSError:
        return True


def snapshots_in(folder: Path) -> tuple[SnapshotFile, ...]:
    """The snapshots of a folder, compressed ones too, the newest last; other files are passed over.

    Raises FileFormatError for a folder that cannot be read.
    """
    try:
        paths = _files(folder)
    except OSError as error:
        raise FileFormatError(
            f"{folder} cannot be read: {reason(error)}.", "Give a folder that you may read."
        ) from error
    found = (snapshot for path in paths if (snapshot := _snapshot(path)) is not None)
    return tuple(sorted(found, key=lambda file: (file.written, file.path.name)))


def passed_over(folder: Path) -> tuple[str, ...]:
    """What to say of the files of a folder that may be snapshots, and cannot be looked at: a sentence for each."""
    said = []
    for path in sorted(_files(folder)):
        try:
            empty = not head_of(path)
        except FileFormatError as error:
            said.append(f"{error.what} It is passed over.")
        else:
            if empty:
                said.append(f"{path} is passed over: it is empty.")
    return tuple(said)


def _files(folder: Path) -> list[Path]:
    """The files of a folder, without those that are still being written or belong to other programs."""
    return [p for p in folder.iterdir() if p.is_file() and p.suffix not in _UNFINISHED and not p.name.startswith(".")]


def head_of(path: Path) -> bytes:
    """The first bytes of a file. Raises FileFormatError; a pipe or a device is not waited for."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileFormatError(
                f"{path} is not a file, but a pipe or a device.",
                "Save what comes out of it to a file, and give that: it is read more than once.",
            )
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise FileFormatError(
            f"{path} cannot be read: {reason(error)}.", "Check the path and its permissions."
        ) from error


def _snapshot(path: Path) -> SnapshotFile | None:
    try:
        head = head_of(path)
        packed = is_packed(head)
        if packed:
            with unpacking(path) as content:
                head = content.read(HEAD_BYTES)
        facts = path.stat()
    except (FileFormatError, OSError):
        return None
    if not is_bolt(head):
        return None
    return SnapshotFile(path, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC), packed, head)
