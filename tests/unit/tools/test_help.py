"""Each program of tools/ and bench/ answers --help, and begins nothing before it has looked at its arguments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.given import arguments

ROOT = Path(__file__).parents[3]
PROGRAMS = sorted(
    path
    for path in (
        *(ROOT / "tools").glob("*.py"),
        *(ROOT / "tools").glob("*/__main__.py"),
        ROOT / "bench" / "__main__.py",
    )
    if '\nif __name__ == "__main__":' in path.read_text()
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_program_looks_at_its_arguments_first(path: Path) -> None:
    text = path.read_text()
    begins = text[text.index('\nif __name__ == "__main__":') :]
    assert "arguments(__doc__" in begins or "ArgumentParser" in text


def test_help_of_the_endurance_run_begins_nothing() -> None:
    command = [sys.executable, "-m", "tools.endure", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("`python -m tools.endure`: use it hard")


def test_help_is_the_docstring(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "a", "-h"])
    with pytest.raises(SystemExit) as ended:
        arguments("What it does.")
    assert (ended.value.code, capsys.readouterr().out) == (0, "What it does.\n")


def test_a_program_that_takes_no_arguments_refuses_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "minutes=2"])
    assert arguments("What it does.") == ["minutes=2"]
    with pytest.raises(SystemExit) as ended:
        arguments("What it does.", takes_any=False)
    assert (ended.value.code, capsys.readouterr().err) == (2, "unknown argument: minutes=2\n\nWhat it does.\n")
