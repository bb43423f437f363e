"""`python -m tools.settings`: the table of settings in README.md, from the rows that flags are made from.

With --check nothing is written, and the exit status is 1 where README.md says something else.
"""

from __future__ import annotations

import sys
from pathlib import Path

from etcdview.config import ROWS, SettingRow
from tools.given import arguments

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def main(arguments: list[str]) -> int:
    """Write the table between the markers; exit status 1 where --check finds it old."""
    old = README.read_text("utf-8")
    new = with_table(old)
    if "--check" in arguments:
        return int(old != new)
    README.write_text(new, "utf-8")
    return 0


def with_table(text: str) -> str:
    """The text with the table between its markers made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}{END}{after}"


def table() -> str:
    """One line per setting."""
    head = "| flag and name in the file | variable | default | |\n|---|---|---|---|\n"
    return head + "".join(map(_line, ROWS))


def _line(row: SettingRow) -> str:
    metavar = f" {row.metavar}" if row.metavar else ""
    default = row.show(row.default)
    return f"| `{row.flag}{metavar}` | `{row.variable}` | {f'`{default}`' if default else ''} | {row.help} |\n"


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
