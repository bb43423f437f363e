"""Each table of each page as CSV and JSON, at the page's own address: what the page shows, and nothing more."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from etcdview.pages.parts.csv_text import csv_line
from webapp.table_files import _rows_of

CRASHLOOP = "/object?key=/registry/pods/shop/crashloop"
PAGES = (
    CRASHLOOP,
    "/object?key=/registry/secrets/payments/db-credentials",
    "/registry?prefix=/registry/",
    "/registry?resource=unplaced",
    "/search?q=/registry/pods/",
    "/encryption",
    "/kubectl",
)


def files_of(page: str, kind: str = "csv") -> list[str]:
    return [unescape(link) for link in re.findall(rf'href="([^"]*table=[^"]*format={kind})"', page)]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("path", PAGES)
def test_every_table_is_a_file_with_all_its_rows(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    files = [client.get(link) for link in files_of(page)]

    assert len(files) == len(tables) == len(set(files_of(page)))
    assert {file.mimetype for file in files} <= {"text/csv"}
    assert [len(rows(file.text)) for file in files] == [table.count("<tr") for table in tables]


def test_a_table_is_the_same_as_json(client: FlaskClient) -> None:
    page = client.get(CRASHLOOP).text
    link = next(link for link in files_of(page, "json") if "table=containers" in link)
    answer = client.get(link).get_json()

    assert answer["table"] == "containers"
    assert answer["columns"][:3] == ["Name", "Image", "State"]
    assert [row[:2] for row in answer["rows"]] == [["a", "a:1"], ["b", "b:1"]]


def test_what_is_masked_on_the_page_is_masked_in_its_files(client: FlaskClient) -> None:
    text = client.get("/object?key=/registry/secrets/payments/db-credentials&table=entries&format=csv").text

    assert re.fullmatch(r"Name,Value\npassword,••• 28 bytes · .*\nusername,••• 5 bytes · .*\n", text)


def test_the_table_of_a_search_is_computed_by_no_spreadsheet(client: FlaskClient) -> None:
    """The names of keys are anyone's to choose who may write to etcd."""
    body = '<tr><th scope="row"><a href="/">=HYPERLINK(1)</a></th><td class="num">-1,204</td></tr>'
    assert [csv_line(row) for row in _rows_of(body)] == ["'=HYPERLINK(1),-1204\n"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<td>\n  <a href='/x'>pods</a>,\n  <b>all</b></td>", "pods, all"),
        ('<td><span class="sign" aria-hidden="true">●</span> <span>5 ms</span><span>TLS</span></td>', "5 ms TLS"),
        ("<td>kept<form><select><option>not <b>this</b></option></select></form><button>nor</button></td>", "kept"),
        ("<td><ul><li>one</li><li>two</li></ul></td>", "one two"),
        ('<td><img src="a.png" aria-hidden="true">web</td>', "web"),
        ("<td>&lt;none&gt;</td>", "<none>"),
        ("<td>1,204</td>", "1,204"),
        ('<td class="num right">1,204</td>', 1204),
        ('<td class="num right">1.5 KiB</td>', "1.5 KiB"),
    ],
)
def test_a_cell_is_what_a_reader_sees_in_it(cell: str, text: str | int) -> None:
    assert _rows_of(f"<tr>{cell}</tr>") == [[text]]


def test_a_cell_over_several_columns_leaves_the_others_empty() -> None:
    assert _rows_of('<tr><th>a</th><td colspan="2">gone</td></tr>') == [["a", "gone", None]]


def test_a_parameter_given_twice_is_in_the_address_of_a_file_as_the_page_took_it(client: FlaskClient) -> None:
    page = client.get(f"{CRASHLOOP}&key=/registry/secrets/payments/db-credentials").text

    assert len(files_of(page)) == 4
    assert "db-credentials" not in page


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("table=nothing&format=csv", 404, "no table &#39;nothing&#39;"),
        ("table=containers&format=xml", 400, "Use one of csv, json"),
        ("table=containers", 400, "format"),
    ],
)
def test_a_table_that_is_unknown_is_refused_with_a_sentence(
    client: FlaskClient, query: str, status: int, said: str
) -> None:
    answer = client.get(f"{CRASHLOOP}&{query}")

    assert answer.status_code == status
    assert said in answer.text
