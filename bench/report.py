"""The rows of the bench: what was measured, its goal, the noise, and whether it is met; as text and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. It is met when `measured` is at most `goal`, give or take `noise` (a part of one).

    Without a goal it only tells. `noise` is what the same measurement varied by, in this run.
    """

    what: str
    measured: float
    unit: str
    goal: float | None = None
    noise: float = 0.0
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether it is as good as it should be, as far as can be told."""
        return self.goal is None or self.measured <= self.goal * (1 + self.noise)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    processor: str
    cores: int
    memory_gb: float
    python: str
    etcd: str
    load_before: float


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | at most | noise | |", "|---|---:|---:|---:|---|"]
    for row in rows:
        goal = "" if row.goal is None else f"{_number(row.goal)} {row.unit}"
        verdict = "" if row.goal is None else _verdict(row, row.goal)
        note = f"{verdict} {row.note}".strip()
        lines.append(f"| {row.what} | {_number(row.measured)} {row.unit} | {goal} | ±{row.noise:.0%} | {note} |")
    return "\n".join(lines)


def write(rows: Sequence[Row], machine: Machine, keys: int, at: datetime) -> Path:
    """The results as a file for people (.md) and one for programs (.json); gives the former."""
    RESULTS.mkdir(exist_ok=True)
    base = RESULTS / f"{at:%Y-%m-%d-%H%M}"
    where = (
        f"{keys:,} keys; {machine.processor}, {machine.cores} cores, {machine.memory_gb:.0f} GB; "
        f"Python {machine.python}, etcd {machine.etcd}; load before {machine.load_before:.1f}"
    )
    base.with_suffix(".md").write_text(f"# {at:%Y-%m-%d %H:%M}\n\n{where}\n\n{table(rows)}\n")
    facts = {"at": at.isoformat(), "keys": keys, "machine": asdict(machine), "rows": [asdict(row) for row in rows]}
    base.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
    return base.with_suffix(".md")


def machine(etcd_version: str) -> Machine:
    """This machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return Machine(
        processor=model or platform.machine(),
        cores=os.cpu_count() or 0,
        memory_gb=memory,
        python=platform.python_version(),
        etcd=etcd_version,
        load_before=os.getloadavg()[0],
    )


def percentile(times: Sequence[float], part: float) -> float:
    """The value below which `part` of the sorted times lie."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def spread(times: Sequence[float]) -> float:
    """How far repeated times lie apart, as a part of their median."""
    return (max(times) - min(times)) / percentile(times, 0.5) if times else 0.0


def halves(times: Sequence[float], of: Callable[[Sequence[float]], float]) -> float:
    """How far the same figure of the first and the second half of a run lie apart, as a part of the whole's."""
    middle = len(times) // 2
    return abs(of(times[:middle]) - of(times[middle:])) / of(times) if middle else 0.0


def _verdict(row: Row, goal: float) -> str:
    if row.measured <= goal:
        return "met"
    return "within the noise" if row.met else "**missed**"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
