"""Files for their owner alone: made with mode 0600, locked while they are written, refused where others reach them.

Several processes may write one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODE = 0o600
_OTHERS = 0o077


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """The file, made if there is none, open to read and append, under a lock of this opening's own.

    Raises OSError: for a link, for no regular file, for one that others may read or write, and BlockingIOError where
    somebody else has the lock and `wait` is not wanted.
    """
    file = _opened(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        check(file, path)
        yield file
    finally:
        os.close(file)


def check(file: int, path: Path) -> None:
    """Raises OSError for an open file that others may read or write, or that is none."""
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    if found.st_mode & _OTHERS:
        raise OSError(errno.EPERM, f"other users can read or write it (chmod 600 {path})", str(path))


def append(file: int, data: bytes) -> None:
    """All of it, on disk, or none of it. A line that a crash cut short is ended first."""
    if not data:
        return
    begin = os.lseek(file, 0, os.SEEK_END)
    if begin and os.pread(file, 1, begin - 1) != b"\n":
        data = b"\n" + data
    try:
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, begin)
        raise


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        return os.open(path, flags, MODE)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link", str(path)) from error
        raise
