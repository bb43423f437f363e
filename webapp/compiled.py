"""Compiled templates, kept between starts as Python keeps its modules: the first page need not wait for Jinja."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from jinja2 import BytecodeCache, FileSystemBytecodeCache
from jinja2.bccache import Bucket


def kept_templates() -> BytecodeCache | None:
    """What is kept in $XDG_CACHE_HOME/etcdview; None where there is no such folder to be had for us alone.

    It holds code: whoever else could write there could run theirs.
    """
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "etcdview" / "templates"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):  # the latter for a user without a home
        return None
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    return _Kept(str(folder)) if ours else None


class _Kept(FileSystemBytecodeCache):
    """A disk that is full, or gone, must not keep a page from being shown."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)
