"""docs/architecture.md draws the house as it is: every folder, and every thread under the name that it is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text()
# What starts a thread -> the argument that names it, by keyword and by position.
STARTERS = {
    "Thread": ("name", 2),
    "Timer": ("name", None),
    "ThreadPoolExecutor": ("thread_name_prefix", 1),
    "refresh": ("thread_name", 0),
}


def drawn_folders() -> set[str]:
    """Folders of the drawing: a line is a name with a slash, indented by two for each storey."""
    drawing = TEXT.partition("```text\n")[2].partition("```")[0]
    found: list[str] = []
    path: list[str] = []
    for line in drawing.splitlines():
        match = re.match(r"( *)([a-z_]+)/(?: |$)", line)
        if match:
            path = [*path[: len(match[1]) // 2], match[2]]
            found.append("/".join(path))
    assert len(found) == len(set(found)), "a folder is drawn twice"
    return set(found)


def folders() -> set[str]:
    """Folders of the tree that hold a file of ours, code or data."""
    files = [*(ROOT / "etcdview").rglob("*"), *(ROOT / "webapp").rglob("*")]
    return {str(f.parent.relative_to(ROOT)) for f in files if f.is_file() and f.parent.name != "__pycache__"}


def drawn_threads() -> set[str]:
    """The first column of the table of threads."""
    table = TEXT.partition("## Threads\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))


def thread_names(source: str) -> Iterator[str]:
    """The names that a module gives to threads, `*` for a part that is computed. Raises AssertionError for none."""
    tree = ast.parse(source)
    assigned = {
        value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target, value in _pairs(node)
        if isinstance(target, ast.Attribute) and target.attr == "name" and isinstance(value, ast.Constant)
    }
    for call in ast.walk(tree):
        starter = _starter(call)
        if starter == "Timer":  # Timer() takes no name: it is set afterwards
            assert assigned, "a Timer without a name"
            yield from (str(name) for name in assigned)
        elif starter:
            assert isinstance(call, ast.Call)
            name = _name(call, *STARTERS[starter])
            assert name is not None, f"a thread without a name in line {call.lineno}"
            yield from _written(name)


def _starter(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    # `refresh` is Kept's where it is given a thread's name.
    return called if called in STARTERS and (called != "refresh" or node.args or node.keywords) else ""


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)  # `a, *b = 1, 2, 3` has fewer targets
        else:
            yield target, node.value


def _name(call: ast.Call, keyword: str, position: int | None) -> ast.expr | None:
    for given in call.keywords:
        if given.arg == keyword:
            return given.value
    return call.args[position] if position is not None and len(call.args) > position else None


def _written(name: ast.expr) -> Iterator[str]:
    if isinstance(name, ast.Constant):
        yield str(name.value)
    elif isinstance(name, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in name.values)
    else:  # handed on by a function that is itself among the starters
        assert isinstance(name, ast.Name), ast.dump(name)
        assert name.id == "thread_name", f"the name of a thread comes from {name.id}"


def test_every_folder_is_drawn_and_nothing_else() -> None:
    assert drawn_folders() == folders()


def test_every_thread_has_a_name_and_the_document_lists_it() -> None:
    files = [*(ROOT / "etcdview").rglob("*.py"), *(ROOT / "webapp").rglob("*.py"), ROOT / "wsgi.py"]
    named = {name for file in files for name in thread_names(file.read_text())}
    assert drawn_threads() == named


def test_a_thread_without_a_name_is_found() -> None:
    with pytest.raises(AssertionError, match="a thread without a name in line 1"):
        list(thread_names("threading.Thread(target=run, daemon=True).start()"))


def test_the_files_that_the_document_names_exist() -> None:
    named = set(re.findall(r"`((?:etcdview|webapp|tests|templates|tools)/[\w./-]+)`", TEXT))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
