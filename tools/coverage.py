"""`python -m tools.coverage FILE`: what coverage.py's JSON report says, by room and by module, the lowest first."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.given import arguments

LOWEST_MODULES = 15


@dataclass(frozen=True, slots=True)
class Measured:
    """How many lines and branches there are, and how many of them ran."""

    lines: int = 0
    lines_run: int = 0
    branches: int = 0
    branches_run: int = 0

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            self.lines + other.lines,
            self.lines_run + other.lines_run,
            self.branches + other.branches,
            self.branches_run + other.branches_run,
        )

    @property
    def percent(self) -> float:
        """Lines and branches together, as coverage.py counts; 100 where there are none."""
        every = self.lines + self.branches
        return 100 * (self.lines_run + self.branches_run) / every if every else 100.0

    def __str__(self) -> str:
        ran = f"{self.lines_run:6,} of {self.lines:6,} lines  {self.branches_run:6,} of {self.branches:6,} branches"
        return f"{self.percent:5.1f} %  {ran}"


def modules(report: Mapping[str, Any]) -> dict[str, Measured]:
    """Each file of the report."""
    found = {}
    for path, file in report["files"].items():
        summary = file["summary"]
        found[path] = Measured(
            summary["num_statements"],
            summary["covered_lines"],
            summary["num_branches"],
            summary["covered_branches"],
        )
    return found


def room(path: str) -> str:
    """The room of a file: etcdview/health for etcdview/health/probes/ask.py; a file in the hall is one of its own."""
    return "/".join(path.split("/")[:2])


def by_room(files: Mapping[str, Measured]) -> dict[str, Measured]:
    """The sums of the rooms."""
    rooms: defaultdict[str, Measured] = defaultdict(Measured)
    for path, measured in files.items():
        rooms[room(path)] += measured
    return dict(rooms)


def lines(files: Mapping[str, Measured]) -> Iterator[str]:
    """What is printed."""
    yield "By room, the lowest first:"
    yield from _table(by_room(files).items())
    yield f"The {LOWEST_MODULES} lowest modules:"
    yield from _table(_lowest(files.items())[:LOWEST_MODULES])
    yield f"Total  {sum(files.values(), Measured())}"


def _lowest(rows: Iterable[tuple[str, Measured]]) -> list[tuple[str, Measured]]:
    return sorted((row for row in rows if row[1].lines), key=lambda row: (row[1].percent, row[0]))


def _table(rows: Iterable[tuple[str, Measured]]) -> Iterator[str]:
    for name, measured in _lowest(rows):
        yield f"  {name:45}  {measured}"


def main(path: str) -> int:
    """Print it."""
    print(*lines(modules(json.loads(Path(path).read_text()))), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*arguments(__doc__)))
