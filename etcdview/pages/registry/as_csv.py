"""A table of objects as CSV: what the page shows, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from etcdview.kube.visible import visible
from etcdview.pages.registry.table import ObjectTable, PageRow


def table_csv(table: ObjectTable) -> str:
    """The rows of one page, a line of heads first; of a value that cannot be decoded its name and why."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    first = ["Namespace"] if table.show_namespace else []
    writer.writerow([*first, *(head.name for head in table.heads)])
    for row in table.rows:
        writer.writerow([_safe(text) for text in (*([row.namespace] if first else []), *_texts(row))])
    return written.getvalue()


def _texts(row: PageRow) -> Sequence[str]:
    return (row.name, row.error) if row.error else [cell.text for cell in row.cells]


def _safe(text: str) -> str:
    """Without control characters; and no formula: a spreadsheet would compute what somebody named an object."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) and len(shown) > 1 else shown
