"""Space as page, JSON, CSV and command: one sum everywhere, each part a link further down, and what is unknown."""

from __future__ import annotations

import csv
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cli.space import table
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.models import KeyValue, Range
from etcdview.pages.space.report import space_report
from tests.filled import completed, with_facts
from tests.security import lab
from tests.security.lab import post
from webapp import create_app

BYS = ("resource", "namespace", "object")


def settings_of(capture: Path) -> Settings:
    return Settings(
        from_file=str(capture / "registry.jsonl.gz"),
        encryption_config=str(capture / "encryption-config.yaml"),
        facts="off",
    )


@pytest.fixture(scope="module")
def cluster(capture: Path) -> Iterator[Cluster]:
    opened = with_facts(open_cluster(settings_of(capture)))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def filled(capture: Path, cluster: Cluster) -> FlaskClient:
    """A browser before an app whose facts are complete."""
    return create_app(settings_of(capture), cluster).test_client()


@pytest.fixture(scope="module")
def stored(cluster: Cluster) -> tuple[KeyValue, ...]:
    return cluster.source.range(Range(b"\0", b"\0")).kvs


@pytest.mark.parametrize("by", BYS)
def test_the_sum_of_the_rows_is_what_is_stored(filled: FlaskClient, stored: tuple[KeyValue, ...], by: str) -> None:
    answer = filled.get(f"/api/v1/space?by={by}").get_json()

    assert answer["complete"] is True
    assert answer["total"] == {"keys": len(stored), "bytes": sum(kv.size_bytes for kv in stored)}
    for name in ("keys", "bytes"):
        assert sum(row[name] for row in answer["rows"]) == answer["total"][name]
    sizes = [row["bytes"] for row in answer["rows"]]
    assert sizes == sorted(sizes, reverse=True)


def test_types_are_called_and_counted_as_in_the_list_of_types(filled: FlaskClient) -> None:
    types = filled.get("/api/v1/resources").get_json()["resources"]
    rows = filled.get("/api/v1/space").get_json()["rows"]

    counted = Counter({(t["resource"], t["group"]): t["count"] for t in types if t["count"]})
    assert {(row["resource"], row["group"]): row["keys"] for row in rows if row["resource"]} == counted


def test_each_object_has_its_own_size(filled: FlaskClient, stored: tuple[KeyValue, ...]) -> None:
    rows = filled.get("/api/v1/space?by=object").get_json()["rows"]

    assert {row["key"]: row["bytes"] for row in rows} == {kv.key.decode(): kv.size_bytes for kv in stored}


def test_a_limit_leaves_the_sum_as_it_is(filled: FlaskClient, stored: tuple[KeyValue, ...]) -> None:
    rows = filled.get("/api/v1/space?by=object&limit=3").get_json()["rows"]

    assert ["key" in row for row in rows] == [True, True, True, False]
    assert sum(row["bytes"] for row in rows) == sum(kv.size_bytes for kv in stored)


@pytest.mark.parametrize("by", BYS)
def test_csv_has_the_rows_of_the_json(filled: FlaskClient, by: str) -> None:
    response = filled.get(f"/space.csv?by={by}")
    rows = filled.get(f"/api/v1/space?by={by}").get_json()["rows"]

    read = list(csv.DictReader(response.text.splitlines()))
    assert response.mimetype == "text/csv"
    assert [{k: row[k] for k in read[0] if k in row} for row in rows] == [
        {k: int(v) if k.endswith(("keys", "ytes")) else v for k, v in row.items()} for row in read
    ]


@pytest.mark.parametrize("part", ["resource=pods", "namespace=shop", "resource=pods&namespace=shop"])
@pytest.mark.parametrize("by", BYS)
def test_a_part_has_its_own_report(filled: FlaskClient, by: str, part: str) -> None:
    whole = filled.get("/api/v1/space?by=object").get_json()["rows"]
    wanted = dict(pair.split("=") for pair in part.split("&"))
    inside = [row for row in whole if wanted.items() <= row.items()]
    answer = filled.get(f"/api/v1/space?by={by}&{part}").get_json()
    rows = list(csv.DictReader(filled.get(f"/space.csv?by={by}&{part}").text.splitlines()))

    assert inside
    assert answer["total"] == {"keys": len(inside), "bytes": sum(row["bytes"] for row in inside)}
    assert [int(row["bytes"]) for row in rows] == [row["bytes"] for row in answer["rows"]]
    page = html.unescape(filled.get(f"/space?{part}").text)
    assert f"/api/v1/space?by=object&{part}" in page
    assert f"/space.csv?by=object&{part}" in page


def test_a_part_of_an_unknown_type_is_not_there(filled: FlaskClient) -> None:
    assert filled.get("/api/v1/space?resource=nosuch").status_code == 404
    assert filled.get("/space.csv?resource=nosuch").status_code == 404


def test_the_treemap_can_be_walked_down_to_an_object(filled: FlaskClient) -> None:
    def hrefs(page: str) -> list[str]:
        drawn = re.search(r'<svg class="treemap".*?</svg>\s*</div>', filled.get(page).text, re.DOTALL)
        assert drawn is not None
        return [found.replace("&amp;", "&") for found in re.findall(r'<a href="([^"]+)"', drawn[0])]

    assert "/space?resource=pods" in hrefs("/space")
    assert "/space?resource=pods&namespace=shop" in hrefs("/space?resource=pods")
    assert "/object?key=/registry/pods/shop/crashloop" in hrefs("/space?resource=pods&namespace=shop")
    assert all("/registry/minions/" in href for href in hrefs("/space?resource=nodes"))


def test_a_namespace_without_keys_is_not_found(filled: FlaskClient) -> None:
    assert filled.get("/space?namespace=none-such").status_code == 404


def test_metrics_have_the_bytes_of_each_type(filled: FlaskClient) -> None:
    rows = filled.get("/api/v1/space").get_json()["rows"]
    pods = next(row for row in rows if row["resource"] == "pods")

    text = filled.get("/metrics").text
    assert f'etcdview_value_bytes{{group="",resource="pods"}} {float(pods["bytes"])}' in text
    assert "etcdview_facts_complete 1.0" in text


def test_without_facts_the_page_counts_names_and_says_how_to_have_sizes(capture: Path) -> None:
    off = create_app(settings_of(capture), open_cluster(settings_of(capture))).test_client()

    page = off.get("/space").text
    answer = off.get("/api/v1/space").get_json()

    assert "--facts auto" in page
    assert answer["complete"] is False
    assert answer["total"]["bytes"] is None
    assert answer["total"]["keys"] == sum(row["keys"] for row in answer["rows"]) > 500
    assert "etcdview_value_bytes{" not in off.get("/metrics").text


def test_facts_that_wait_are_begun_by_an_operator(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdview.index.facts.live.AUTO_BYTES", 1)
    monkeypatch.setattr("etcdview.index.facts.live.QUIET_SECONDS", 3600.0)
    cluster = with_facts(lab.hostile_cluster(capture), asked=False)
    assert cluster.facts is not None
    cluster.facts._set(replace(cluster.facts.status, state="waiting"))  # as a pass that read too much leaves it
    made = lab.build(tmp_path, cluster)
    nina, olga = made.logged_in("nina"), made.logged_in("olga")

    assert "Read all values</button>" not in nina.get("/space").text
    assert "An operator or admin" in nina.get("/space").text
    assert "Read all values</button>" in olga.get("/space").text
    assert post(nina, "/space", "/account").status_code == 403
    assert post(olga, "/space", "/space").status_code == 303

    completed(cluster.facts)
    assert "Largest objects" in olga.get("/space").text
    cluster.close()


def test_markup_in_names_stays_text_in_the_treemap_and_the_tables(capture: Path, tmp_path: Path) -> None:
    cluster = with_facts(lab.hostile_cluster(capture))
    client = lab.build(tmp_path, cluster).as_token("ann")

    for address in ("/space", "/space?resource=pods", "/space?namespace=shop"):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert "<img" not in text.partition('<main id="main"')[2]
    cluster.close()


def test_a_narrowed_role_sees_the_sums_of_its_part(capture: Path, tmp_path: Path) -> None:
    cluster = with_facts(lab.hostile_cluster(capture))
    made = lab.build(tmp_path, cluster)
    nina, vera = made.as_token("nina"), made.as_token("vera")

    page = nina.get("/space").text
    rows = nina.get("/api/v1/space?by=object").get_json()["rows"]
    everything = vera.get("/api/v1/space?by=object").get_json()["rows"]

    assert "payments" not in page
    assert {row["namespace"] for row in rows} <= {"shop", ""}
    assert all(row["key"].startswith(("/registry/namespaces/shop",)) or "/shop/" in row["key"] for row in rows)
    assert {row["key"]: row["bytes"] for row in rows}.items() <= {r["key"]: r["bytes"] for r in everything}.items()
    assert not [row for row in rows if row["resource"] == "secrets"]
    assert nina.get("/space?resource=pods&namespace=payments").status_code == 403
    cluster.close()


def test_the_command_prints_what_the_api_answers(
    filled: FlaskClient, capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(capture / "encryption-config.yaml")
    source = ["--from", str(capture / "registry.jsonl.gz"), "--encryption-config", config]

    assert run(["space", *source, "-o", "json", "--by", "namespace"]) == 0
    assert json.loads(capsys.readouterr().out) == filled.get("/api/v1/space?by=namespace").get_json()


def test_the_command_prints_a_table_with_the_total_at_its_end(cluster: Cluster) -> None:
    lines = table(space_report(Window(cluster), "resource"))

    assert lines[0].split()[:3] == ["RESOURCE", "KEYS", "SIZE"]
    assert lines[-1].split()[:2] == ["total", "573"]
