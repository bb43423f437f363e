"""What all tests share: where the capture lies, and that nothing is skipped where CI=true."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
HERE = Path(__file__).parent
TESTDATA = HERE / "testdata"
_SHORT_LINES = 15
# How long one example takes says more of the machine than of the code.
settings.register_profile("etcdview", deadline=None)
settings.load_profile("etcdview")
# The network faults come when no browser is left to notice that interfaces come and go.
_LONG_FIRST = ("web", "integration", "security", "faults", "kine", "fuzz", "unit")


@pytest.fixture(scope="session")
def capture() -> Path:
    """The folder of the captured cluster."""
    return TESTDATA / "cluster-shop"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip says that this machine lacks something. CI's machine must not: there it fails, with its reason."""
    return _failed_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that is skipped as a whole."""
    return _failed_in_ci((yield))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the files, the long ones come first: nobody is left alone with one at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _LONG_FIRST.index(item.path.relative_to(HERE).parts[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The faults that were made on real clusters, what was found of each, and after how long; then what went wrong."""
    passed = terminalreporter.getreports("passed")
    rows = [row for report in passed for name, row in report.user_properties if name == "fault"]
    if rows:
        terminalreporter.section(f"{len({fault for fault, _, _ in rows})} faults on real clusters")
        for fault, what, after in rows:
            terminalreporter.line(f"{fault:75}  {what:24}  {after:5.1f} s")
    figures = [(name, value) for report in passed for name, value in report.user_properties if name != "fault"]
    if figures:
        terminalreporter.section("figures")
        for name, value in figures:
            terminalreporter.line(f"{name}: {value}")
    for report in (*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")):
        # Once more at the end, which is all that some who run this keep; pytest's own summary has one line of it.
        terminalreporter.section(f"in short: {report.nodeid}")
        for line in report.longreprtext.splitlines()[-_SHORT_LINES:]:
            terminalreporter.line(line)


def _failed_in_ci(report: Report) -> Report:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr[2]}"
    return report
