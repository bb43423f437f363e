"""Why there are no facts of values, in words for a page."""

from __future__ import annotations

import sqlite3
import tempfile

from etcdview.errors import EtcdviewError

NO_NAMES = "The facts of values need the index of key names, which takes more memory than its limit."
TOO_MANY = "More was written to etcd than the facts of values could follow, so all values are read again."
NAMES_AGAIN = "The key names had to be loaded again, so all values are read again."
DELETED = "The database of facts was deleted, perhaps by what cleans up its folder, so all values are read again."


def problem_text(error: Exception) -> str:
    """Why the facts cannot be kept, or asked."""
    if isinstance(error, EtcdviewError):
        return str(error)
    if isinstance(error, OSError):
        why = error.strerror or "the system refused"
        return f"The facts of values cannot be written to {tempfile.gettempdir()}: {why}. Set TMPDIR to another folder."
    if isinstance(error, sqlite3.Error):
        return f"The database of facts cannot be used: {error}. Check the space in {tempfile.gettempdir()}."
    return "The facts of values could not be made; the log says why."
