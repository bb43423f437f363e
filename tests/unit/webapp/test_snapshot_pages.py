"""The window on a member's database file: every page that a dump has, and the history that the file still holds."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.stores.files.data_directory import NO_LOG
from etcdview.stores.files.database import NO_HASH
from webapp import create_app

POD = "/registry/pods/shop/crashloop"


@pytest.fixture(scope="module")
def file_client(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A browser on what is left of a member: the captured snapshot without its hash, in a data directory."""
    folder = tmp_path_factory.mktemp("etcd")
    database = folder / "member" / "snap" / "db"
    database.parent.mkdir(parents=True)
    database.write_bytes(gzip.decompress((capture / "snapshot.db.gz").read_bytes())[:-32])
    settings = Settings(from_file=str(folder), encryption_config=str(capture / "encryption-config.yaml"))
    cluster = open_cluster(settings)
    yield create_app(settings, cluster).test_client()
    cluster.close()


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/registry",
        "/registry?resource=pods&namespace=shop",
        "/namespaces",
        f"/object?key={quote(POD)}",
        f"/object?key={quote(POD)}&view=raw",
        "/search?q=mon",
        "/health",
        "/certificates",
        "/storage",
        "/encryption",
        "/space",
        "/api/v1/cluster",
        "/api/v1/keys?prefix=/registry/pods/mon",
    ],
)
def test_every_page_that_a_dump_has_works_on_a_database_file(
    client: FlaskClient, file_client: FlaskClient, address: str
) -> None:
    assert (client.get(address).status_code, file_client.get(address).status_code) == (200, 200)


def test_it_holds_what_the_capture_holds(client: FlaskClient, file_client: FlaskClient) -> None:
    address = "/api/v1/resources"
    found, expected = file_client.get(address).json, client.get(address).json
    for answer in (found, expected):
        del answer["factsComplete"]  # they come in the background
    assert found == expected


def test_every_page_says_what_is_not_read_and_not_checked(file_client: FlaskClient) -> None:
    for address in ("/", "/registry"):
        text = file_client.get(address).text
        assert NO_LOG in text
        assert NO_HASH in text


def test_the_history_is_what_the_file_holds(client: FlaskClient, file_client: FlaskClient) -> None:
    address = f"/api/v1/history?key={quote(POD)}"

    revisions = file_client.get(address).json["revisions"]  # type: ignore[index]

    assert [row["version"] for row in revisions] == list(range(len(revisions), 0, -1))
    assert len(revisions) > 1
    assert revisions[0] == client.get(address).json["revisions"][0]  # type: ignore[index]
    assert file_client.get(f"/history?key={quote(POD)}").status_code == 200
    older = f"/object?key={quote(POD)}&revision={revisions[-1]['modRevision']}"
    assert file_client.get(older).status_code == 200
