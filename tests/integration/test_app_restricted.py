"""The pages for an etcd user who may read a part of the registry: that part whole, the rest named as not permitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from webapp import create_app

Etcdctl = Callable[..., str]
WEB = "/registry/configmaps/shop/web"
VALUE = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"shop"},"data":{"seen":"yes"}}'


@pytest.fixture
def restricted(plain_etcd: LocalCluster, plain_etcdctl: Etcdctl) -> Iterator[str]:
    """An etcd with logins, whose user `viewer` may read /registry/configmaps/ alone."""
    plain_etcdctl("put", WEB, VALUE)
    plain_etcdctl("put", "/registry/secrets/shop/hidden", "x")
    for command in (
        ("user", "add", "root:root"),
        ("user", "grant-role", "root", "root"),
        ("role", "add", "some"),
        ("role", "grant-permission", "some", "read", "/registry/configmaps/", "--prefix=true"),
        ("user", "add", "viewer:v"),
        ("user", "grant-role", "viewer", "some"),
        ("auth", "enable"),
    ):
        plain_etcdctl(*command)
    yield plain_etcd.endpoints[0]
    plain_etcdctl("--user=root:root", "auth", "disable")
    for command in (("user", "delete", "root"), ("user", "delete", "viewer"), ("role", "delete", "some")):
        plain_etcdctl(*command)


@pytest.fixture
def client(restricted: str) -> Iterator[FlaskClient]:
    """The app as that user, told of two prefixes of which one is permitted."""
    prefixes = ("/registry/configmaps/", "/registry/secrets/")
    settings = Settings(endpoints=(restricted,), user="viewer", password="v", prefixes=prefixes)
    opened = open_cluster(settings)
    browser = create_app(settings, opened).test_client()
    deadline = time.monotonic() + 30
    while not opened.index.freshness().complete or not opened.index.tree().denied:
        assert time.monotonic() < deadline, opened.index.freshness()
        time.sleep(0.1)
    yield browser
    opened.close()


def test_the_permitted_part_is_shown_and_the_other_is_named(client: FlaskClient) -> None:
    tree = client.get("/registry").text
    assert "configmaps" in tree
    assert "/registry/secrets/" in tree
    assert "web" in client.get("/registry?resource=configmaps&namespace=shop").text
    assert client.get(f"/api/v1/object?key={WEB}").get_json()["object"]["data"] == {"seen": "yes"}
    assert client.get("/search?q=web&mode=contains").status_code == 200


def test_what_is_not_permitted_is_a_403_that_says_who_forbids_it(client: FlaskClient) -> None:
    denied = client.get("/registry?resource=secrets")
    assert denied.status_code == 403
    assert "does not permit reading /registry/secrets/" in denied.text
    outside = client.get("/registry?resource=pods")
    assert outside.status_code == 403
    assert "outside the prefixes" in outside.text


def test_a_search_through_the_forbidden_part_says_that_it_is_not_whole(client: FlaskClient) -> None:
    found = client.get("/api/v1/keys?prefix=/registry/").get_json()
    assert [item["key"] for item in found["keys"]] == [WEB]
    assert found["complete"] is False
    assert client.get("/api/v1/keys?prefix=/registry/secrets/").status_code == 403


def test_the_other_pages_stand(client: FlaskClient) -> None:
    for address in ("/", "/health", "/watch", "/namespaces", "/storage", "/certificates", "/encryption", "/space"):
        assert client.get(address).status_code == 200, address
