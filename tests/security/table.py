"""The table of attacks: each is a test, and each test that is decorated is a row of docs/security.md.

`python -m tests.security.table` writes the rows anew; a test holds that they are up to date.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., None])

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "security.md"
BEGIN, END = "<!-- attacks -->", "<!-- /attacks -->"


@dataclass(frozen=True)
class Attack:
    """One row: what somebody tries, and what becomes of it."""

    module: str
    test: str
    kind: str
    tries: str
    outcome: str


_ATTACKS: dict[str, Attack] = {}


def attack(kind: str, tries: str, outcome: str) -> Callable[[Test], Test]:
    """Put the test into the table."""

    def register(test: Test) -> Test:
        _ATTACKS[test.__name__] = Attack(test.__module__, test.__name__, kind, tries, outcome)
        return test

    return register


def all_attacks() -> list[Attack]:
    """Every row, by kind, in the order they are written in, whichever module was imported first."""
    for path in sorted(HERE.glob("test_attack_*.py")):
        importlib.import_module(f"tests.security.{path.stem}")
    written = sorted(_ATTACKS.values(), key=lambda row: row.module.rpartition(".")[2])
    kinds = list(dict.fromkeys(row.kind for row in written))
    return sorted(written, key=lambda row: kinds.index(row.kind))


def rows() -> str:
    """The table as Markdown."""
    lines = ["| | what is tried | what becomes of it |", "|---|---|---|"]
    lines += [f"| {row.kind} | {row.tries} | {row.outcome} |" for row in all_attacks()]
    return "\n".join(lines)


def main() -> None:
    """Write the rows into the document."""
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{rows()}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    # not this module's own main(): the tests register their rows with the module of this name
    importlib.import_module("tests.security.table").main()
