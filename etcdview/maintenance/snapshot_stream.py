"""Snapshots as they arrive: checked by the hash that ends them, and written to a file that is whole or not there.

A member sends its database and then the SHA-256 of it (32 bytes), as `etcdctl snapshot save` expects.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from etcdview import private_files
from etcdview.errors import FileFormatError, UsageError
from etcdview.models import Progress, ProgressFn, SnapshotPiece, no_progress

HASH_BYTES = 32
_PAGE_BYTES = 512  # a database is a whole number of these, so that a file with a hash behind it can be told


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot that was written and is whole; `sha256` is of the database, without the hash itself."""

    path: Path
    size_bytes: int
    sha256: str


class Stream:
    """The bytes of a snapshot, the last of them only when the hash has been found right.

    `size_bytes` is known once the first piece is there: make it with `begin`. Iterating raises FileFormatError for a
    snapshot that breaks off or is damaged; who has received so much then lacks its end.
    """

    def __init__(self, pieces: Iterator[SnapshotPiece], first: SnapshotPiece) -> None:
        self.size_bytes = len(first.data) + first.remaining_bytes + HASH_BYTES
        self.sha256 = ""
        self._pieces = pieces
        self._first = first

    @classmethod
    def begin(cls, pieces: Iterator[SnapshotPiece]) -> Stream:
        """Wait for the first piece. Raises what the member answers with."""
        first = next(pieces, None)
        if first is None:
            raise FileFormatError("The member sent no snapshot at all.", "Try another member.")
        return cls(pieces, first)

    def __iter__(self) -> Iterator[bytes]:
        digest, held = hashlib.sha256(), b""
        data: bytes | None = self._first.data
        while data is not None:
            # all but the last 32 bytes so far: those may be the hash
            if len(data) > HASH_BYTES:
                digest.update(held)
                digest.update(memoryview(data)[:-HASH_BYTES])
                yield held + data[:-HASH_BYTES] if held else data[:-HASH_BYTES]
                held = data[-HASH_BYTES:]
            else:
                whole = held + data
                digest.update(whole[:-HASH_BYTES])
                if whole[:-HASH_BYTES]:
                    yield whole[:-HASH_BYTES]
                held = whole[-HASH_BYTES:]
            piece = next(self._pieces, None)
            data = None if piece is None else piece.data
        if held != digest.digest():
            raise FileFormatError(
                "The snapshot does not match its hash: it was cut short or damaged on the way.", "Take another."
            )
        self.sha256 = digest.hexdigest()
        yield held

    def close(self) -> None:
        """End it early; the member stops sending."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def save(pieces: Iterator[SnapshotPiece], path: Path, progress: ProgressFn = no_progress) -> Saved:
    """Write the snapshot to `path`, which must not exist. Raises UsageError, FileFormatError, or what the member says.

    It is written beside it (.part) and gets its name once it is whole, checked, and on disk.
    """
    if path.exists():
        raise UsageError(f"{path} exists already.", "Choose another name, or remove it.")
    try:
        with closing(Stream.begin(pieces)) as stream:
            with private_files.becoming(path, buffering=0) as file:
                size = _write(stream, file, progress)
            _sync_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", "Choose another.") from error
    return Saved(path, size, stream.sha256)


def _write(stream: Stream, file: IO[bytes], progress: ProgressFn) -> int:
    done = 0
    for data in stream:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        done += len(data)
        progress(Progress(done, stream.size_bytes, "bytes saved"))
    if (done - HASH_BYTES) % _PAGE_BYTES:
        raise FileFormatError("The member did not send a database: the size is wrong.", "Take another.")
    os.fsync(file.fileno())
    return done


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
