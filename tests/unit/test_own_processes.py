"""Processes that etcdview begins of itself: they run its own modules, never what lies in the current folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "etcdview"


def commands() -> Iterator[tuple[str, list[str]]]:
    """Where a list of words begins with this Python, and its words."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.List) and node.elts and ast.unparse(node.elts[0]) == "sys.executable":
                words = [str(word.value) for word in node.elts if isinstance(word, ast.Constant)]
                yield path.relative_to(PACKAGE).as_posix(), words


OURS = {path: words for path, words in commands() if not path.startswith("demo/")}  # the demo is begun in the checkout


@pytest.mark.parametrize("path", sorted(OURS))
def test_what_lies_in_the_current_folder_is_not_run(path: str) -> None:
    assert OURS[path][:2] == ["-P", "-m"]


def test_there_are_such_processes() -> None:
    assert {"stores/files/file_hash.py", "cluster/facts_process.py", "cli/shell.py"} <= OURS.keys()
