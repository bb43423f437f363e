"""Comparing on the page and in the API: as the command does, within the sources that the server was given."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.errors import FileFormatError
from webapp import create_app


@pytest.fixture(scope="module")
def files(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "s.db").write_bytes(gzip.decompress((capture / "snapshot.db.gz").read_bytes()))
    return folder


@pytest.fixture(scope="module")
def settings(capture: Path, files: Path) -> Settings:
    return Settings(
        from_file=str(files / "s.db"),
        encryption_config=str(capture / "encryption-config.yaml"),
        compare=(str(capture / "registry.jsonl.gz"),),
        facts="off",
    )


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[FlaskClient]:
    cluster = open_cluster(settings)
    yield create_app(settings, cluster).test_client()
    cluster.close()


def test_the_page_names_the_sources_and_compares_nothing_unasked(client: FlaskClient) -> None:
    page = client.get("/compare").text

    assert "<code>s.db</code>, <code>registry.jsonl.gz</code>" in page
    assert "By type and namespace" not in page


def test_page_api_and_command_find_the_same(
    client: FlaskClient, files: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    api = client.get("/api/v1/compare?from=s.db@600&to=s.db&namespace=shop&limit=10000").get_json()
    page = client.get("/compare?from=s.db@600&to=s.db&namespace=shop").text
    path = files / "s.db"
    run(
        [
            "diff",
            f"{path}@600",
            str(path),
            "-n",
            "shop",
            "-o",
            "json",
            "--encryption-config",
            settings.encryption_config,
        ]
    )
    command = json.loads(capsys.readouterr().out)

    assert api["complete"] is True
    assert api["counts"] == command["counts"]
    assert api["changes"] == [change for change in command["changes"] if not change.get("isNoise")]
    assert f"{api['counts']['added']} added, {api['counts']['removed']} removed" in page
    assert "spec.template.spec.containers[checkout].image" in page
    assert 'href="/object?key=/registry/deployments/shop/cart"' in page


def test_a_file_beside_it_is_compared_too(client: FlaskClient) -> None:
    found = client.get("/api/v1/compare?from=registry.jsonl.gz&to=s.db").get_json()

    assert found["counts"] == {"added": 0, "removed": 0, "changed": 0}
    assert "no difference." in client.get("/compare?from=registry.jsonl.gz&to=s.db").text


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("from=nosuch&to=s.db", 400, "Unknown source"),
        ("from=s.db@x&to=s.db", 400, "Unknown source"),
        ("from=/etc/passwd&to=s.db", 400, "Unknown source"),
        ("from=live&to=s.db", 400, "Unknown source"),
        ("from=s.db@99999&to=s.db", 400, "ends at revision 1,201"),
        ("from=registry.jsonl.gz@3&to=s.db", 410, "holds revision 1201 only"),
        ("from=s.db&to=s.db&resource=podz", 400, "podz"),
    ],
)
def test_what_cannot_be_compared_is_said(client: FlaskClient, query: str, status: int, said: str) -> None:
    for address in ("/compare", "/api/v1/compare"):
        answer = client.get(f"{address}?{query}")
        assert (answer.status_code, said in answer.text) == (status, True), address


def test_no_more_changes_than_wanted_are_listed(client: FlaskClient) -> None:
    found = client.get("/api/v1/compare?from=s.db@600&to=s.db&limit=2").get_json()

    assert len(found["changes"]) == 2
    assert found["more"] > 10


def test_a_file_to_compare_with_that_cannot_be_read_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\1" * 100)

    with pytest.raises(FileFormatError, match="neither a registry dump"):
        open_cluster(Settings(from_file=settings.from_file, compare=(str(path),), facts="off"))
