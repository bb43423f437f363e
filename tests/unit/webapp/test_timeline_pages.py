"""A folder with several snapshots: every page in each of them, and all of them to compare with."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.cluster.other_files import KEPT_FILES, OtherFiles
from etcdview.config import Settings
from etcdview.stores.files.memory import StaticStore
from webapp import create_app

OLD = "Münster #1 & 50%.db"  # what has to be written otherwise in addresses and in HTML
KEY = "/registry/pods/shop/checkout-784dd5cfcb-6k4cn"


@pytest.fixture(scope="module")
def folder(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two snapshots that differ in one key: in the old one it was not deleted yet, as revision 1,000 tells."""
    found = tmp_path_factory.mktemp("backups")
    content = gzip.decompress((capture / "snapshot.db.gz").read_bytes())
    (found / OLD).write_bytes(content)
    shutil.copy(capture / "snapshot.db.gz", found / "new.db.gz")
    os.utime(found / OLD, (1_760_000_000, 1_760_000_000))
    return found


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[FlaskClient]:
    settings = Settings(from_file=str(folder), facts="off", kube_api=True)
    cluster = open_cluster(settings)
    yield create_app(settings, cluster).test_client()
    cluster.close()


def links(page: str) -> list[str]:
    """Where the switch in the header leads, the newest snapshot first."""
    switch = page[page.index('<details class="timeline">') :].partition("</details>")[0]
    return [link.replace("&amp;", "&") for link in re.findall(r"href='([^']*)'", switch)]


def test_every_page_leads_to_itself_in_the_other_snapshots(client: FlaskClient) -> None:
    page = client.get("/registry?resource=pods&namespace=shop").text
    inside = f"/in/{quote(OLD, safe='')}"
    assert links(page) == [
        "/registry?resource=pods&namespace=shop",
        f"{inside}/registry?resource=pods&namespace=shop",
    ]
    old = client.get(links(page)[1])
    assert old.status_code == 200
    assert links(old.text) == links(page)
    assert "This is the past." not in old.text
    own = re.findall(r'(?:href|src|action|hx-get|hx-post)="(/[^"]*)"', old.text)
    assert len(own) > 40
    assert [link for link in own if not link.startswith(f"{inside}/")] == []


@pytest.mark.parametrize("path", ["/", "/search?q=pods", "/health", "/space", "/api/v1/resources", "/kube/api/v1/pods"])
def test_pages_and_both_apis_show_the_other_snapshot(client: FlaskClient, path: str) -> None:
    assert client.get(f"/in/{quote(OLD, safe='')}{path}").status_code == 200


def test_a_revision_within_another_snapshot(client: FlaskClient) -> None:
    inside = f"/in/{quote(OLD, safe='')}"
    led = client.get(f"{inside}/registry?at=1000&resource=pods")
    assert led.location == f"{inside}/at/1000/registry?resource=pods"
    page = client.get(led.location).text
    assert f"href='{inside}/registry?resource=pods'" in page  # back to the newest of that file
    assert client.get(f"{inside}/at/1000/object?key={quote(KEY)}").status_code == 200
    assert client.get(f"{inside}/deleted/api/v1/keys?prefix={quote(KEY)}").get_json()["count"] == 1


@pytest.mark.parametrize("name", ["absent.db", "..", "%2e%2e", "new.db.gz.bak"])
def test_only_snapshots_of_the_folder_can_be_named(client: FlaskClient, name: str) -> None:
    assert client.get(f"/in/{name}/registry").status_code == 404


def test_all_of_them_can_be_compared(client: FlaskClient, folder: Path) -> None:
    page = client.get("/compare").text
    assert "new.db.gz" in page
    assert "Münster #1 &amp; 50%.db" in page
    found = client.get(f"/api/v1/compare?from={quote(OLD + '@1000')}&to=new.db.gz&resource=pods").get_json()
    assert found["counts"]["removed"] > 0
    assert client.get(f"/api/v1/compare?from={quote(OLD)}&to=new.db.gz").get_json()["counts"] == {
        "added": 0,
        "changed": 0,
        "removed": 0,
    }


def test_a_folder_to_compare_with_offers_all_its_files(folder: Path, capture: Path) -> None:
    settings = Settings(from_file=str(capture / "snapshot.db.gz"), compare=(str(folder),), facts="off")
    cluster = open_cluster(settings)
    try:
        page = create_app(settings, cluster).test_client().get("/compare").text
    finally:
        cluster.close()
    assert "Münster #1 &amp; 50%.db" in page
    assert "new.db.gz" in page


def test_files_are_opened_when_they_are_used_and_let_go_when_others_are() -> None:
    opened: list[str] = []

    def open_path(path: Path) -> StaticStore:
        opened.append(path.name)
        return StaticStore(path.name, [], 1)

    names = [f"{n}.db" for n in range(KEPT_FILES + 1)]
    files = OtherFiles({name: Path(name) for name in names}, open_path)
    assert (list(files), len(files), names[0] in files, opened) == (names, len(names), True, [])
    for name in (*names, names[-1], names[0]):
        assert files[name].name == name
    assert opened == [*names, names[0]]
    assert files.get("other") is None
