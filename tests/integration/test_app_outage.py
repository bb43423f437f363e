"""The pages while members hang, while the quorum is lost, and when all are back: no restart, and no false word."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from webapp import create_app

WEB = "/registry/configmaps/shop/web"
VALUE = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"shop"},"data":{"seen":"yes"}}'


@pytest.fixture
def client(cluster: LocalCluster, etcdctl: Callable[..., str]) -> Iterator[FlaskClient]:
    """The app on the three members, its index loaded."""
    etcdctl("put", WEB, VALUE)
    tls = cluster.tls
    settings = Settings(endpoints=cluster.endpoints, cacert=tls.cacert, cert=tls.cert, key=tls.key)
    opened = open_cluster(settings)
    browser = create_app(settings, opened).test_client()
    until(lambda: browser.get("/readyz").status_code == 200)
    yield browser
    cluster.heal()
    opened.close()


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def members(client: FlaskClient) -> dict[str, bool]:
    return {m["name"]: m["healthy"] for m in client.get("/api/v1/cluster").get_json()["members"]}


def test_one_hanging_member_is_named_and_the_pages_go_on(client: FlaskClient, cluster: LocalCluster) -> None:
    cluster.members[1].pause()
    until(lambda: members(client) == {"cp1": True, "cp2": False, "cp3": True})

    assert "cp2" in client.get("/").text
    assert client.get(f"/api/v1/object?key={WEB}").get_json()["object"]["data"] == {"seen": "yes"}

    cluster.members[1].resume()
    until(lambda: all(members(client).values()))


def test_without_a_quorum_values_are_read_from_one_member_and_every_page_says_so(
    client: FlaskClient, cluster: LocalCluster
) -> None:
    for member in cluster.members[:2]:
        member.pause()
    until(lambda: client.get("/api/v1/cluster").get_json()["verdict"] == "no quorum")

    overview = client.get("/").text
    shown = client.get(f"/api/v1/object?key={WEB}").get_json()

    said = "1 of 3 voters answer"
    registry = client.get("/registry").text
    for shown_page in (overview, registry, client.get("/health").text, client.get("/maintenance").text):
        assert "UNAVAILABLE" not in shown_page
    assert f"{said}; a quorum is 2. Nothing can be written." in overview
    assert f"No quorum: {said}, 2 are needed. Nothing can be written. Reads go on from cp3" in registry
    assert "reads from cp3" in registry
    assert "no connection" not in registry
    assert shown["object"]["data"] == {"seen": "yes"}

    for member in cluster.members[:2]:
        member.resume()
    until(lambda: all(members(client).values()))
    assert "No quorum" not in client.get("/registry").text


def test_the_app_starts_while_nothing_answers_and_recovers_by_itself(cluster: LocalCluster) -> None:
    tls = cluster.tls
    for member in cluster.members:
        member.kill()
    settings = Settings(endpoints=cluster.endpoints, cacert=tls.cacert, cert=tls.cert, key=tls.key)
    opened = open_cluster(settings)
    client = create_app(settings, opened).test_client()
    try:
        assert client.get("/").status_code == 200
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        answer = client.get(f"/object?key={WEB}")
        assert answer.status_code == 503
        assert cluster.endpoints[0].removeprefix("https://") in answer.text

        cluster.heal()
        until(lambda: client.get("/readyz").status_code == 200)
        until(lambda: all(members(client).values()))
    finally:
        cluster.heal()
        opened.close()
