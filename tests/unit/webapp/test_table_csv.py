"""A table as a file, at its own address and with its own filters."""

from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient

from etcdview.pages.registry.as_csv import table_csv
from etcdview.pages.registry.table import Cell, ObjectTable, PageRow


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_table_is_csv_at_its_own_address(client: FlaskClient) -> None:
    answer = client.get("/registry?resource=pods&namespace=shop&q=crash&format=csv")

    assert answer.mimetype == "text/csv"
    assert rows(answer.text)[0] == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert [row[0] for row in rows(answer.text)[1:]] == ["crashloop", "init-crash"]
    assert 'filename="pods.csv"' in answer.headers["Content-Disposition"]


def test_its_pages_are_linked(client: FlaskClient) -> None:
    first = client.get("/registry?resource=pods&format=csv&limit=30")
    following = first.headers["Link"].removeprefix("<").partition(">")[0]
    second = client.get(following)

    assert len(rows(first.text)) == 31
    assert second.mimetype == "text/csv"
    assert len(rows(second.text)) == 11
    assert "Link" not in second.headers
    assert not {tuple(r[:2]) for r in rows(first.text)[1:]} & {tuple(r[:2]) for r in rows(second.text)[1:]}


def test_json_is_that_of_the_api(client: FlaskClient) -> None:
    answer = client.get("/registry?resource=pods&namespace=shop&q=crash&format=json", follow_redirects=True)

    assert [row["name"] for row in answer.get_json()["rows"]] == ["crashloop", "init-crash"]


@pytest.mark.parametrize("query", ["resource=pods&format=xml", "format=csv", "resource=pods&labels=a===&format=csv"])
def test_what_cannot_be_a_file_says_so(client: FlaskClient, query: str) -> None:
    assert client.get(f"/registry?{query}").status_code == 400


def test_a_spreadsheet_computes_nothing_that_an_object_is_named() -> None:
    row = PageRow("k", "", "shop", "", "n", (Cell("=HYPERLINK(1)"), Cell("-"), Cell("a\x07b")))
    table = ObjectTable((), (row,), True, False, 1, 9)

    assert rows(table_csv(table))[1][1:] == ["'=HYPERLINK(1)", "-", "a\\x07b"]
