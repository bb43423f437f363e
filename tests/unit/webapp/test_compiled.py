"""Compiled templates are kept for their owner alone; whatever is wrong with the place, pages are shown."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from webapp.compiled import kept_templates


class CompilesNothing(Environment):
    """An environment for templates that are compiled already."""

    def compile(self, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        raise AssertionError("it was compiled again")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where compiled templates are kept in this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "etcdview" / "templates"


def environment(kind: type[Environment] = Environment) -> Environment:
    return kind(loader=DictLoader({"hello": "Hello {{ name }}"}), bytecode_cache=kept_templates(), autoescape=True)


def test_what_was_compiled_once_is_there_at_the_next_start(place: Path) -> None:
    environment().get_template("hello")

    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert environment(CompilesNothing).get_template("hello").render(name="you") == "Hello you"


def test_code_is_not_taken_from_where_others_may_write(place: Path) -> None:
    environment().get_template("hello")
    place.chmod(0o770)
    assert kept_templates() is None

    elsewhere = place.rename(place.with_name("elsewhere"))
    elsewhere.chmod(0o700)
    place.symlink_to(elsewhere)
    assert kept_templates() is None


def test_without_a_place_nothing_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", __file__)
    assert kept_templates() is None
    assert not place.exists()


def test_a_place_that_has_gone_is_no_failure(place: Path) -> None:
    templates = environment()
    shutil.rmtree(place)

    assert templates.get_template("hello").render(name="you") == "Hello you"


def test_what_is_damaged_is_compiled_anew(place: Path) -> None:
    environment().get_template("hello")
    for kept in place.iterdir():
        kept.write_bytes(kept.read_bytes()[:-3])

    assert environment().get_template("hello").render(name="you") == "Hello you"
