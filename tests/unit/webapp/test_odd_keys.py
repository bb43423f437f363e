"""Keys that no Kubernetes would write: shown, found, opened, and harmless."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app

ODD = (
    b"noslash",
    b"/",
    b"//",
    b"/registry/",
    b"/registry/pods//nameless",
    b"/registry/pods/shop/",
    b"/registry/pods/shop/\xff\xfe",
    b"/registry/<script>alert(1)</script>",
    b"/registry/../../etc/passwd",
    b"/registry/a b&c=d#e%41?f",
    "/registry/snow/☃".encode(),
    b"\x00\x01\x02",
)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """The app over a dump of odd keys and one pod."""
    rows = [{"key64": base64.b64encode(key).decode(), "value": "AAEC", "mod_revision": 7} for key in ODD]
    pod = base64.b64encode(b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"}}').decode()
    rows.append({"key64": base64.b64encode(b"/registry/pods/shop/web").decode(), "value": pod, "mod_revision": 8})
    dump = tmp_path / "odd.jsonl"
    dump.write_text("\n".join(map(json.dumps, rows)))
    settings = Settings(from_file=str(dump))
    return create_app(settings, open_cluster(settings)).test_client()


def test_they_have_a_group_of_their_own_with_a_true_count(client: FlaskClient) -> None:
    html = client.get("/registry").text
    page = client.get("/registry?resource=unplaced").text

    assert 'href="/registry?resource=unplaced"' in html
    assert len(re.findall(r'href="/object\?key', page)) == len(ODD)


def test_each_can_be_found_and_opened_by_the_link_that_is_shown(client: FlaskClient) -> None:
    page = client.get("/registry?resource=unplaced").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/object\?key[^"]+)"', page)]

    for link in links:
        for view in ("summary", "yaml", "json", "wire", "raw"):
            assert client.get(f"{link}&view={view}").status_code == 200, link
    assert len(set(links)) == len(ODD)


def test_all_keys_are_told_by_the_api_with_their_bytes(client: FlaskClient) -> None:
    body = client.get("/api/v1/keys?contains=").get_json()
    found = {base64.urlsafe_b64decode(row["key64"] + "==") for row in body["keys"]}

    assert found == {*ODD, b"/registry/pods/shop/web"}


@pytest.mark.parametrize("path", ["/registry?resource=unplaced", "/search?q=script", "/search?q=%3Cscript%3E"])
def test_a_script_in_a_key_stays_text(client: FlaskClient, path: str) -> None:
    html = client.get(path).text.replace("<mark>", "").replace("</mark>", "")  # what was searched for

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
