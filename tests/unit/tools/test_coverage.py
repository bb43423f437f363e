"""`make coverage`: lines and branches by room and by module, the lowest first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.coverage import Measured, by_room, lines, main, modules


def file(lines: int, run: int, branches: int = 0, branches_run: int = 0) -> dict[str, Any]:
    """A file as coverage.py reports it."""
    return {
        "summary": {
            "num_statements": lines,
            "covered_lines": run,
            "num_branches": branches,
            "covered_branches": branches_run,
        }
    }


REPORT = {
    "files": {
        "etcdview/errors.py": file(10, 10),
        "etcdview/health/verdict.py": file(10, 5, 10, 0),
        "etcdview/health/probes/ask.py": file(30, 30, 10, 10),
        "webapp/__init__.py": file(0, 0),
        "webapp/views/home.py": file(10, 9),
    }
}


def test_a_room_is_the_sum_of_its_modules_and_of_its_folders() -> None:
    rooms = by_room(modules(REPORT))

    assert rooms["etcdview/health"] == Measured(40, 35, 20, 10)
    assert rooms["etcdview/health"].percent == 75


def test_lines_and_branches_count_alike_and_nothing_is_all() -> None:
    assert Measured(10, 5, 10, 0).percent == 25
    assert Measured().percent == 100


def test_the_lowest_come_first_and_the_total_last() -> None:
    printed = list(lines(modules(REPORT)))

    names = [line.split()[0] for line in printed if line.startswith("  ")]
    assert names[:3] == ["etcdview/health", "webapp/views", "etcdview/errors.py"]
    assert names[3:] == [
        "etcdview/health/verdict.py",
        "webapp/views/home.py",
        "etcdview/errors.py",
        "etcdview/health/probes/ask.py",
    ]
    assert printed[-1].split()[:2] == ["Total", "80.0"]


def test_it_prints_what_the_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORT))

    assert main(str(tmp_path / "report.json")) == 0
    assert "etcdview/health/verdict.py" in capsys.readouterr().out
