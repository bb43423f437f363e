"""Facets: what they count is what the lists hold that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from etcdview.access.roles import LOCAL, Scope
from etcdview.cluster.window import Window
from etcdview.models import KeyValue
from etcdview.pages.registry import facets
from etcdview.pages.registry.page import RegistryPage, registry_page
from etcdview.pages.registry.query import RegistryQuery
from tests.unit.pages.registry_of import kv, obj, window_on
from tests.unit.pages.test_problems_by_facts import CRASHING, Known


def pod(namespace: str, name: str, node: str, status: dict[str, Any]) -> KeyValue:
    made = obj("Pod", namespace, name, spec={"nodeName": node} if node else {}, status=status)
    return kv(f"/registry/pods/{namespace}/{name}", made)


PENDING = {"phase": "Pending"}
KVS = (
    kv("/registry/minions/n1", obj("Node", "", "n1", status={"conditions": [{"type": "Ready", "status": "True"}]})),
    pod("pay", "pending", "", PENDING),
    pod("shop", "a", "n1", CRASHING),
    pod("shop", "b", "n2", CRASHING),
    pod("shop", "c", "n1", {"phase": "Succeeded"}),
)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    made = window_on(KVS)
    made.cluster.facts = Known(tmp_path, KVS)  # type: ignore[assignment]
    yield made
    made.cluster.close()


def page(window: Window, now: datetime, **query: Any) -> RegistryPage:
    found = registry_page(window, RegistryQuery(**query), now)
    assert found is not None
    return found


def values(found: RegistryPage) -> dict[str, dict[str, int | None]]:
    return {facet.name: {value.text: value.count for value in facet.values} for facet in found.facets.facets}


def test_facets_count_what_the_list_holds(window: Window, now: datetime) -> None:
    assert values(page(window, now, resource="pods")) == {
        "Namespace": {"shop": 3, "pay": 1},
        "State": {"unhealthy": 3, "healthy": 1},
        "Status": {"CrashLoopBackOff": 2, "Pending": 1, "Succeeded": 1},
        "Node": {"n1": 2, "n2": 1},
    }


def test_each_value_leads_to_exactly_what_it_counts(window: Window, now: datetime) -> None:
    for chosen in ({}, {"node": "n1"}, {"namespace": "shop", "state": "unhealthy"}, {"status": "CrashLoopBackOff"}):
        for facet in page(window, now, resource="pods", **chosen).facets.facets:
            for value in facet.values:
                table = page(window, now, **dict(parse_qsl(urlsplit(value.href).query))).table
                assert table is not None
                assert value.chosen or table.count == value.count, (chosen, value)


def test_without_facts_a_status_is_read_from_the_objects(now: datetime) -> None:
    table = page(window_on(KVS), now, resource="pods", status="CrashLoopBackOff").table

    assert table is not None
    assert [row.name for row in table.rows] == ["a", "b"]


def test_a_chosen_value_stays_and_leads_back(window: Window, now: datetime) -> None:
    (state,) = (f for f in page(window, now, resource="pods", state="unknown").facets.facets if f.name == "State")

    assert (state.values[0].text, state.values[0].count, state.values[0].chosen) == ("unknown", 0, True)
    assert state.values[0].href == "/registry?resource=pods"


def test_a_type_with_one_value_of_each_has_no_facets(window: Window, now: datetime) -> None:
    assert values(page(window, now, resource="nodes")) == {}


def test_beyond_a_bound_the_counts_are_said_to_be_of_a_part(
    window: Window, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = {"resource": "pods"}
    several = {**every, "state": "unhealthy", "status": "CrashLoopBackOff"}
    monkeypatch.setattr(facets, "COUNTED", 2)

    assert values(page(window, now, **every))["Status"] == {"CrashLoopBackOff": 2, "Pending": 1, "Succeeded": 1}
    assert page(window, now, **every).facets.counted == 0  # sums tell of all
    assert page(window, now, **several).facets.counted == 2


@pytest.mark.parametrize("namespace", ["", "pay", "shop"])
@pytest.mark.parametrize("most", [1, 2, 3, 20])
@pytest.mark.parametrize("chosen", [{}, {"state": "unhealthy"}, {"node": "n1"}, {"status": "Pending"}])
def test_no_facet_says_none_of_what_was_not_counted(
    window: Window, now: datetime, monkeypatch: pytest.MonkeyPatch, namespace: str, most: int, chosen: dict[str, str]
) -> None:
    monkeypatch.setattr(facets, "COUNTED", most)

    for facet in page(window, now, resource="pods", namespace=namespace, **chosen).facets.facets:
        for value in facet.values:
            table = page(window, now, **dict(parse_qsl(urlsplit(value.href).query))).table
            assert table is not None
            assert facet.whole or value.count != 0
            assert value.chosen or not facet.whole or table.count == value.count


def test_a_chosen_namespace_is_counted_whole_where_its_type_is_not(
    window: Window, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "COUNTED", 2)

    found = page(window, now, resource="pods", namespace="pay", status="Pending").facets

    assert {facet.name: (facet.whole, facet.values[0].text, facet.values[0].count) for facet in found.facets} == {
        "Namespace": (False, "pay", 1),
        "Status": (True, "Pending", 1),
    }
    assert (found.counted, found.parts) == (2, "namespace")


def test_words_and_missing_facts_leave_facets_out(window: Window, now: datetime) -> None:
    assert values(page(window, now, resource="pods", text="a")) == {}
    assert values(page(window_on(KVS), now, resource="pods")) == {}


def test_a_viewer_of_a_part_sees_counts_of_that_part(window: Window, now: datetime) -> None:
    narrow = Window(window.cluster, replace(LOCAL, scope=Scope(("pay",))))
    assert values(page(narrow, now, resource="pods")) == {}
    assert values(page(narrow, now, resource="pods", status="Pending")) == {"Status": {"Pending": 1}}
