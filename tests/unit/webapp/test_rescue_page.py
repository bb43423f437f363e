"""/rescue: what a backup has and the cluster lacks, with the commands that bring it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.stores.files.dump import read_dump, write_dump
from webapp import create_app


@pytest.fixture(scope="module")
def client(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A cluster that lacks the Deployments and the events of the namespace shop."""
    left = tmp_path_factory.mktemp("left") / "left.jsonl"
    kvs = read_dump(capture / "registry.jsonl.gz")
    write_dump((kv for kv in kvs if b"/deployments/" not in kv.key and b"/events/shop/" not in kv.key), left)
    settings = Settings(from_file=str(left), compare=(str(capture / "registry.jsonl.gz"),), facts="off")
    cluster = open_cluster(settings)
    yield create_app(settings, cluster).test_client()
    cluster.close()


def test_the_missing_objects_stand_there_without_events_and_with_commands(client: FlaskClient) -> None:
    page = client.get("/rescue?from=registry.jsonl.gz&namespace=shop").text

    for name in ("cart", "catalog", "checkout"):
        assert f"deployments.apps/shop/{name}" in page
    assert "events" not in page
    assert "etcdview rescue -n shop --from registry.jsonl.gz -o bundle" in page


def test_nothing_is_compared_unasked_and_an_unknown_backup_is_said(client: FlaskClient) -> None:
    assert "Bring it back" not in client.get("/rescue").text
    answer = client.get("/rescue?from=nosuch")
    assert (answer.status_code, "Unknown source" in answer.text) == (400, True)


def test_a_server_without_backups_says_how_to_name_one(capture: Path) -> None:
    settings = Settings(from_file=str(capture / "registry.jsonl.gz"), facts="off")
    cluster = open_cluster(settings)

    assert "--compare FILE" in create_app(settings, cluster).test_client().get("/rescue").text
    cluster.close()
