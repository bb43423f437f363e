"""/export: what a list shows as a file; the rows of its filters, masked, and the same objects as `etcdview export`."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.pages.tools.object_export import ExportRequest, ObjectExport
from etcdview.recovery.bundle import REMARKS_NAME
from etcdview.stores.files.dump import open_dump, read_dump
from webapp import create_app


@pytest.fixture(scope="module")
def settings(capture: Path) -> Settings:
    return Settings(from_file=str(capture / "registry.jsonl.gz"), facts="off")


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[FlaskClient]:
    cluster = open_cluster(settings)
    yield create_app(settings, cluster).test_client()
    cluster.close()


def names_of(text: str) -> list[str]:
    return [found["metadata"]["name"] for found in yaml.safe_load_all(text) if found]


@pytest.mark.parametrize(
    "filters",
    ["resource=pods", "resource=pods&namespace=shop", "resource=pods&state=unhealthy", "resource=pods&q=crash",
     "resource=pods&labels=app%3Dcart", "resource=pods&node=worker-1", "resource=deployments&namespace=shop&q=cart"],
)  # fmt: skip
def test_the_file_has_exactly_the_rows_of_the_list(client: FlaskClient, filters: str) -> None:
    rows = client.get(f"/api/v1/table?{filters}&limit=500").get_json()["rows"]

    assert names_of(client.get(f"/export?{filters}&as=stream").text) == [row["name"] for row in rows]


def test_the_objects_are_those_of_the_command(client: FlaskClient, settings: Settings, capture: Path) -> None:
    store = open_dump(capture / "registry.jsonl.gz")
    request = ExportRequest(("deployments",), "shop", for_apply=True)
    command = "".join(ObjectExport(store, settings, request).text("stream"))
    answer = client.get("/export?resource=deployments&namespace=shop&as=stream&apply=1")

    assert answer.text.split("# Taken out")[0] == command
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=deployments-shop-")


def test_a_zip_has_a_file_an_object_and_what_has_to_be_said(client: FlaskClient) -> None:
    answer = client.get("/export?q=/shop/cart&mode=contains&as=zip&apply=1")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        said = packed.read(REMARKS_NAME).decode()

    assert any(name.endswith("-deployments.apps/shop/cart.yaml") for name in names)
    assert "status" in said


def test_a_dump_can_be_read_and_has_no_secrets(client: FlaskClient, tmp_path: Path) -> None:
    found = tmp_path / "found.jsonl"
    found.write_bytes(client.get("/export?q=/shop/&mode=contains&as=dump").data)
    keys = {kv.key for kv in read_dump(found)}

    assert b"/registry/deployments/shop/cart" in keys
    assert not any(key.startswith(b"/registry/secrets/") for key in keys)


def test_a_list_of_secrets_is_masked(client: FlaskClient) -> None:
    found = yaml.safe_load(client.get("/export?resource=secrets&as=list").text)

    assert found["items"]
    assert "••" in json.dumps(found["items"][0]["data"], ensure_ascii=False)


def test_what_cannot_be_exported_is_an_error_of_the_request(client: FlaskClient) -> None:
    assert client.get("/export?resource=pods&as=tar").status_code == 400
    assert client.get("/export?resource=pods&as=dump&apply=1").status_code == 400
    assert client.get("/export?resource=nosuch").status_code == 404
    assert client.get("/export?resource=pods&labels=%3D%3D").status_code == 400


def test_lists_offer_it_with_their_filters(client: FlaskClient) -> None:
    page = client.get("/registry?resource=pods&namespace=shop&q=cart").text.split("Export this list")[1]

    assert 'name="q" value="cart"' in page.split("</form>")[0]
    assert "Export this list" in client.get("/search?q=cart").text


@pytest.mark.parametrize(
    "search",
    ["kind=text&q=cart", "kind=text&q=cart&resource=deployments&namespace=shop", "kind=labels&q=app%3Dcart",
     "kind=fields&q=status.phase%3DPending&resource=pods", "kind=text&q=cart&prefix=/registry/pods/shop/"],
)  # fmt: skip
def test_the_search_in_values_is_exported_as_it_is_found(client: FlaskClient, search: str) -> None:
    page = client.get(f"/search/content?{search}").text
    assert "Export this list" in page
    found = client.get(f"/api/v1/content?{search}").get_json()["keys"]
    assert found

    dump = [json.loads(line)["key"] for line in client.get(f"/export?{search}&as=dump").text.splitlines() if line]
    assert dump == [hit["key"] for hit in found if "/secrets/" not in hit["key"]]


@pytest.mark.parametrize("search", ["kind=text&q=", "kind=other&q=x", "kind=jsonpath&q=%7B.x"])
def test_a_search_in_values_that_cannot_be_is_refused_before_anything_is_sent(client: FlaskClient, search: str) -> None:
    assert client.get(f"/export?{search}").status_code == 400


def test_a_level_of_all_keys_is_exported(client: FlaskClient) -> None:
    page = client.get("/registry?prefix=/registry/pods/shop/").text
    assert '<input type="hidden" name="q" value="/registry/pods/shop/">' in page
    names = names_of(client.get("/export?q=/registry/pods/shop/&mode=prefix&as=stream").text)
    assert len(names) == client.get("/api/v1/keys?prefix=/registry/pods/shop/").get_json()["count"]
