"""README.md tells every setting, in the table's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.config import ROWS, SettingRow
from tools.settings import table, with_table

README = Path(__file__).parents[3] / "README.md"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_setting_is_in_the_readme(row: SettingRow) -> None:
    line = next((line for line in README.read_text().splitlines() if f"`{row.variable}`" in line), "")
    assert f"`{row.flag}" in line
    assert row.help in line


def test_the_readme_is_what_make_settings_writes() -> None:
    assert with_table(README.read_text()) == README.read_text()


def test_the_table_is_put_between_the_markers_and_nowhere_else() -> None:
    text = with_table("before\n<!-- settings -->\nold\n<!-- /settings -->\nafter\n")
    assert text == f"before\n<!-- settings -->\n{table()}<!-- /settings -->\nafter\n"
