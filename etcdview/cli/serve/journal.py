"""Log lines as systemd's journal reads them: it knows the time and the process, and learns how grave each line is."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

# sd-daemon(3): the priorities of syslog, at the beginning of each line.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


class JournalFormatter(logging.Formatter):
    """The message, and a traceback below it, each line with its priority: the journal takes lines one by one."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), _DEBUG)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


def is_journal(environ: Mapping[str, str], descriptor: int) -> bool:
    """Whether an open file is the one that systemd's JOURNAL_STREAM names: "device:inode" (systemd.exec(5))."""
    try:
        found = os.fstat(descriptor)
    except OSError:  # it is closed
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def log_to_journal() -> bool:
    """Make Python's log fit for the journal, where standard error leads there; whether it does."""
    if not is_journal(os.environ, sys.__stderr__.fileno() if sys.__stderr__ else -1):
        return False
    handler = logging.StreamHandler()
    handler.setFormatter(JournalFormatter())
    logging.basicConfig(handlers=[handler])
    return True
