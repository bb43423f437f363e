"""The page of events: the newest first, with how often each happened, and links to what they are about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from etcdview.pages.registry import page as pages
from etcdview.pages.registry.page import RegistryPage, registry_page
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.registry.reading import query_table
from tests.unit.pages.registry_of import kv, obj, window_on


def event(name: str, seen: str, **more: Any) -> Any:
    about = {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"}
    fields = {"reason": "BackOff", "type": "Warning", "lastTimestamp": seen, "involvedObject": about} | more
    return kv(f"/registry/events/shop/{name}", obj("Event", "shop", name, **fields))


def ago(now: datetime, seconds: int) -> str:
    return (now - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(now: datetime, **query: Any) -> RegistryPage:
    window = window_on(
        [
            event("a-day-and-more", ago(now, 100_020), count=9),
            event("b-newest", ago(now, 3), type="Normal"),
            event("c-a-day", ago(now, 100_000), involvedObject={"kind": "Pod", "namespace": "shop", "name": "gone"}),
            event("d-series", "", series={"count": 4, "lastObservedTime": ago(now, 60)}),
            event("e-unknown", ""),
            kv("/registry/events/shop/f-broken", b"k8s\0\xff\xff"),
            kv("/registry/pods/shop/web", obj("Pod", "shop", "web")),
        ]
    )
    found = registry_page(window, RegistryQuery("events", **query), now)
    assert found is not None
    assert found.table is not None
    return found


def names(found: RegistryPage) -> list[str]:
    assert found.table is not None
    return [row.name.partition("-")[0] for row in found.table.rows]


def test_a_page_has_the_newest_first_to_the_second_and_what_is_unknown_last(now: datetime) -> None:
    found = shown(now, roomy=True)

    assert names(found) == ["b", "d", "c", "a", "e", "f"]
    assert (found.usual_order, found.query.sort) == (True, "last seen")
    assert found.table is not None
    assert found.table.heads[0].order == "ascending"


def test_programs_and_other_orders_stay_as_they_were(now: datetime) -> None:
    assert names(shown(now)) == ["a", "b", "c", "d", "e", "f"]
    assert names(shown(now, roomy=True, sort="-last seen"))[0] == "e"
    window = window_on([event("b", ago(now, 9)), event("a", ago(now, 99))])
    assert [row.name for row in query_table(window, RegistryQuery("events"), now).rows] == ["a", "b"]


def test_what_was_checked_is_told_for_filters_and_other_orders_and_for_what_cannot_be_decoded(now: datetime) -> None:
    whole = registry_page(window_on([event("a", ago(now, 9))]), RegistryQuery("events", roomy=True), now)
    assert whole is not None

    assert not whole.shows_scan
    assert [shown(now, roomy=True, **query).shows_scan for query in ({}, {"text": "back"}, {"sort": "type"})] == [
        True
    ] * 3


def test_more_events_than_a_page_reads_keep_the_order_of_their_keys_without_facts(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "READ_FOR_ORDER", 3)
    found = shown(now, roomy=True)

    assert names(found) == ["a", "b", "c", "d", "e", "f"]
    assert found.usual_order
    assert not found.shows_scan


def test_an_event_says_how_often_it_happened_and_leads_to_its_object(now: datetime) -> None:
    found = shown(now, roomy=True)
    assert found.table is not None
    rows = {row.name.partition("-")[0]: row for row in found.table.rows}

    assert [(name, rows[name].times) for name in "abdf"] == [("a", 9), ("b", 1), ("d", 4), ("f", 1)]
    assert [rows[name].severity for name in "ab"] == ["warning", "done"]
    assert [(cell.text, cell.href) for cell in rows["a"].cells if cell.text.startswith("pod/")] == [
        ("pod/web", "/object?key=/registry/pods/shop/web")
    ]
