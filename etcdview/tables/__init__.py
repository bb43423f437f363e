"""The columns and cells that `kubectl get` shows, computed from decoded objects. Pure: no clock, no store, no codec.

A module per API group (the core group split by subject); `table_for` finds the right one.
"""

from __future__ import annotations

from etcdview.tables.base import Cell, Cells, Column, Table
from etcdview.tables.catalog import table_for
from etcdview.tables.durations import age, human_duration, parse_time, short_human_duration
from etcdview.tables.texts import cell_text

__all__ = [
    "Cell",
    "Cells",
    "Column",
    "Table",
    "age",
    "cell_text",
    "human_duration",
    "parse_time",
    "short_human_duration",
    "table_for",
]
