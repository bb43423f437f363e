"""Compiled templates are kept for the next start; whatever is wrong with what is kept, pages are shown."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from webapp.compiled import KeptTemplates


class CompilesNothing(Environment):
    """An environment for templates that are compiled already."""

    def compile(self, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        raise AssertionError("it was compiled again")


@pytest.fixture(autouse=True)
def _written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def environment(folder: Path, kind: type[Environment] = Environment, **settings: Any) -> Environment:
    """One that knows one template."""
    texts = DictLoader({"hello": "Hello {{ name }}"})
    return kind(loader=texts, bytecode_cache=KeptTemplates(folder), **{"autoescape": True} | settings)


def greeting(made: Environment) -> str:
    return made.get_template("hello").render(name="<you>")


def test_what_was_compiled_once_is_there_at_the_next_start(tmp_path: Path) -> None:
    environment(tmp_path).get_template("hello")

    assert greeting(environment(tmp_path, CompilesNothing)) == "Hello &lt;you&gt;"


def test_code_that_was_compiled_in_another_way_is_not_used(tmp_path: Path) -> None:
    assert greeting(environment(tmp_path, autoescape=False)) == "Hello <you>"
    assert greeting(environment(tmp_path)) == "Hello &lt;you&gt;"


def test_whatever_is_damaged_is_compiled_anew(tmp_path: Path) -> None:
    environment(tmp_path).get_template("hello")
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    for size in range(len(whole)):
        for damaged in (whole[:size], whole[:size] + b"\0" * (len(whole) - size)):
            kept.write_bytes(damaged)
            assert greeting(environment(tmp_path)) == "Hello &lt;you&gt;"


def test_a_folder_that_is_gone_or_none_is_no_failure(tmp_path: Path) -> None:
    folder = tmp_path / "__pycache__"
    folder.mkdir()
    made = environment(folder)
    shutil.rmtree(folder)
    folder.write_text("no folder")

    assert greeting(made) == "Hello &lt;you&gt;"


def test_nothing_is_written_where_python_writes_no_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    environment(tmp_path).get_template("hello")

    assert list(tmp_path.iterdir()) == []
