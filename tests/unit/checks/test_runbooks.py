"""Every finding about stored objects has a runbook, whose commands run."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from etcdview.checks.runbooks import RUNBOOKS, runbook
from etcdview.cli.main import run

ROOT = Path(__file__).parents[3]
OBJECT = {"namespace": "payments", "name": "orders-db", "resource": "statefulsets"}
OWN = sorted({line for found in RUNBOOKS.values() for line in found.check if line.startswith("etcdview ")})
OF_FILES = "etcdview snapshot verify FILE"  # what it prints is tested with the command


def ids() -> set[str]:
    """The first argument of what makes findings, and rules that are named by pages."""
    found = set()
    for path in (ROOT / "etcdview/checks").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in (
                "about",
                "_gone",
                "_bindings_to",
                "ObjectFinding",
            ):
                found |= {a.value for a in call.args[:3] if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return {each for each in found if re.fullmatch(r"[a-z]+(-[a-z]+)+", each)}


def test_every_rule_has_a_runbook() -> None:
    assert len(ids()) > 15
    assert ids() - set(RUNBOOKS) == set()


@pytest.mark.parametrize("name", sorted(RUNBOOKS))
def test_a_runbook_says_what_it_means_how_to_check_and_what_to_do(name: str) -> None:
    found = RUNBOOKS[name]

    assert found.means.endswith(".")
    assert all(found.check)
    assert all(found.do)
    assert {shlex.split(line)[0] for line in found.check} <= {"etcdview", "kubectl", "crictl", "etcdctl"}


@pytest.mark.parametrize("line", [line for line in OWN if line != OF_FILES])
def test_each_command_of_ours_runs(line: str, capture: Path) -> None:
    words = shlex.split(line.format(**OBJECT))
    status = run([*words[1:], "--from", str(capture / "registry.jsonl.gz")])

    assert status in (0, 1)


def test_commands_are_filled_with_the_object_and_quoted() -> None:
    found = runbook("jobs-failed", "shop", "a b")

    assert found is not None
    assert found.check[0] == "etcdview describe job 'a b' -n shop"
    assert runbook("nonsense") is None
