"""Watches of the Kubernetes API on a real etcd: every change in order, from the one watch of the index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from tests.integration.indexing import Writer, wait_for, writing
from webapp import create_app

MAPS = "/registry/configmaps/live/"
URL = "/kube/api/v1/namespaces/live/configmaps"


@dataclass
class Kube:
    """The app on a real etcd, and somebody who writes to it."""

    opened: Cluster
    app: Any
    writer: Writer

    def put(self, name: str, text: str = "a", **labels: str) -> int:
        metadata = {"name": name, "namespace": "live", "labels": labels}
        value = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": text}})
        return self.writer.put((MAPS + name).encode(), value=value.encode())

    def delete(self, name: str) -> int:
        return self.writer.delete((MAPS + name).encode())

    def revision(self) -> str:
        """That of a list, once the index is as far."""
        found = self.app.test_client().get(URL).get_json()["metadata"]["resourceVersion"]
        wait_for(lambda: self.opened.index.freshness().revision >= int(found))
        return str(found)

    def watch(self, query: str, accept: str = "") -> Watching:
        response = self.app.test_client().get(f"{URL}?watch=1&timeoutSeconds=20&{query}", headers={"Accept": accept})
        assert response.status_code == 200
        return Watching(response)


class Watching:
    """A watch that is open: `next` gives its next event."""

    def __init__(self, response: TestResponse) -> None:
        self._response = response
        self.lines = response.iter_encoded()

    def next(self) -> Any:
        return json.loads(next(line for line in self.lines if line))

    def seen(self, count: int) -> list[tuple[str, str, str]]:
        """Type, name and text of the next events."""
        events = [self.next() for _ in range(count)]
        return [(e["type"], e["object"]["metadata"]["name"], e["object"]["data"]["text"]) for e in events]

    def close(self) -> None:
        self._response.close()


@pytest.fixture
def kube(plain_etcd: LocalCluster) -> Iterator[Kube]:
    settings = Settings(endpoints=plain_etcd.endpoints, kube_api=True)
    opened = open_cluster(settings)
    app = create_app(settings, opened)
    wait_for(lambda: opened.index.freshness().state == "live")
    with writing(plain_etcd.endpoints[0]) as writer:
        yield Kube(opened, app, writer)
    opened.close()


def test_changes_come_in_order_from_the_revision_of_a_list(kube: Kube) -> None:
    kube.put("before")
    watching = kube.watch(f"resourceVersion={kube.revision()}")

    kube.put("one", "a")
    kube.put("one", "b")
    revision = kube.delete("one")

    assert watching.seen(2) == [("ADDED", "one", "a"), ("MODIFIED", "one", "b")]
    last = watching.next()
    assert (last["type"], last["object"]["data"]["text"]) == ("DELETED", "b")
    assert last["object"]["metadata"]["resourceVersion"] == str(revision)
    watching.close()


def test_without_a_revision_the_present_objects_come_first(kube: Kube) -> None:
    kube.put("one", "a")
    kube.revision()
    watching = kube.watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")

    assert watching.seen(1) == [("ADDED", "one", "a")]
    bookmark = watching.next()
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    kube.put("two", "b")
    assert watching.seen(1) == [("ADDED", "two", "b")]
    watching.close()


def test_an_object_that_no_longer_matches_is_deleted_for_the_client(kube: Kube) -> None:
    watching = kube.watch(f"resourceVersion={kube.revision()}&labelSelector=app%3Dweb")

    kube.put("other", "x", app="db")
    kube.put("one", "a", app="web")
    kube.put("one", "b", app="web")
    kube.put("one", "c", app="db")
    kube.put("one", "d", app="web")

    assert watching.seen(4) == [
        ("ADDED", "one", "a"),
        ("MODIFIED", "one", "b"),
        ("DELETED", "one", "b"),
        ("ADDED", "one", "d"),
    ]
    watching.close()


def test_a_table_tells_its_columns_once(kube: Kube) -> None:
    watching = kube.watch(f"resourceVersion={kube.revision()}", "application/json;as=Table;g=meta.k8s.io;v=v1")

    kube.put("one")
    kube.put("one", "b")
    first, second = watching.next()["object"], watching.next()["object"]

    assert [c["name"] for c in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["columnDefinitions"] is None
    assert first["rows"][0]["cells"][:2] == ["one", 1]
    watching.close()


def test_a_revision_that_is_too_old_is_expired(kube: Kube) -> None:
    watching = kube.watch("resourceVersion=1")

    found = watching.next()

    assert (found["type"], found["object"]["code"], found["object"]["reason"]) == ("ERROR", 410, "Expired")


@pytest.mark.parametrize("selector", ["", "&labelSelector=app%3Dweb"])
def test_a_deletion_whose_value_etcd_no_longer_has_makes_the_client_list_again(kube: Kube, selector: str) -> None:
    kube.put("one", app="web")
    revision = kube.revision()
    kube.delete("one")
    kube.writer.compact(kube.put("two", app="web"))
    kube.revision()

    found = kube.watch(f"resourceVersion={revision}{selector}").next()

    assert (found["type"], found["object"]["code"]) == ("ERROR", 410)


def test_a_watch_from_now_on_skips_what_is_there(kube: Kube) -> None:
    kube.put("one")
    kube.revision()
    watching = kube.watch("sendInitialEvents=false&resourceVersionMatch=NotOlderThan")

    assert next(watching.lines) == b""
    kube.put("two")
    assert watching.seen(1)[0][1] == "two"
    watching.close()


def test_a_client_that_reads_too_late_is_expired_and_costs_nothing_until_then(kube: Kube) -> None:
    watching = kube.watch(f"resourceVersion={kube.revision()}")
    kube.put("one")
    assert watching.seen(1)[0][1] == "one"

    events = kube.opened.events(b"/registry/")
    assert events is not None
    events.reloaded()

    assert watching.next()["object"]["code"] == 410


def test_objects_of_a_deleted_definition_are_read_in_the_past(kube: Kube) -> None:
    names = {"plural": "toys", "kind": "Toy", "singular": "toy", "listKind": "ToyList"}
    spec = {"group": "example.org", "scope": "Cluster", "names": names}
    spec |= {"versions": [{"name": "v1", "served": True, "storage": True}]}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
    kinds, toys = b"/registry/apiextensions.k8s.io/customresourcedefinitions/", b"/registry/example.org/toys/"
    toy = {"apiVersion": "example.org/v1", "kind": "Toy", "metadata": {"name": "bear"}}
    kube.writer.put(
        kinds + b"toys.example.org", value=json.dumps(definition | {"metadata": {"name": "toys.example.org"}}).encode()
    )
    revision = kube.writer.put(toys + b"bear", value=json.dumps(toy).encode())
    kube.writer.delete(toys + b"bear")
    kube.writer.delete(kinds + b"toys.example.org")
    kube.revision()

    now = kube.app.test_client().get("/kube/apis/example.org/v1/toys")
    then = kube.app.test_client().get(f"/kube/at/{revision}/apis/example.org/v1/toys").get_json()
    groups = kube.app.test_client().get(f"/kube/at/{revision}/apis").get_json()["groups"]

    assert now.status_code == 404
    assert [o["metadata"]["name"] for o in then["items"]] == ["bear"]
    assert "example.org" in {group["name"] for group in groups}


def test_fifty_watches_are_one_watch_for_etcd(kube: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    revision = kube.revision()
    watching = [kube.watch(f"resourceVersion={revision}") for _ in range(50)]
    reads = []
    source = kube.opened.source
    monkeypatch.setattr(source, "range", lambda request, real=source.range: (reads.append(request), real(request))[1])

    kube.put("one", "a")
    kube.delete("one")

    for each in watching:
        assert each.seen(2) == [("ADDED", "one", "a"), ("DELETED", "one", "a")]
        each.close()
    assert len([request for request in reads if request.start.startswith(MAPS.encode())]) <= 1
