"""Events in a second etcd, as kube-apiserver's --etcd-servers-overrides has it: read with the first as one picture."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from etcdview.cli.main import cli
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.sources import open_live
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import UsageError
from etcdview.index.base import Announcing, Changing
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, pieces_of, write_facts
from etcdview.models import Range
from etcdview.pages.parts.positions import position_text
from etcdview.stores.paging import PieceReader
from etcdview.stores.routed import PinnedRevision, revision_of
from tests.integration.conftest import run_etcdctl
from tests.integration.indexing import wait_for, writing
from tests.integration.test_space import told_revision
from webapp import create_app

REGISTRY = (b"/registry/", b"/registry0")
EVENT = '{"apiVersion":"v1","kind":"Event","metadata":{"name":"%s","namespace":"shop"},"reason":"%s"}'
POD = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}'


@pytest.fixture(scope="module")
def second_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Another etcd, at a revision far below the first one's."""
    with LocalCluster(tmp_path_factory.mktemp("second"), ("second",)) as running:
        yield running


@pytest.fixture
def settings(plain_etcd: LocalCluster, second_etcd: LocalCluster) -> Settings:
    """A pod in the first etcd, events in the second, and an old event that was left behind in the first."""
    run_etcdctl(second_etcd, "del", "", "--from-key=true")
    run_etcdctl(plain_etcd, "put", "/registry/pods/shop/web", POD)
    run_etcdctl(plain_etcd, "put", "/registry/events/shop/left-behind", EVENT % ("left-behind", "Old"))
    run_etcdctl(plain_etcd, "put", "/registry/services/specs/shop/web", "{}")
    run_etcdctl(second_etcd, "put", "/registry/events/shop/web.1", EVENT % ("web.1", "Pulled"))
    override = f"/events#{';'.join(second_etcd.endpoints)}"
    return Settings(endpoints=plain_etcd.endpoints, etcd_servers_overrides=(override,), kube_api=True, facts="off")


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Cluster, FlaskClient]]:
    cluster = open_cluster(settings)
    try:
        wait_for(lambda: cluster.index.freshness().state == "live", cluster.index.freshness)
        yield cluster, create_app(settings, cluster).test_client()
    finally:
        cluster.close()


def test_both_etcds_are_one_registry_for_pages_and_the_api(settings: Settings, second_etcd: LocalCluster) -> None:
    with opened(replace(settings, facts="on")) as (cluster, client):
        tree = {r["resource"]: r["count"] for r in client.get("/api/v1/resources").get_json()["resources"]}
        assert tree == {"events": 1, "pods": 1, "services": 1}
        assert "Pulled" in client.get("/registry?resource=events").text
        assert "left-behind" not in client.get("/search?q=shop").text
        assert "web.1" in client.get("/search?q=web").text
        wait_for(
            lambda: client.get("/api/v1/space").get_json()["complete"], lambda: cluster.facts and cluster.facts.status
        )
        assert client.get("/api/v1/space").get_json()["total"]["keys"] == 3
        entry = client.get("/api/v1/object?key=/registry/events/shop/web.1").get_json()
        assert entry["object"]["reason"] == "Pulled"
        revision = entry["modRevision"]
        assert revision < cluster.index.freshness().revision

        run_etcdctl(second_etcd, "put", "/registry/events/shop/web.1", EVENT % ("web.1", "Started"))
        wait_for(lambda: "Started" in client.get("/registry?resource=events").text, cluster.index.freshness)
        older = client.get(f"/api/v1/object?key=/registry/events/shop/web.1&revision={revision}").get_json()
        assert older["object"]["reason"] == "Pulled"
        history = client.get("/api/v1/history?key=/registry/events/shop/web.1").get_json()["revisions"]
        assert [one["object"]["reason"] for one in history] == ["Started", "Pulled"]


def test_the_facts_are_as_of_the_first_etcds_revision_and_know_the_second_ones(
    settings: Settings, plain_etcd: LocalCluster, second_etcd: LocalCluster
) -> None:
    with opened(replace(settings, facts="on")) as (cluster, client):
        facts = cluster.facts
        assert facts is not None
        wait_for(lambda: facts.status.complete, lambda: facts.status)
        run_etcdctl(plain_etcd, "put", "/registry/pods/shop/later", POD)
        run_etcdctl(second_etcd, "put", "/registry/events/shop/later", EVENT % ("later", "Later"))

        def revisions() -> list[int]:
            found = facts.status.revision
            return [revision_of(found, 0), revision_of(found, 1)] if isinstance(found, PinnedRevision) else [found]

        wanted = [told_revision(plain_etcd), told_revision(second_etcd)]
        wait_for(lambda: revisions() == wanted, lambda: (facts.status, wanted))
        assert client.get("/api/v1/space").get_json()["revision"] == wanted[0]


def test_a_pass_asks_the_second_etcd_no_more_than_the_first(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Range] = []
    create(tmp_path / "facts.db")
    with opened(settings) as (cluster, _), closing(FactWriter(tmp_path / "facts.db")) as writer:
        assert isinstance(cluster.index, Announcing)
        parts = cluster.index.followed()
        pieces = tuple(piece for part in parts for piece in pieces_of(cluster.index, part))
        store = open_live(settings)
        read = store.range
        monkeypatch.setattr(store, "range", lambda request: (asked.append(request), read(request))[1])
        extractor = Extractor(cluster.codec, cluster.keyspace, lambda: datetime.now(UTC))
        write_facts(store, writer, extractor, Pass(pieces), lambda keys, size: None)
        store.close()

    assert {part.source for part in parts} == {0, 1}
    assert len(asked) == len(pieces)
    assert all(request.serializable for request in asked)  # none was behind, so the quorum was not asked


def test_the_changes_of_each_etcd_are_followed_by_its_own_revisions(
    settings: Settings, second_etcd: LocalCluster
) -> None:
    with opened(settings) as (cluster, client):
        run_etcdctl(second_etcd, "put", "/registry/events/shop/new", EVENT % ("new", "New"))
        wait_for(lambda: "new" in client.get("/registry?resource=events").text, cluster.index.freshness)
        assert "/registry/events/shop/new" in client.get("/watch?prefix=/registry/events/").text
        listed = client.get("/kube/api/v1/namespaces/shop/events").get_json()
        since = int(listed["metadata"]["resourceVersion"]) - 1
        watch = client.get(f"/kube/api/v1/events?watch=1&resourceVersion={since}&timeoutSeconds=1").text
        assert [json.loads(line)["object"]["reason"] for line in watch.splitlines()] == ["New"]


def test_the_past_has_the_second_etcd_at_the_revision_it_had_at_that_moment(
    settings: Settings, plain_etcd: LocalCluster, second_etcd: LocalCluster
) -> None:
    with opened(settings) as (cluster, client):
        then = cluster.index.freshness().revision
        assert isinstance(then, PinnedRevision)
        run_etcdctl(second_etcd, "put", "/registry/events/shop/web.1", EVENT % ("web.1", "Before"))
        wait_for(lambda: "Before" in client.get("/registry?resource=events").text, cluster.index.freshness)
        run_etcdctl(plain_etcd, "put", "/registry/pods/shop/later", POD)
        wait_for(lambda: cluster.index.freshness().revision > then, cluster.index.freshness)
        run_etcdctl(second_etcd, "put", "/registry/events/shop/web.1", EVENT % ("web.1", "After"))
        wait_for(lambda: "After" in client.get("/registry?resource=events").text, cluster.index.freshness)

        page = client.get(f"/registry?resource=pods&at={int(then)}", follow_redirects=True)
        before = then.of(1) + 1
        address = f"/at/{int(then)}.{before}"
        assert page.request.script_root.endswith(address) or address in page.history[0].headers["Location"]
        assert f"it is shown at its revision {before:,}" in page.text
        events = client.get(f"{address}/registry?resource=events").text
        assert "Before" in events
        assert "left-behind" not in events
        for name in ("events", "ev", "event"):  # as pages take a type's names
            own = client.get(f"/registry?resource={name}&at={then.of(1)}", follow_redirects=True).text
            assert "Pulled" in own
        listed = client.get(f"/kube/at/{int(then)}/api/v1/namespaces/shop/events").get_json()
        assert [one["reason"] for one in listed["items"]] == ["Before"]
        assert listed["metadata"]["resourceVersion"] == str(before)


def test_a_moment_that_the_second_etcd_is_not_known_at_leaves_out_what_it_holds_and_says_so(settings: Settings) -> None:
    store = open_live(settings)
    revision = store.range(Range(b"\0")).revision
    store.close()
    with opened(settings) as (_, client):
        page = client.get(f"/at/{revision - 1}/registry?resource=events").text
        assert "whose revision at that moment is not known: it is not in this past" in page
        assert "left-behind" not in page
        answer = client.get(f"/kube/at/{revision - 1}/api/v1/namespaces/shop/events")
        assert answer.status_code == 400
        assert "whose revision at that moment is not known" in answer.get_json()["message"]


def test_the_health_page_shows_the_second_etcds_endpoints_as_such(
    settings: Settings, second_etcd: LocalCluster
) -> None:
    with opened(settings) as (cluster, client):
        wait_for(lambda: cluster.beside[0].monitor.latest().facts is not None, cluster.beside)
        page = client.get("/health").text
    assert "The etcd of <code>/events</code>" in " ".join(page.split())
    assert second_etcd.endpoints[0] in page


def test_a_command_reads_both(settings: Settings, second_etcd: LocalCluster) -> None:
    words = ["--endpoints", settings.endpoints[0], "--etcd-servers-overrides", settings.etcd_servers_overrides[0]]
    done = CliRunner().invoke(cli, ["get", "pods,events", "-A", "-o", "name", *words], standalone_mode=False)
    assert done.stdout.split() == ["pod/web", "event/web.1"]
    found = CliRunner().invoke(cli, ["search", "web", *words], standalone_mode=False)
    assert found.stdout.split() == [
        "/registry/events/shop/web.1",
        "/registry/pods/shop/web",
        "/registry/services/specs/shop/web",
    ]


@pytest.mark.parametrize("limit", [0, 2])
def test_a_range_over_both_is_read_in_order_and_pinned_to_a_revision_of_each(
    settings: Settings, plain_etcd: LocalCluster, second_etcd: LocalCluster, limit: int
) -> None:
    store = open_live(settings)
    keys = [b"/registry/events/shop/web.1", b"/registry/pods/shop/web", b"/registry/services/specs/shop/web"]
    try:
        first = store.range(Range(*REGISTRY, limit=limit))
        assert [kv.key for kv in first.kvs] == (keys[:limit] if limit else keys)
        assert (first.count, first.more) == (3, 0 < limit < 3)

        for etcd in (plain_etcd, second_etcd):
            run_etcdctl(etcd, "put", "/registry/pods/shop/web", "later")
            run_etcdctl(etcd, "put", "/registry/events/shop/web.1", "later")
        again = store.range(Range(*REGISTRY, revision=first.revision))
        assert [kv.value for kv in again.kvs if kv.value == b"later"] == []
        many = store.get_many(keys, revision=first.revision)
        assert sorted(many) == keys
        assert b"later" not in {kv.value for kv in many.values()}
        paged = [kv.key for piece in PieceReader(store, first=1).read(*REGISTRY) for kv in piece.kvs]
        assert paged == keys
        with pytest.raises(UsageError, match="several etcds"):
            store.watch(*REGISTRY, 1)
    finally:
        store.close()


def test_a_change_goes_to_the_etcd_that_holds_the_key(settings: Settings, second_etcd: LocalCluster) -> None:
    store = open_live(settings)
    try:
        store.put(b"/registry/events/shop/made", b"{}", mod_revision=0)
        assert "made" in run_etcdctl(second_etcd, "get", "/registry/events/shop/made")
        with pytest.raises(UsageError, match="several etcds"):
            store.delete_many({b"/registry/events/shop/made": 1, b"/registry/pods/shop/web": 1})
    finally:
        store.close()


def test_the_watch_page_has_the_changes_of_both_etcds_each_by_its_own_revisions(
    settings: Settings, plain_etcd: LocalCluster, second_etcd: LocalCluster
) -> None:
    with writing(plain_etcd.endpoints[0]) as writer:  # other tests wrote more than a page lists
        writer.compact(writer.put(b"/elsewhere"))
    run_etcdctl(plain_etcd, "put", "/registry/pods/shop/web", POD)
    with opened(settings) as (cluster, client):
        names = cluster.index
        assert isinstance(names, Changing)
        first = client.get("/watch?prefix=/registry/&calm=0").text
        assert "/registry/pods/shop/web" in first
        assert "/registry/events/shop/web.1" in first, "what was before etcdview began to watch"
        position = names.changes.revision_below(b"/registry/")

        run_etcdctl(second_etcd, "put", "/registry/events/shop/new", EVENT % ("new", "New"))
        wait_for(lambda: names.changes.since(position, b"/registry/").changes, cluster.index.freshness)
        run_etcdctl(plain_etcd, "put", "/registry/pods/shop/later", POD)
        wait_for(lambda: len(names.changes.since(position, b"/registry/").changes) == 2, cluster.index.freshness)
        page = client.get("/watch?prefix=/registry/&calm=0").text
        assert page.index("/registry/pods/shop/later") < page.index("/registry/events/shop/new")
        assert "a revision of the etcd that holds /events" in page
        assert "Changes of several etcds have no common order" in page

        asked = {"prefix": "/registry/", "calm": "0", "since": position_text(position)}
        news = client.get("/watch", query_string=asked, headers={"HX-Request": "true", "HX-Target": "news"}).text
        assert "/registry/events/shop/new" in news
        assert "/registry/pods/shop/web" not in news
        paused = client.get("/watch", query_string={"calm": "0", "pause": position_text(position)}).text
        assert "/registry/events/shop/new" not in paused


def test_a_watch_over_both_has_the_changes_of_each_as_they_come(
    settings: Settings, plain_etcd: LocalCluster, second_etcd: LocalCluster
) -> None:
    words = ["--endpoints", settings.endpoints[0], "--etcd-servers-overrides", settings.etcd_servers_overrides[0]]
    command = [sys.executable, "-m", "etcdview", "watch", "/registry/", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            assert running.stderr
            begun = running.stderr.readline()
            for number in range(3):
                run_etcdctl(second_etcd, "put", f"/registry/events/shop/e{number}", EVENT % (f"e{number}", "New"))
                run_etcdctl(plain_etcd, "put", f"/registry/pods/shop/p{number}", POD)
                run_etcdctl(plain_etcd, "put", f"/registry/configmaps/shop/c{number}", "{}")  # before the events
                run_etcdctl(plain_etcd, "put", f"/registry/events/shop/stray{number}", "{}")
            run_etcdctl(second_etcd, "del", "/registry/events/shop/e0")
            lines = [running.stdout.readline().split() for _ in range(10)]
        finally:
            running.kill()
    assert " of the etcd that holds /events on" in begun
    events = [line for line in lines if "/events/" in line[2]]
    others = [line for line in lines if line not in events]
    assert [line[2][-2:] for line in others] == ["p0", "c0", "p1", "c1", "p2", "c2"]
    assert [(line[1], line[2][-2:]) for line in events] == [
        ("created", "e0"), ("created", "e1"), ("created", "e2"), ("deleted", "e0")]  # fmt: skip
    for some in (events, others):
        revisions = [int(line[0]) for line in some]
        assert revisions == sorted(set(revisions))


def test_an_events_table_that_is_sorted_follows_the_second_etcd(settings: Settings, second_etcd: LocalCluster) -> None:
    with opened(settings) as (cluster, client):
        assert "Pulled" in client.get("/registry?resource=events&sort=reason").text
        run_etcdctl(second_etcd, "put", "/registry/events/shop/aaa", EVENT % ("aaa", "Zzz"))
        run_etcdctl(second_etcd, "put", "/registry/events/shop/web.1", EVENT % ("web.1", "Zzzz"))
        wait_for(lambda: "Zzzz" in client.get("/registry?resource=events").text, cluster.index.freshness)
        page = client.get("/registry?resource=events&sort=reason").text
        assert page.index("shop/aaa") < page.index("shop/web.1")


def test_a_comparison_with_a_revision_is_of_one_etcd_and_says_what_it_leaves_out(
    settings: Settings, plain_etcd: LocalCluster, second_etcd: LocalCluster
) -> None:
    store = open_live(settings)
    first, second = (store.range(Range(start)).revision for start in (b"/registry/pods/", b"/registry/events/"))
    store.close()
    run_etcdctl(plain_etcd, "put", "/registry/pods/shop/later", POD)
    run_etcdctl(second_etcd, "put", "/registry/events/shop/later", EVENT % ("later", "Later"))
    words = ["--endpoints", settings.endpoints[0], "--etcd-servers-overrides", settings.etcd_servers_overrides[0]]

    done = CliRunner().invoke(cli, ["diff", f"live@{int(first)}", "live", *words], standalone_mode=False)
    assert "+ pods/shop/later" in done.stdout
    assert "events" not in done.stdout
    assert "/events is in another etcd, which has revisions of its own: it is not compared." in done.stderr
    own = CliRunner().invoke(
        cli, ["diff", f"live@{int(second)}", "live", "events", "--all-fields", *words], standalone_mode=False
    )
    assert "+ events/shop/later" in own.stdout
    assert "not compared" not in own.stderr
