"""Lines of CSV. Others chose what is in the cells, and a spreadsheet computes a cell that begins as a formula does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from etcdview.kube.visible import visible

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - of full width too


def csv_line(cells: Iterable[object]) -> str:
    """One line: None is empty; texts have no control character, and no formula; numbers are as they are."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(["" if cell is None else _cell(cell) for cell in cells])
    return written.getvalue()


def _cell(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    shown = visible(cell)
    return f"'{shown}" if shown.startswith(_FORMULA) and len(shown) > 1 else shown
