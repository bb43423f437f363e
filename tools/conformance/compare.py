"""The same kubectl asks both servers, and what it prints is compared byte for byte."""

from __future__ import annotations

import difflib
import subprocess
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.conformance.reasons import REASONS, Words

_TRIES = 3  # ages go on, and so does the API server's own work
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with one kubeconfig."""

    program: Path
    kubeconfig: Path
    cache: Path

    def flags(self) -> list[str | Path]:
        """What each command begins with."""
        return ["--kubeconfig", self.kubeconfig, "--cache-dir", self.cache]

    def run(self, words: Words) -> str:
        """All that it prints, and its exit status."""
        command = [self.program, *self.flags(), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        return f"{done.stdout}{done.stderr}exit status {done.returncode}\n"


@dataclass(slots=True)
class Report:
    """How many answers were compared, which reasons explained how many, and what nothing explains."""

    compared: int = 0
    same: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[tuple[Words, str]] = field(default_factory=list)


def run(command: list[str]) -> None:
    """Run a command that must end well."""
    subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)


def compare(real: Kubectl, ours: Kubectl, commands: Iterable[Words]) -> Report:
    """Run all commands against both."""
    report = Report()
    with ThreadPoolExecutor(2) as pool:
        for words in commands:
            report.compared += 1
            _compare_one(real, ours, words, pool, report)
    return report


def _compare_one(real: Kubectl, ours: Kubectl, words: Words, pool: ThreadPoolExecutor, report: Report) -> None:
    texts, reasons = ("", ""), [""]
    for _ in range(_TRIES):
        first, second = pool.map(lambda one: one.run(words), (real, ours))
        if first == second:
            report.same += 1
            return
        *texts, reasons = without_reasons(words, first, second)
        if texts[0] == texts[1]:
            report.explained.update(reasons)
            return
    report.unexplained.append((words, difference(*texts)))


def without_reasons(words: Words, first: str, second: str) -> tuple[str, str, list[str]]:
    """Both answers without what reasons cover, and the reasons that were needed."""
    needed = []
    for reason in REASONS:
        if reason.concerns(words):
            left = reason.without(first), reason.without(second)
            if left != (first, second):
                needed.append(reason.why)
            first, second = left
            if first == second:
                break
    return first, second, needed


def difference(first: str, second: str, lines: int = 30) -> str:
    """What differs, as a diff of few lines."""
    names = ("kube-apiserver", "etcdview")
    found = difflib.unified_diff(first.splitlines(), second.splitlines(), *names, lineterm="", n=1)
    return "\n".join(line[:400] for line, _ in zip(found, range(lines), strict=False))
