"""Below a prefix every address that a browser gets has it; a prefix that nobody set is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.wrappers import Response

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.config.values import url_prefix
from etcdview.errors import SettingError
from webapp import create_app

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz"
ADDRESS = re.compile(r'(?:href|src|action|formaction|hx-get|hx-post)="([^"]*)"')
SET_BY_OTHERS = {"SCRIPT_NAME": "/etcdview"}


@pytest.fixture(scope="module")
def opened() -> Iterator[Cluster]:
    cluster = open_cluster(Settings(from_file=str(CAPTURE)))
    yield cluster
    cluster.close()


def client(opened: Cluster, prefix: str = "", **settings: object) -> Client:
    return create_app(
        Settings(from_file=str(CAPTURE), url_prefix=prefix, **settings),  # type: ignore[arg-type]
        opened,
    ).test_client()


def nothing(_: object, start: object) -> Iterable[bytes]:
    return BytesIO(b"")


@pytest.mark.parametrize("path", ["/", "/registry", "/api/v1/cluster", "/static/css/tokens.css", "/nosuch"])
def test_below_a_prefix_that_is_not_set_every_answer_says_so(opened: Cluster, path: str) -> None:
    app = create_app(Settings(from_file=str(CAPTURE)), opened)
    mounted = Client(DispatcherMiddleware(nothing, {"/etcdview": app}), Response)
    below, by_variable = mounted.get(f"/etcdview{path}"), app.test_client().get(path, environ_overrides=SET_BY_OTHERS)

    for answer in (below, by_variable):
        assert answer.status_code == 500
        assert "Set url-prefix to it." in answer.text
        assert "href" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert app.test_client().get("/").status_code == 200


def test_every_address_of_every_page_that_links_lead_to_is_below_the_prefix(opened: Cluster) -> None:
    """A page of each kind: followed once for each of its first two steps and its view."""
    asked = client(opened, "/ops/etcdview")
    todo, kinds = ["/ops/etcdview/"], set()
    while todo:
        path = todo.pop()
        assert path.startswith("/ops/etcdview"), path
        kind = (path.split("?")[0], *re.findall(r"[?&]view=\w+", path))
        if kind in kinds:
            continue
        kinds.add(kind)
        answer = asked.get(path, buffered=True)
        if answer.status_code == 302:  # a part of a page, asked for as a page
            todo.append(answer.headers["Location"])
            continue
        assert answer.status_code in (200, 204, 404, 405, 501), (path, answer.status_code)
        if answer.mimetype != "text/html":
            continue
        found = [unescape(address) for address in ADDRESS.findall(answer.text)]
        assert found, path
        assert [a for a in found if a.startswith("/") and not a.startswith("/ops/etcdview/")] == [], path
        assert [a for a in found if a.count("/ops/etcdview") > 1] == [], path
        assert re.findall(r'hx-get="[^"]*#[^"]*"', answer.text) == [], path  # htmx would scroll there by itself
        todo += [a.partition("#")[0] for a in found if a.startswith("/")]
    assert len(kinds) > 30


@pytest.mark.parametrize("path", ["/etcdview/registry", "/registry"])
def test_a_proxy_may_leave_the_prefix_or_strip_it(opened: Cluster, path: str) -> None:
    answer = client(opened, "/etcdview").get(path, buffered=True)

    assert answer.status_code == 200
    assert 'href="/etcdview/search"' in answer.text
    assert 'data-root="/etcdview"' in answer.text


@pytest.mark.parametrize(
    ("peer", "sent", "root"),
    [
        ("10.1.2.3", "/team/etcdview", "/team/etcdview"),
        ("10.1.2.3", "/team/etcdview/", "/team/etcdview"),
        ("10.1.2.3", "/a, /b", ""),
        ("10.1.2.3", '/"><script>', ""),
        ("10.1.2.3", "//evil.example", ""),
        ("127.0.0.1", "/team/etcdview", ""),
    ],
)
def test_a_prefix_is_taken_from_a_trusted_proxy_only(opened: Cluster, peer: str, sent: str, root: str) -> None:
    asked = client(opened, trusted_proxies=("10.0.0.0/8",), insecure_no_login=True, listen="0.0.0.0:8000")

    answer = asked.get("/", headers={"X-Forwarded-Prefix": sent}, environ_overrides={"REMOTE_ADDR": peer})

    assert f'data-root="{root}"' in answer.text
    assert f'href="{root}/registry"' in answer.text


def test_redirects_lead_below_the_prefix(opened: Cluster, tmp_path: Path) -> None:
    users = tmp_path / "users.json"
    users.write_text('{"users": []}')
    answer = client(opened, "/etcdview", users_file=str(users)).get("/etcdview/registry")

    assert answer.status_code in (302, 303)
    assert answer.headers["Location"].startswith("/etcdview/login?next=")


@pytest.mark.parametrize("prefix", ["/api", "/registry/x"])
def test_a_prefix_that_begins_as_our_own_addresses_is_refused(opened: Cluster, prefix: str) -> None:
    with pytest.raises(SettingError, match="begins as an address of etcdview's own"):
        client(opened, prefix)


@pytest.mark.parametrize("path", ["etcdview", "//x", "/a/../b", "/a b", "/a?b", "https://x/y", "/ä"])
def test_what_is_not_a_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a path such as /etcdview"):
        url_prefix(path)


def test_a_slash_behind_it_is_dropped() -> None:
    assert (url_prefix("/ops/etcdview/"), url_prefix("/"), url_prefix("")) == ("/ops/etcdview", "", "")


@pytest.mark.parametrize("begin", ["/etcdview", "/etcdview/at/1201"])
def test_the_next_page_of_a_csv_is_below_the_prefix_and_in_the_same_past(tmp_path: Path, begin: str) -> None:
    settings = Settings(from_file=str(CAPTURE.with_name("snapshot.db.gz")), url_prefix="/etcdview", facts="off")
    asked = create_app(settings).test_client()

    answer = asked.get(f"{begin}/registry?resource=pods&format=csv&limit=30")

    assert answer.headers["Link"].startswith(f"<{begin}/registry?resource=pods&")
    following = asked.get(answer.headers["Link"].removeprefix("<").partition(">")[0])
    assert (following.status_code, following.mimetype) == (200, "text/csv")
