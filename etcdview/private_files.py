"""Files for their owner alone: made with mode 0600, locked while they are written, refused where others reach them.

Several processes may write one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

MODE = 0o600
_OTHERS = 0o077
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)  # of a file system that has none


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


@contextmanager
def becoming(path: Path, *, buffering: int = -1) -> Iterator[IO[bytes]]:
    """A new file, which gets its name once all of it is written; until then it lies beside it (.part).

    What an earlier attempt left there is replaced. Raises OSError: where the name is taken, where another command is
    writing the same file, and for what cannot be written.
    """
    part = path.with_name(path.name + ".part")
    _check_free(path)
    with open(_own_part(part), "w+b", buffering) as file:
        try:
            yield file
            file.flush()
            _check_free(path)
            part.rename(path)  # under its lock: nobody takes it for one that was left
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "it exists already", str(path))


def _own_part(part: Path) -> int:
    """A file of that name that nobody else writes, empty and locked."""
    while True:
        try:
            file = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
        except FileExistsError:
            _remove_left(part)
            continue
        try:
            _lock_part(file, part)
            if _is_named(file, part):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _remove_left(part: Path) -> None:
    with suppress(FileNotFoundError):
        # to write, though nothing is: NFS locks no other file exclusively (flock(2))
        left = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _lock_part(left, part)
            if _is_named(left, part):
                part.unlink()
        finally:
            os.close(left)


def _lock_part(file: int, part: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(errno.EBUSY, "another command is writing it", str(part)) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def _is_named(file: int, part: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.lstat(part))
    except FileNotFoundError:
        return False


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
