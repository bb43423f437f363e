"""Pages of the past: as of a revision (/at/REVISION/...), and of deleted keys (/deleted/...)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from etcdview.cluster import past
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.past import PastClusters
from etcdview.config import Settings
from etcdview.errors import BusyError
from etcdview.index.base import KeyIndex
from etcdview.kube.keys import KeySpace
from etcdview.stores.protocols import Store
from tests.security.lab import PASSWORDS, log_in, write_users
from webapp import create_app

GONE = "/registry/pods/shop/checkout-784dd5cfcb-6k4cn"


@pytest.fixture(scope="module")
def guarded(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """On the captured snapshot, with a login."""
    users = tmp_path_factory.mktemp("users") / "users.json"
    write_users(users)
    users.chmod(0o600)
    settings = Settings(
        from_file=str(capture / "snapshot.db.gz"),
        encryption_config=str(capture / "encryption-config.yaml"),
        users_file=str(users),
        facts="off",
        secret_key="0" * 32,
    )
    cluster = open_cluster(settings)
    yield create_app(settings, cluster)
    cluster.close()


def person(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    assert log_in(client, name, PASSWORDS[name]).status_code == 303
    return client


@pytest.fixture(scope="module")
def vera(guarded: Flask) -> FlaskClient:
    return person(guarded, "vera")


def test_a_page_leads_to_itself_at_a_revision_and_every_link_stays_there(vera: FlaskClient) -> None:
    led = vera.get("/registry?resource=pods&at=1,000&namespace=shop")
    assert (led.status_code, led.location) == (303, "/at/1000/registry?resource=pods&namespace=shop")
    page = vera.get(led.location)

    assert page.status_code == 200
    assert "As of revision 1,000; the newest in this file is 1,201." in page.text
    links = re.findall(r'(?:href|src|action|hx-get|hx-post)="(/[^"]*)"', page.text)
    assert len(links) > 40
    assert [link for link in links if not link.startswith("/at/1000/")] == []
    assert "href='/registry?resource=pods&amp;namespace=shop'" in page.text
    assert vera.get("/at/1000/?at=1100").location == "/at/1100/"
    assert vera.get("/health?at=2100-01-01T00:00Z").location == "/at/1201/health"


@pytest.mark.parametrize("path", ["/", "/registry", "/search?q=pods", "/namespaces", "/storage", "/api/v1/resources",
                                  "/health", f"/object?key={quote(GONE)}", f"/history?key={quote(GONE)}"])  # fmt: skip
def test_all_of_them_show_the_past(vera: FlaskClient, path: str) -> None:
    assert vera.get(f"/at/1000{path}").status_code == 200


@pytest.mark.parametrize("path", ["/space", "/namespaces", "/storage"])
def test_a_page_of_the_past_promises_no_facts(vera: FlaskClient, path: str) -> None:
    page = vera.get(f"/at/1000{path}").text

    assert [word for word in ("--facts", "once they are known", "so far") if word in page] == []
    assert "Of other moments and files there are none." in page


def test_what_was_deleted_since_is_there_and_among_the_deleted(vera: FlaskClient) -> None:
    def names(begin: str) -> list[str]:
        keys = vera.get(f"{begin}/api/v1/keys?prefix=/registry/pods/shop/").get_json()["keys"]
        return [key["key"] for key in keys]

    now, then = names(""), names("/at/1000")
    assert GONE in then
    assert GONE not in now
    assert names("/deleted") == [key for key in then if key not in now]
    assert names("/at/1000/deleted") == []
    assert "Running" in vera.get(f"/deleted/object?key={quote(GONE)}").text


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/at/9999/", 400, "ends at revision 1,201, before 9,999"),
        ("/at/0/", 404, "There is no page at this address"),
        ("/?at=yesterday", 400, "is not a revision"),
    ],
)
def test_a_revision_that_is_not_there_is_told_and_links_lead_to_the_present(
    vera: FlaskClient, path: str, status: int, says: str
) -> None:
    page = vera.get(path)

    assert (page.status_code, says in page.text) == (status, True)
    assert 'href="/registry"' in page.text


def test_the_past_cannot_be_changed(guarded: Flask) -> None:
    ann = person(guarded, "ann")
    token = re.search(r'name="csrf_token" value="([^"]+)"', ann.get("/at/1000/account").text)
    assert token
    for path in ("/delete", "/edit/apply", "/delete-prefix"):
        answer = ann.post(f"/at/1000{path}", data={"csrf_token": token[1]})
        assert (answer.status_code, "The past cannot be changed" in answer.text) == (405, True)


def test_roles_hold_in_the_past(guarded: Flask) -> None:
    secret = quote("/registry/secrets/payments/db-credentials")
    for begin in ("/at/1000", "/deleted"):
        assert guarded.test_client().get(f"{begin}/registry").status_code == 303
        assert guarded.test_client().get(f"{begin}/api/v1/resources").status_code == 401
        assert person(guarded, "nina").get(f"{begin}/object?key={secret}").status_code == 403
        kinds = person(guarded, "nina").get(f"{begin}/api/v1/resources").get_json()["resources"]
        assert not [kind for kind in kinds if kind["resource"] == "secrets" and kind["count"]]


def test_a_file_without_a_past_says_so(client: FlaskClient) -> None:
    for path, says in (("/at/7/", "has no past"), ("/deleted/", "has no deleted keys to show")):
        page = client.get(path)
        assert (page.status_code, says in page.text) == (400, True)


@pytest.fixture
def now(capture: Path) -> Iterator[Cluster]:
    cluster = open_cluster(Settings(from_file=str(capture / "snapshot.db.gz"), facts="off"))
    yield cluster
    cluster.close()


def test_few_of_them_are_kept(now: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "KEPT", 2)
    pasts = PastClusters(now)
    opened = [pasts.get(revision) for revision in (1000, 1001, 1002)]

    assert pasts.get(1002) is opened[2]
    assert pasts.get(1001) is opened[1]
    assert pasts.get(1000) is not opened[0]
    assert now.index.freshness().revision == 1201


def test_fewer_are_kept_of_many_keys(now: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "KEPT_KEYS", 1200)
    pasts = PastClusters(now)
    opened = [pasts.get(revision) for revision in (1000, 1001, 1002)]

    assert 400 < opened[2].index.tree().count < 600
    assert [pasts.get(1002), pasts.get(1001)] == [opened[2], opened[1]]
    assert pasts.get(1000) is not opened[0]


def test_what_requests_hold_in_the_past_counts_with_that_of_now(now: Cluster) -> None:
    assert PastClusters(now).get(1000).held is now.held


def test_one_that_is_being_opened_keeps_nobody_waiting_who_wants_another(
    now: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    pasts, gate, begun = PastClusters(now), threading.Event(), threading.Semaphore(0)
    kept, index = pasts.get(1000), past.names_for

    def names_for(store: Store, keyspace: KeySpace) -> KeyIndex:
        begun.release()
        assert gate.wait(10)
        return index(store, keyspace)

    monkeypatch.setattr(past, "names_for", names_for)
    monkeypatch.setattr(past, "WAIT_SECONDS", 0.0)
    with ThreadPoolExecutor(4) as pool:
        opening = [pool.submit(pasts.get, revision) for revision in (1001, 1002)]
        assert all(begun.acquire(timeout=10) for _ in opening)

        assert pasts.get(1000) is kept
        with pytest.raises(BusyError):
            pasts.get(1003)
        again = pool.submit(pasts.get, 1001)
        gate.set()
        assert again.result() is opening[0].result()
    assert len(pasts._kept) == 3
