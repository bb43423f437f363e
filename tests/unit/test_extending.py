"""The examples of docs/extending.md work as they stand, and the names that it gives are there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.health.rules import base as rules
from etcdview.tables import base as tables
from tests.unit.health import conftest as facts

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "extending.md").read_text()
TABLE, RULE, _CASE = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_table_of_the_example_prints_its_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "REGISTRY", {})
    exec(TABLE, {})  # noqa: S102 - our own
    made = tables.REGISTRY["greetings.k8s.io", "Greeting"].of(tables.UNRELEASED)
    hello = {"metadata": {"name": "hello"}, "spec": {"text": "Good morning"}}

    assert [column.name for column in made.columns] == ["Name", "Text", "Age"]
    assert made.cells(hello, datetime(2026, 1, 1, tzinfo=UTC))[:2] == ("hello", "Good morning")


def test_the_rule_of_the_example_fires_on_eight_voters_and_not_on_seven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "RULES", {})
    exec(RULE, {})  # noqa: S102 - our own
    check = rules.RULES["too-many-voters"].check

    assert [found.summary for found in check(facts.context(facts.cluster(8)))] == ["8 members vote."]
    assert list(check(facts.context(facts.cluster(7)))) == []


@pytest.mark.parametrize(("name", "path"), re.findall(r"`(\w+)` of `([\w/.]+\.py)`", TEXT))
def test_what_it_names_in_a_file_is_there(name: str, path: str) -> None:
    assert re.search(rf"^{name}\b", (ROOT / path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:etcdview|tests)/[\w/.]+)`", TEXT))))
def test_the_files_and_folders_that_it_names_are_there(path: str) -> None:
    assert (ROOT / path).exists()
