"""Log lines for systemd's journal."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from etcdview.cli.serve.journal import JournalFormatter, is_journal

LOG = """
import logging, os, sys
from etcdview.cli.serve.journal import log_to_journal
there = os.fstat(2)
os.environ["JOURNAL_STREAM"] = sys.argv[1] or f"{there.st_dev}:{there.st_ino}"
print(log_to_journal())
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("etcdview").exception("it failed")
"""


@pytest.mark.parametrize(
    ("level", "priority"),
    [("CRITICAL", 2), ("ERROR", 3), ("WARNING", 4), ("INFO", 6), ("DEBUG", 7)],
)
def test_each_line_of_a_message_has_its_priority(level: str, priority: int) -> None:
    number = logging.getLevelNamesMapping()[level]
    record = logging.LogRecord("etcdview", number, __file__, 1, "first %s\nsecond", ("part",), None)

    assert JournalFormatter().format(record) == f"<{priority}>first part\n<{priority}>second"


def test_the_journal_is_the_very_file_that_systemd_named(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        found = os.fstat(file.fileno())
        named = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert is_journal(named, file.fileno())
        assert not is_journal({}, file.fileno())
        assert not is_journal({"JOURNAL_STREAM": "nonsense"}, file.fileno())
    assert not is_journal(named, -1)


@pytest.mark.parametrize(("stream", "is_there"), [("", True), ("1:2", False)])
def test_a_traceback_is_as_grave_as_its_message(stream: str, is_there: bool) -> None:
    done = subprocess.run([sys.executable, "-c", LOG, stream], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stderr.splitlines()

    assert done.stdout == f"{is_there}\n"
    assert any("ZeroDivisionError" in line for line in lines)
    assert all(line.startswith("<3>") == is_there for line in lines)
