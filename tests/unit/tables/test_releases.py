"""The tables as API servers of each release print them (tools/tables made the rows with Kubernetes' own printers)."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from etcdview.kube.release import Release
from etcdview.kube.resources import BY_PREFIX
from etcdview.tables import table_for
from tools.tables.compare import differences, reason

DATA = Path(__file__).parents[2] / "testdata" / "tables.jsonl.gz"
BY_RELEASE: dict[str, list[dict[str, Any]]] = defaultdict(list)
for _line in gzip.decompress(DATA.read_bytes()).splitlines():
    _row = json.loads(_line)
    BY_RELEASE[_row["release"]].append(_row)


@pytest.mark.parametrize("release", sorted(BY_RELEASE))
def test_every_cell_is_what_the_release_prints(release: str) -> None:
    assert len(BY_RELEASE[release]) > 300
    found = [d for row in BY_RELEASE[release] for d in differences(row, release) if not reason(d)]
    assert [(d.kind, d.column, d.expected, d.got) for d in found] == []


@pytest.mark.parametrize(
    ("prefix", "release", "columns"),
    [
        ("serviceaccounts", "1.34", ["Name", "Secrets", "Age"]),
        ("serviceaccounts", "1.35", ["Name", "Age"]),
        ("jobs", "1.29", ["Name", "Completions", "Duration", "Age", "Containers", "Images", "Selector"]),
        ("resourcequotas", "1.32", ["Name", "Age", "Request", "Limit"]),
        ("resourcequotas", "1.33", ["Name", "Request", "Limit", "Age"]),
        ("priorityclasses", "1.31", ["Name", "Value", "Global-Default", "Age"]),
    ],
)
def test_columns_come_and_go(prefix: str, release: str, columns: list[str]) -> None:
    table = table_for(BY_PREFIX[prefix], release=Release.parse(release))
    assert [column.name for column in table.columns] == columns


def test_an_unknown_release_counts_as_the_newest() -> None:
    newest = table_for(BY_PREFIX["pods"], release=Release(1, 99))
    assert table_for(BY_PREFIX["pods"]).columns == newest.columns
