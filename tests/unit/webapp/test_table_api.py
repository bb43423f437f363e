"""GET /api/v1/table at its edges, and that page, API and command refuse the same in the same words."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app

TABLE = "/api/v1/table"


def test_pages_follow_each_other_to_the_end(client: FlaskClient) -> None:
    query = {"resource": "events", "limit": "50", "sort": "-last seen"}
    names, cursor = [], ""
    while cursor is not None:
        body = client.get(TABLE, query_string=query | {"cursor": cursor}).get_json()
        names += [row["key"] for row in body["rows"]]
        cursor = body["next"]

    assert (len(names), len(set(names)), body["count"]) == (131, 131, 131)


def test_a_scan_is_reported_and_plain_pages_need_none(client: FlaskClient) -> None:
    scanned = client.get(f"{TABLE}?resource=pods&labels=app=cart&wide=true").get_json()
    plain = client.get(f"{TABLE}?resource=pods&limit=1").get_json()

    assert (scanned["count"], scanned["scan"]) == (3, {"seen": 40, "total": 40, "unread": 0})
    assert (plain["count"], plain["complete"], "scan" in plain, bool(plain["next"])) == (40, True, False, True)
    assert len(scanned["columns"]) > len(plain["columns"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("resource=nonsense", 404),
        ("", 400),
        ("resource=pods&sort=nonsense", 400),
        ("resource=pods&labels=app%3D(", 400),
        ("resource=pods&cursor=%21", 400),
        ("resource=pods&limit=0", 400),
        ("resource=pods&colour=red", 400),
    ],
)
def test_what_cannot_be_answered_is_a_problem(client: FlaskClient, query: str, status: int) -> None:
    response = client.get(f"{TABLE}?{query}")

    assert (response.status_code, response.mimetype) == (status, "application/problem+json")


def test_a_bad_selector_is_the_same_error_on_page_api_and_command_line(
    client: FlaskClient, capture_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    query = {"resource": "pods", "labels": "a b"}
    page, api = client.get("/registry", query_string=query), client.get(TABLE, query_string=query)
    status = run(["get", "pods", "-A", "-l", "a b", "--from", capture_file])
    printed = capsys.readouterr().err

    assert (page.status_code, api.status_code, status) == (400, 400, 2)
    sentence = printed.removeprefix("etcdview: ").splitlines()[0]
    assert "'a b'" in sentence
    assert sentence in api.get_json()["detail"]
    assert sentence in page.text.replace("&#39;", "'")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A dump whose keys, cells and labels hold escape sequences and line breaks."""
    esc = "\x1b[2Jx"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"web{esc}", "labels": {"app": esc}},
        "status": {"phase": f"Odd{esc}\nsecond"},
    }
    rows = [
        {"key": f"/registry/pods/shop/a{esc}", "value": base64.b64encode(json.dumps(pod).encode()).decode()},
        {"key": f"/registry/pods/n{esc}/broken{esc}", "value": "AAEC"},
    ]
    dump = tmp_path / "hostile.jsonl"
    dump.write_text("\n".join(json.dumps(row | {"mod_revision": 7}) for row in rows))
    return dump


@pytest.mark.parametrize(
    "flags",
    [(), ("-o", "wide"), ("--show-labels",), ("-L", "app"), ("-o", "custom-columns=A:.metadata.name")],
)
def test_no_escape_sequence_of_the_registry_reaches_the_terminal(
    hostile: Path, flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["get", "pods", "-A", "--from", str(hostile), *flags]) == 1  # one value cannot be decoded
    captured = capsys.readouterr()

    assert "\\x1b[2J" in captured.out
    assert "\x1b" not in captured.out + captured.err


def test_names_for_a_program_are_byte_for_byte(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["get", "pods", "-A", "--from", str(hostile), "-o", "name"])
    assert "pod/a\x1b[2Jx\n" in capsys.readouterr().out


def test_an_undecodable_object_has_null_cells_and_a_reason(hostile: Path) -> None:
    settings = Settings(from_file=str(hostile))
    body = create_app(settings, open_cluster(settings)).test_client().get(f"{TABLE}?resource=pods").get_json()
    broken, web = body["rows"]

    assert (set(broken["cells"]), broken["state"], bool(broken["error"])) == ({None}, "unknown", True)
    assert "error" not in web
    assert len(web["cells"]) == len(body["columns"])
