"""tools/compat/compat.py: what it takes, before it builds or runs anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/compat/compat.py", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


def test_help_prints_the_releases_and_starts_nothing() -> None:
    done = _run("--help")

    assert done.returncode == 0
    assert "kine-0.17" in done.stdout
    assert "result" not in done.stdout


def test_an_unknown_release_or_flag_is_a_usage_error() -> None:
    assert _run("3.2").returncode == 2
    assert "unknown release '3.2'" in _run("3.2").stderr
    assert _run("--builds").returncode == 2
