"""Tables filtered and ordered by names and facts show what reading every value would show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cluster import kept_columns
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.facts_process import filler_starter
from etcdview.cluster.window import Window
from etcdview.codec import Codec
from etcdview.config import Settings
from etcdview.errors import QueryError
from etcdview.index import names_for
from etcdview.index.facts.database import new_folder
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.live import Facts
from etcdview.kube.keys import KeySpace
from etcdview.pages.content_search import ContentQuery, content_found
from etcdview.pages.registry import by_column, reading, selecting
from etcdview.pages.registry.listing import TableRow
from etcdview.pages.registry.page import registry_page
from etcdview.pages.registry.query import Labels, RegistryQuery
from etcdview.pages.registry.reading import Scan, TableRows, query_table
from etcdview.stores.files.dump import open_dump
from tests.integration.indexing import wait_for

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SELECTORS = ("app=cart", "app", "!app", "app!=cart", "tier in (web,db)", "app=cart,!canary", "app=none")


@pytest.fixture(scope="module")
def windows(capture: Path) -> Iterator[dict[str, Window]]:
    """The captured registry with facts and without, and as somebody with a narrow role sees it with facts."""
    path, keyspace, codec = capture / "registry.jsonl.gz", KeySpace(), Codec()
    store = open_dump(path)
    index = names_for(store, keyspace)
    facts = Facts(
        index, Extractor(codec, keyspace, lambda: NOW), filler_starter(Settings(from_file=str(path))), new_folder,
        unbounded=True, live=False,
    )  # fmt: skip
    facts.start()
    try:
        wait_for(lambda: facts.status.complete, lambda: facts.status)
        given: dict[str, Any] = {"name": "x", "store": store, "index": index, "codec": codec, "keyspace": keyspace}
        known = Cluster(**given, facts=facts)
        narrow = Viewer("team", "viewer", Scope(namespaces=("shop",)))
        yield {
            "facts": Window(known, LOCAL),
            "plain": Window(Cluster(**given), LOCAL),
            "narrow facts": Window(known, narrow),
            "narrow plain": Window(Cluster(**given), narrow),
        }
    finally:
        facts.close()


def table(window: Window, **query: Any) -> TableRows:
    return query_table(window, RegistryQuery(limit=500, **query), NOW)


def pages_of(window: Window, query: RegistryQuery) -> list[TableRows]:
    """All pages of a list, each behind the one before."""
    pages = [query_table(window, query, NOW)]
    while pages[-1].next_after is not None:
        pages.append(query_table(window, replace(query, after=pages[-1].next_after), NOW))
    return pages


def shown(found: TableRows) -> list[tuple[bytes, tuple[str, ...]]]:
    return [(row.key, row.texts) for row in found.rows]


@pytest.mark.parametrize("who", ["", "narrow "])
@pytest.mark.parametrize("resource", ["pods", "deployments.apps", "configmaps", "backups.example.org"])
@pytest.mark.parametrize("selector", SELECTORS)
def test_labels_by_facts_are_those_of_the_values(
    windows: dict[str, Window], who: str, resource: str, selector: str
) -> None:
    query = {"resource": resource, "labels": Labels.parse(selector)}
    by_facts, by_values = table(windows[f"{who}facts"], **query), table(windows[f"{who}plain"], **query)

    assert shown(by_facts) == shown(by_values)
    assert (by_facts.count, by_facts.complete) == (by_values.count, True)


@pytest.mark.parametrize("who", ["", "narrow "])
@pytest.mark.parametrize("selector", ["app=cart", "!app", "tier in (web,db)"])
def test_labels_are_found_in_content_by_facts_as_by_values(windows: dict[str, Window], who: str, selector: str) -> None:
    query = ContentQuery(selector, "labels", resource="pods", namespace="shop")
    whole = [content_found(windows[f"{who}{known}"], query, 500) for known in ("facts", "plain")]

    assert whole[0].hits == whole[1].hits
    assert all(found.progress.complete for found in whole)
    assert whole[0].progress.looked == whole[1].progress.looked == whole[0].progress.total


@pytest.mark.parametrize("text", ["cart", "shop running", "crashloop", "1/1", "web-0 pending", "0", "kube-system", "x"])
@pytest.mark.parametrize("labels", ["", "app"])
@pytest.mark.parametrize("known", ["facts", "plain"])
def test_words_find_what_reading_everything_finds(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, text: str, labels: str, known: str
) -> None:
    query = {"resource": "pods", "text": text, "labels": Labels.parse(labels)}
    whole = table(windows["plain"], **query)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 10)  # more pods than are read: names and facts come first
    found = table(windows[known], **query)

    assert whole.complete
    if known == "facts" and text not in ("1/1", "0"):  # these may stand in cells with figures, which facts do not keep
        assert (shown(found), found.complete) == (shown(whole), True)
        return
    assert not found.complete
    assert set(shown(found)) <= set(shown(whole))
    named = [row for row in whole.rows if all(word in f"{row.namespace}/{row.name}" for word in text.split())]
    assert labels or {row.key for row in named} <= {row.key for row in found.rows}


@pytest.mark.parametrize("who", ["", "narrow "])
@pytest.mark.parametrize(
    ("resource", "text", "labels"),
    [
        ("services", "clusterip", ""),
        ("services", "kube cluster", ""),
        ("services", "no-such-word", ""),
        ("deployments.apps", "registry.k8s.io", ""),
        ("deployments.apps", "cart", "app"),
        ("serviceaccounts", "default", ""),
        ("pods", "10.", ""),
        ("persistentvolumeclaims", "bound", ""),
        ("backups.example.org", "bucket", ""),
        ("backups.example.org", "true", ""),  # a CRD's column Ready holds words
    ],
)
def test_words_in_cells_that_facts_do_not_keep_are_found_in_all_objects(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, who: str, resource: str, text: str, labels: str
) -> None:
    query = {"resource": resource, "text": text, "labels": Labels.parse(labels), "wide": True}
    whole = table(windows[f"{who}plain"], **query)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    found = table(windows[f"{who}facts"], **query)

    assert (shown(found), found.count, found.complete) == (shown(whole), whole.count, True)


def test_what_an_api_service_says_beside_its_figure_is_found(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"resource": "apiservices.apiregistration.k8s.io", "text": "true"}
    whole = table(windows["plain"], **query)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)

    assert whole.rows
    assert shown(table(windows["facts"], **query)) == shown(whole)


def test_cells_are_kept_up_to_a_bound_and_a_smaller_part_makes_room(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"resource": "services", "text": "no-such-word"}  # without -o wide: no other test reads these columns
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    monkeypatch.setattr(by_column, "STRETCH", 3)
    monkeypatch.setattr(kept_columns, "MOST_BYTES", 600)
    whole, part = table(windows["facts"], **query), table(windows["facts"], namespace="kube-system", **query)

    assert whole.scan is not None
    assert (whole.complete, whole.scan.goes_on) == (False, False)
    assert whole.scan.seen < whole.scan.total
    assert part.complete


def test_a_search_in_cells_says_what_is_not_checked_yet_and_goes_on_with_the_next_request(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"resource": "endpointslices.discovery.k8s.io", "text": "ipv4"}
    whole = table(windows["plain"], **query)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    monkeypatch.setattr(by_column, "READ_SECONDS", 0.0)  # each request reads one stretch
    monkeypatch.setattr(by_column, "STRETCH", 3)
    seen, found = [], table(windows["facts"], **query)
    while not found.complete:
        assert found.scan is not None
        assert found.scan.goes_on
        seen.append(found.scan.seen)
        found = table(windows["facts"], **query)

    assert len(whole.rows) > 3
    assert seen == sorted(set(seen))
    assert seen
    assert shown(found) == shown(whole)


def test_an_open_page_goes_on_by_itself_until_all_is_checked(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = RegistryQuery(resource="endpointslices.discovery.k8s.io", sort="ports", wide=True)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    monkeypatch.setattr(by_column, "READ_SECONDS", 0.0)  # each request reads one stretch
    monkeypatch.setattr(by_column, "STRETCH", 3)
    counted, polls = [], [query.href()]
    while polls[-1]:
        page = registry_page(windows["facts"], query, NOW)
        assert page is not None
        assert page.table is not None
        counted.append(page.table.count)
        polls.append(page.table.poll_href)

    assert set(polls[:-1]) == {query.href()}
    assert len(counted) > 2
    assert counted == sorted(set(counted))


@pytest.mark.parametrize("text", ["", "5"])  # what may be a figure is looked for in the values
def test_an_open_page_does_not_read_the_same_objects_again_and_again(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    query = RegistryQuery(
        resource="pods", sort="ip", wide=True, text=text, labels=Labels.parse("" if text else "app"), state="healthy"
    )
    monkeypatch.setattr(reading, "SCAN_LIMIT", 2)
    page = registry_page(windows["facts" if text else "plain"], query, NOW)

    assert page is not None
    assert page.table is not None
    assert page.table.scan is not None
    assert page.table.scan.seen < page.table.scan.total
    assert page.table.poll_href == ""


def test_a_word_for_a_state_is_found_by_facts_wherever_the_object_is(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table(windows["plain"], resource="pods", text="CrashLoopBackOff")
    monkeypatch.setattr(reading, "SCAN_LIMIT", len(whole.rows))

    assert whole.rows
    assert shown(table(windows["facts"], resource="pods", text="CrashLoopBackOff")) == shown(whole)


@pytest.mark.parametrize(
    ("who", "resource"),
    [("", "pods"), ("narrow ", "pods"), ("narrow ", "replicasets.apps"), ("", "configmaps"), ("", "nodes")],
)
@pytest.mark.parametrize("query", [{"state": "unhealthy"}, {"state": "healthy", "text": "e"}, {"node": "worker-1"}])
def test_states_and_nodes_by_facts_are_those_of_the_values(
    windows: dict[str, Window], who: str, resource: str, query: dict[str, Any]
) -> None:
    by_facts, by_values = (table(windows[f"{who}{known}"], resource=resource, **query) for known in ("facts", "plain"))

    assert (shown(by_facts), by_facts.count) == (shown(by_values), by_values.count)
    assert by_facts.complete


@pytest.mark.parametrize("sort", ["status", "-status", "node", "-node"])
def test_pods_in_the_order_of_status_and_node_by_facts_are_as_by_values(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    whole = table(windows["plain"], resource="pods", sort=sort, wide=True)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    found = table(windows["facts"], resource="pods", sort=sort, wide=True)

    assert (shown(found), found.complete) == (shown(whole), True)


@pytest.mark.parametrize("sort", ["name", "-name", "namespace", "size", "-size", "rewrites", "-rewrites"])
@pytest.mark.parametrize("resource", ["pods", "secrets"])
def test_an_order_by_facts_is_that_of_the_values(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, sort: str, resource: str
) -> None:
    whole = table(windows["plain"], resource=resource, sort=sort)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    found = table(windows["facts"], resource=resource, sort=sort)

    assert [row.key for row in found.rows] == [row.key for row in whole.rows]
    assert found.complete


@pytest.mark.parametrize("sort", ["age", "-age"])
def test_an_order_by_age_is_that_of_the_times_of_creation(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    found = table(windows["facts"], resource="pods", sort=sort)
    times = [(row.entry.object or {})["metadata"]["creationTimestamp"] for row in found.rows]

    assert found.complete
    assert times == sorted(times, reverse=sort == "age")


@pytest.mark.parametrize(
    ("who", "namespace"), [("", ""), ("", "kube-system"), ("", "shop"), ("narrow ", ""), ("narrow ", "shop")]
)
@pytest.mark.parametrize(
    ("resource", "sort"), [("events", "age"), ("events", "-age"), ("pods", "size"), ("pods", "-size")]
)
def test_pages_of_a_long_list_come_from_an_index_in_the_same_order(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, who: str, namespace: str, resource: str, sort: str
) -> None:
    query = RegistryQuery(resource=resource, namespace=namespace, sort=sort, limit=7)
    whole = query_table(windows[f"{who}facts"], replace(query, limit=500), NOW)
    monkeypatch.setattr(selecting, "ORDERED_LIMIT", 0)
    pages = pages_of(windows[f"{who}facts"], query)
    rows = [row for page in pages for row in page.rows]

    def measure(row: TableRow) -> object:
        if resource == "pods":
            return row.entry.size_bytes
        return (row.entry.object or {})["metadata"]["creationTimestamp"]

    assert list(map(measure, rows)) == list(map(measure, whole.rows))
    assert {row.key for row in rows} == {row.key for row in whole.rows}
    assert [page.start for page in pages] == [7 * n for n in range(len(pages))]
    assert [page.before for page in pages[2:]] == [page.rows[-1].key for page in pages[:-2]]
    assert all(page.complete and page.count == len(rows) for page in pages)


def test_a_page_of_a_long_list_behind_a_row_that_is_gone_says_so(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "ORDERED_LIMIT", 0)

    with pytest.raises(QueryError, match="has been deleted"):
        table(windows["facts"], resource="events", sort="age", after=b"/registry/events/shop/nowhere")


@pytest.mark.parametrize("who", ["", "narrow "])
@pytest.mark.parametrize("narrowed", [{"labels": Labels.parse("app")}, {"state": "healthy"}, {"status": "Running"}])
def test_pages_of_a_filtered_long_list_come_from_an_index_in_the_same_order(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, who: str, narrowed: dict[str, Any]
) -> None:
    query = RegistryQuery(resource="pods", sort="-size", limit=4, **narrowed)
    whole = query_table(windows[f"{who}facts"], replace(query, limit=500), NOW)
    monkeypatch.setattr(selecting, "ORDERED_LIMIT", 0)
    pages = pages_of(windows[f"{who}facts"], query)
    rows = [row for page in pages for row in page.rows]

    assert [row.entry.size_bytes for row in rows] == [row.entry.size_bytes for row in whole.rows]
    assert {row.key for row in rows} == {row.key for row in whole.rows}
    assert len(rows) > 4
    assert all(page.complete and page.count == len(rows) for page in pages)


@pytest.mark.parametrize("most", [3, 7, 30])
def test_of_too_many_objects_the_first_are_looked_at_and_the_rest_is_not_called_empty(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    whole = table(windows["facts"], resource="pods")
    named = [key for key, _ in shown(table(windows["facts"], resource="pods", text="cart"))]
    monkeypatch.setattr(selecting, "MOST_SELECTED", most)
    found = table(windows["facts"], resource="pods", text="cart")
    ordered = table(windows["facts"], resource="pods", sort="name")
    labelled = table(windows["facts"], resource="pods", labels=Labels.parse("app"), sort="name")

    assert [key for key, _ in shown(found)] == named  # names are found wherever they are
    assert not found.complete
    assert ordered.scan == Scan(most, whole.count, 0, all_named=False)
    assert found.scan is not None
    assert found.scan.all_named
    assert labelled.scan is not None
    assert labelled.scan.seen <= whole.count
    assert {row.key for row in ordered.rows} == {row.key for row in whole.rows[:most]}
    assert len(labelled.rows) <= most
    assert labelled.complete == (len(labelled.rows) < most)


def test_a_word_of_more_states_than_are_held_is_not_called_looked_for_everywhere(
    windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    query: dict[str, Any] = {"resource": "pods", "text": "running", "labels": Labels.parse("app")}
    whole = table(windows["facts"], **query)
    monkeypatch.setattr(selecting, "MOST_SAID", len(whole.rows) - 1)
    part = table(windows["facts"], **query)

    assert whole.complete
    assert 0 < len(part.rows) < len(whole.rows)
    assert not part.complete


def test_a_word_that_was_not_looked_for_everywhere_leads_to_the_search_in_content(windows: dict[str, Window]) -> None:
    def address(**query: Any) -> str:
        page = registry_page(windows["facts"], RegistryQuery(resource="pods", **query), NOW)
        assert page is not None
        return page.content_href

    assert address(text="cart") == "/search/content?kind=text&q=cart&resource=pods"
    assert address(text="cart", namespace="shop") == "/search/content?kind=text&q=cart&resource=pods&namespace=shop"
    assert [address(text="cart web"), address(text="cart", state="healthy"), address()] == ["", "", ""]


def test_pages_of_a_filter_by_facts_go_on_where_the_one_before_ended(windows: dict[str, Window]) -> None:
    query = RegistryQuery(resource="pods", labels=Labels.parse("app"), sort="-size", limit=7)
    whole = [row.key for row in table(windows["facts"], resource="pods", labels=query.labels, sort="-size").rows]

    assert [row.key for page in pages_of(windows["facts"], query) for row in page.rows] == whole
    assert len(whole) > 14
