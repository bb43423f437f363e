"""`etcdview get`, the registry page and the API show the same rows of every captured type, cell by cell."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.tables import cell_text, parse_time

NOW = "2026-11-23T15:57:37.56Z"
TYPES = 65
NOT_READY = " · not ready"

Record = Callable[[str, object], None]
Cells = tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A table as one surface shows it: namespaces "" where there are none, cells as texts without outer spaces."""

    columns: Cells
    rows: tuple[tuple[str, Cells], ...]


class _Table(HTMLParser):
    """The texts of the rows of the page's only table of objects."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = self._cell = self._added = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or (tag == "table" and ("data-rows", None) in attrs)
        if self._inside and tag == "tr":
            self.rows.append([])
        words = (dict(attrs).get("class") or "").split()
        if self._inside and tag in ("td", "th") and "roomy" not in words:
            self.rows[-1].append("")
            self._cell = True
        self._added = tag == "span" and "times" in words

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "table"
        self._cell = self._cell and tag not in ("td", "th")
        self._added = False

    def handle_data(self, data: str) -> None:
        if self._inside and self._cell and not self._added:
            self.rows[-1][-1] += data


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ages count to the moment of the capture, for the page and the API as for `get --now`."""
    moment = parse_time(NOW)
    for module in ("webapp.views.registry", "webapp.api.table"):
        monkeypatch.setattr(importlib.import_module(module), "now", lambda: moment)


def by_command(capsys: pytest.CaptureFixture[str], capture: Path, resource: str, *flags: str) -> Shown:
    """What `etcdview get` prints, cut at the columns of its header."""
    source = ("--from", str(capture / "registry.jsonl.gz"))
    keys = ("--encryption-config", str(capture / "encryption-config.yaml"))
    assert run(["get", resource, "-A", "--now", NOW, *source, *keys, *flags]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    starts = [match.start() for match in re.finditer(r"\S+(?: \S+)*", header)]
    rows = [[line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)] for line in [header, *lines]]
    return _with_namespaces(rows)


def by_page(client: FlaskClient, resource: str, wide: str) -> Shown:
    """The table of the page, without what it adds: links of wide tables, why a pod is coloured, its node, counts."""
    table = _Table()
    table.feed(client.get("/registry", query_string={"resource": resource, "wide": wide, "limit": 500}).text)
    rows = [[" ".join(cell.split()).removesuffix(NOT_READY) for cell in row] for row in table.rows]
    rows[0] = [re.sub(" [▴▾]$", "", head).upper() for head in rows[0]]
    extra = rows[0][-1] == "NAMES"
    return _with_namespaces([row[:-1] if extra else row for row in rows])


def by_api(client: FlaskClient, resource: str, wide: str) -> tuple[Shown, list[str]]:
    """The API's rows as texts, and their names."""
    query = {"resource": resource, "wide": wide, "limit": 500}
    body = client.get("/api/v1/table", query_string={k: v for k, v in query.items() if v}).get_json()
    assert (body["count"], body["complete"], body["next"]) == (len(body["rows"]), True, None)
    columns = tuple(column["name"].upper() for column in body["columns"])
    rows = tuple((row["namespace"], tuple(cell_text(cell).strip() for cell in row["cells"])) for row in body["rows"])
    return Shown(columns, rows), [row["name"] for row in body["rows"]]


def _with_namespaces(rows: list[list[str]]) -> Shown:
    (first, *head), *lines = rows
    if first == "NAMESPACE":
        return Shown(tuple(head), tuple((line[0], tuple(line[1:])) for line in lines))
    return Shown((first, *head), tuple(("", tuple(line)) for line in lines))


def test_command_page_and_api_show_the_same_cells_of_every_type(
    client: FlaskClient,
    capture: Path,
    capsys: pytest.CaptureFixture[str],
    record_property: Record,
    then: None,
) -> None:
    types = [_name(entry) for entry in client.get("/api/v1/resources").get_json()["resources"]]
    rows = cells = 0
    for resource in types:
        for wide, flags in (("", ()), ("1", ("-o", "wide"))):
            printed = by_command(capsys, capture, resource, *flags)
            served, names = by_api(client, resource, wide)

            page = by_page(client, resource, wide)
            if resource == "events":  # a page has the newest first
                page = replace(page, rows=tuple(sorted(page.rows)))
                assert page == replace(printed, rows=tuple(sorted(printed.rows)))
            else:
                assert page == printed, resource
            assert served == _spaced(printed, served), resource
            if "NAME" in printed.columns:  # of events in the wide table alone
                at = printed.columns.index("NAME")
                assert names == [line[at].removesuffix(" (default)") for _, line in printed.rows], resource
            rows += len(printed.rows)
            cells += sum(len(line) for _, line in printed.rows)

    record_property("types, rows, cells equal in get, page and API", f"{len(types)}, {rows}, {cells}")
    with capsys.disabled():
        sys.stdout.write(f"\n{len(types)} types, {rows} rows, {cells} cells equal in get, page and API\n")
    assert (len(types), rows) == (TYPES, 2 * client.get("/api/v1/keys?limit=1").get_json()["count"])


def _name(entry: dict[str, str]) -> str:
    return f"{entry['resource']}.{entry['group']}" if entry["group"] else entry["resource"]


def _spaced(printed: Shown, served: Shown) -> Shown:
    """HTML and the cutting above fold spaces: that hides no difference, for no captured cell has two in a row."""
    assert all("  " not in cell for _, line in served.rows for cell in line)
    return printed
