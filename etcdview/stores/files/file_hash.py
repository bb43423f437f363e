"""The hash at the end of a snapshot, where `etcdctl snapshot save` puts it.

That of a large file is computed by another process while the pages are read: a thread would wait for Python's lock at
every piece, and would not get it at all while names are sorted.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from etcdview import background
from etcdview.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from etcdview.stores.files.bbolt import BoltFile

_HASH_BYTES = 32
_PAGES_BYTES = 512  # the size of a database is a multiple of it, for etcd itself tells by that whether there is a hash
_CHUNK_BYTES = 1 << 20
_MODULE = "etcdview.stores.files.file_hash"


def has_hash(file: BoltFile) -> bool:
    """Whether there is one. Raises FileFormatError for a file that can have neither."""
    rest = file.size_bytes % _PAGES_BYTES
    if rest not in (0, _HASH_BYTES):
        raise file.broken(f"is cut short or damaged: a database or snapshot is never {file.size_bytes:,} bytes long")
    return rest > 0


def check_hash(file: BoltFile, found: bytes = b"") -> None:
    """Raises FileFormatError where it does not fit. `found` is the hash of all before it, if it is known already."""
    size = file.size_bytes - _HASH_BYTES
    if (found or _hash_of(file.read, size)) != file.read(size, _HASH_BYTES):
        raise FileFormatError(
            f"{file.path} is damaged: it does not match the hash at its end.",
            "Take another one. To read it anyway, cut the hash off a copy: truncate -s -32 COPY.",
        )


class HashProcess:
    """A process that computes the hash of a file that has one; `close` it in the end."""

    def __init__(self, file: BoltFile) -> None:
        self._file = file
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):  # no more processes, or no memory for one: `check` does it itself
            self._process = subprocess.Popen(  # noqa: S603 - our own words, no shell
                [sys.executable, "-P", "-m", _MODULE, str(file.size_bytes - _HASH_BYTES)],
                stdin=file.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | background.modules_found(),
            )

    def check(self) -> None:
        """The same as `check_hash`, which does it once more where the process has failed."""
        found = self._process.communicate()[0] if self._process is not None else b""
        check_hash(self._file, found if len(found) == _HASH_BYTES else b"")

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            with self._process:
                self._process.kill()


def _hash_of(read: Callable[[int, int], bytes], size: int) -> bytes:
    found = hashlib.sha256()
    for position in range(0, size, _CHUNK_BYTES):
        found.update(read(position, min(_CHUNK_BYTES, size - position)))
    return found.digest()


def main() -> None:
    """Write the hash of so many bytes of standard input, which is a file."""
    fd = sys.stdin.fileno()
    sys.stdout.buffer.write(_hash_of(lambda position, size: os.pread(fd, size, position), int(sys.argv[1])))


if __name__ == "__main__":
    main()
