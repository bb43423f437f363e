"""A table of objects as CSV: what the page shows, for spreadsheets and scripts."""

from __future__ import annotations

from collections.abc import Sequence

from etcdview.pages.parts.csv_text import csv_line
from etcdview.pages.registry.table import ObjectTable, PageRow


def table_csv(table: ObjectTable) -> str:
    """The rows of one page, a line of heads first; of a value that cannot be decoded its name and why."""
    first = ["Namespace"] if table.show_namespace else []
    lines = [csv_line([*first, *(head.name for head in table.heads)])]
    lines += [csv_line([*([row.namespace] if first else []), *_texts(row)]) for row in table.rows]
    return "".join(lines)


def _texts(row: PageRow) -> Sequence[str]:
    return (row.name, row.error) if row.error else [cell.text for cell in row.cells]
