"""The files of accounts: read anew when they change; written whole, under a lock, and for their owner alone."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

from etcdview.access import users, users_text
from etcdview.access.users import Users
from etcdview.errors import SettingError

Content = TypeVar("Content")
_MODE = 0o600


class Watched(Generic[Content]):
    """What a file says now: read again when it was replaced or written. Safe to use from any thread."""

    def __init__(self, path: Path, read: Callable[[Path], Content]) -> None:
        """Raises what `read` raises."""
        self.path = path
        self._read = read
        self._lock = threading.Lock()  # guards the two below
        self._stamp = _stamp(path)
        self._content = read(path)

    def get(self) -> Content:
        """Raises SettingError for a file that is gone or broken: nobody is let in by what it said before."""
        with self._lock:
            stamp = _stamp(self.path)
            if stamp != self._stamp:
                self._content = self._read(self.path)
                self._stamp = stamp
            return self._content


def read_users(path: Path) -> Users:
    """Raises SettingError that names the file."""
    text = read_text(path, "users-file")
    try:
        return users.from_raw(users_text.parse(path, text))
    except (ValueError, RecursionError):
        form = users_text.form_of(path)
        raise SettingError(f"The users file {path} is not valid {form}.", "Make it with `etcdview user add`.") from None
    except SettingError as error:
        raise SettingError(f"The users file {path} cannot be used: {error.what}", error.remedy) from None


def read_text(path: Path, setting: str) -> str:
    """The text of a file that decides who gets in. Raises SettingError, also where others may write it."""
    try:
        if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise SettingError(
                f"Others than its owner can write {path} and could grant themselves access.", f"chmod go-w {path}"
            )
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingError(f"{path} cannot be read: {reason}.", f"The setting {setting} names it.") from error


def readable_by_all(path: Path) -> bool:
    """Whether everybody on this machine may read it: no matter in a container, where a mounted Secret is so."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


@contextmanager
def changing(path: Path) -> Iterator[Callable[[Users], None]]:
    """A lock on the users file against other commands; call what it gives with the users to write.

    Raises SettingError where the file cannot be written; it then holds what it held before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, _MODE)
    except OSError as error:
        raise _unwritten(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lambda content: _write(path, content)
    finally:
        os.close(lock)


def _write(path: Path, content: Users) -> None:
    """Whole or not at all; mkstemp makes it readable for its owner alone."""
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(users_text.render(path, users.to_raw(content)))
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        with suppress(OSError):  # it has its name by now, or it holds hashes that nobody needs
            Path(temporary).unlink()


def _unwritten(path: Path, error: OSError) -> SettingError:
    return SettingError(
        f"The users file {path} cannot be written: {error.strerror}. It is unchanged.",
        "Make room, or correct the permissions of its folder.",
    )


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
