"""Standard streams that lead nowhere: a full disk, and what was closed before the start. No traceback, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CAPTURE = str(Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz")
NOWHERE = "https://127.0.0.1:1"
# commands that print, and their exit status where what they print cannot be written
PRINTING: list[tuple[list[str], int]] = [
    (["--help"], 2),
    (["get", "--help"], 2),
    (["get", "pods", "-A", "--from", CAPTURE], 2),
    (["export", "-", "--as", "stream", "--from", CAPTURE], 2),
    (["decode", "--from", CAPTURE], 2),
    (["doctor", "--endpoints", NOWHERE], 2),
    (["health", "--endpoints", NOWHERE], 3),
]


def etcdview(*arguments: str, streams: str) -> subprocess.CompletedProcess[str]:
    """The command with its streams as the shell leads them."""
    command = f'exec "$0" -m etcdview "$@" {streams}'
    environ = {**os.environ, "ETCDVIEW_CONFIG": ""}
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *arguments],
        capture_output=True, text=True, timeout=60, check=False, env=environ,
    )  # fmt: skip


@pytest.mark.parametrize(("arguments", "status"), PRINTING, ids=[" ".join(a)[:25] for a, _ in PRINTING])
def test_a_full_disk_is_told_and_is_no_verdict(arguments: list[str], status: int) -> None:
    done = etcdview(*arguments, streams=">/dev/full")

    assert done.returncode == status
    assert done.stderr == (
        "etcdview: The output cannot be written: No space left on device.\n"
        "  What was written of it is not whole. Make room, or write it elsewhere.\n"
    )


def test_where_errors_lead_to_the_full_disk_too_the_status_alone_tells() -> None:
    for arguments, status in PRINTING:
        done = etcdview(*arguments, streams=">/dev/full 2>&1")

        assert (done.returncode, done.stdout, done.stderr) == (status, "", ""), arguments


def test_an_output_that_was_closed_before_the_start_is_not_a_file_that_is_opened_later(tmp_path: Path) -> None:
    out = tmp_path / "dump.jsonl"

    done = etcdview("export", str(out), "--from", CAPTURE, "--prefix", "/registry/pods/", streams=">&-")

    assert (done.returncode, done.stderr) == (0, "")
    lines = out.read_text().splitlines()
    assert lines
    assert all(line.startswith('{"key": "/registry/pods/') for line in lines)


def test_an_input_that_was_closed_before_the_start_is_an_empty_one() -> None:
    done = etcdview("decode", streams="<&-")

    assert done.returncode == 1
    assert done.stderr.startswith("etcdview: Nothing was read")


def test_errors_that_nobody_wants_to_see_do_not_end_the_command() -> None:
    done = etcdview("get", "nodes", "--from", CAPTURE, streams="2>&-")

    assert done.returncode == 0
    assert "control-plane" in done.stdout


def test_a_path_that_the_system_refuses_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/nosuch/shell")
    done = etcdview("shell", CAPTURE, streams="</dev/null")

    assert done.returncode == 2
    assert "etcdview: /nosuch/shell cannot be used: No such file or directory.\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_while_modules_load_leaves_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); import etcdview.__main__ as m"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; sys.path.insert(0, {str(tmp_path)!r}); m.main()"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
