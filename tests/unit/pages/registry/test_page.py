"""The registry page: its tree, its crumbs, its addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from etcdview.errors import NotFoundError, QueryError
from etcdview.pages.registry.page import RegistryPage, registry_page
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.registry.sidebar import IN_A_LIST, NAMESPACES_SHOWN, TYPES_SHOWN
from etcdview.pages.registry.table import ObjectTable
from tests.unit.pages.registry_of import kv, obj, window_on

SPEC: dict[str, Any] = {"nodeName": "n1", "containers": [{"name": "c"}]}
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
KEYS = [
    kv("/registry/pods/shop/web", obj("Pod", "shop", "web", spec=SPEC, status=READY)),
    kv("/registry/pods/shop/broken", b"k8s\0\xff\xff\xff"),
    kv("/registry/minions/n1", obj("Node", "", "n1")),
    kv("/registry/deployments/pay/api", obj("Deployment", "pay", "api", "apps/v1")),
    kv("noslash", b"x"),
]


def page(now: datetime, **query: Any) -> RegistryPage:
    found = registry_page(window_on(KEYS), RegistryQuery(**query), now)
    assert found is not None
    return found


def table(now: datetime, **query: Any) -> ObjectTable:
    found = page(now, **query).table
    assert found is not None
    return found


def test_the_tree_alone_has_all_tasks_and_what_fits_no_pattern(now: datetime) -> None:
    found = page(now)

    assert found.table is None
    assert [(g.name, g.count) for g in found.groups] == [("Workloads", 3), ("Cluster", 1), ("Other keys", 1)]


def test_keys_that_fit_no_pattern_are_listed_with_their_revisions(now: datetime) -> None:
    (row,) = table(now, resource="unplaced").rows

    assert [cell.text for cell in row.cells] == ["noslash", "9"]
    assert row.href == "/object?key=noslash"


def test_a_table_of_all_namespaces_leads_to_each_of_them(now: datetime) -> None:
    rows = table(now, resource="pods").rows

    assert [(r.name, r.namespace_href) for r in rows] == [
        ("broken", "/registry?resource=pods&namespace=shop"),
        ("web", "/registry?resource=pods&namespace=shop"),
    ]
    assert [crumb.text for crumb in page(now, resource="pods", namespace="shop").crumbs][-2:] == ["pods", "shop"]
    assert not table(now, resource="pods", namespace="shop").show_namespace


def test_an_undecodable_row_says_why_in_place_of_its_cells(now: datetime) -> None:
    broken, web = table(now, resource="pods").rows

    assert (bool(broken.error), broken.cells, broken.severity) == (True, (), "unknown")
    assert (web.error, web.severity, web.but) == ("", "warning", "not ready")


def test_a_wide_table_links_what_its_objects_name(now: datetime) -> None:
    wide = table(now, resource="pods", wide=True)
    (web,) = (row for row in wide.rows if row.name == "web")

    assert wide.show_links
    assert "/object?key=/registry/minions/n1" in [cell.href for cell in web.cells]


def test_a_head_turns_the_order_round_at_the_second_time(now: datetime) -> None:
    first = table(now, resource="pods").heads[0]
    again = table(now, resource="pods", sort="name").heads[0]

    assert (first.order, first.href) == ("none", "/registry?resource=pods&sort=name")
    assert (again.order, again.href) == ("ascending", "/registry?resource=pods&sort=-name")


def test_pages_of_a_list_lead_on_and_back(now: datetime) -> None:
    first = table(now, resource="pods", limit=1)
    second = table(now, resource="pods", limit=1, after=b"/registry/pods/shop/broken")

    assert (first.first_href, bool(first.next_href)) == ("", True)
    assert (second.first_href, second.next_href) == ("/registry?resource=pods&limit=1", "")
    assert (first.poll_href, first.how) == ("", "")


def test_a_type_with_many_namespaces_shows_those_around_the_chosen_one(now: datetime) -> None:
    many = [kv(f"/registry/pods/ns{i:03}/p", obj("Pod", f"ns{i:03}", "p")) for i in range(NAMESPACES_SHOWN + 20)]
    found = registry_page(window_on(many), RegistryQuery(resource="pods", namespace="ns115"), now)

    assert found is not None
    ((pods,),) = (group.types for group in found.groups)
    assert (len(pods.namespaces), pods.unshown) == (NAMESPACES_SHOWN, 20)
    assert [n.name for n in pods.namespaces if n.current] == ["ns115"]


def test_the_chosen_namespace_stays_on_the_way_through_the_types(now: datetime) -> None:
    found = page(now, resource="nodes", namespace="pay")
    links = {link.text: (link.count, link.href) for group in found.groups for link in group.types}

    assert (found.namespaces.chosen, found.inside, found.crumbs[-1].text) == ("pay", "", "nodes")
    assert found.table is not None
    assert len(found.table.rows) == 1
    assert links["deployments"] == (1, "/registry?resource=deployments&namespace=pay")
    assert links["pods"] == (0, "/registry?resource=pods&namespace=pay")
    assert links["nodes"] == (1, "/registry?resource=nodes&namespace=pay")


def test_the_start_of_a_namespace_counts_what_is_in_it(now: datetime) -> None:
    found = page(now, namespace="shop")

    assert found.table is None
    assert next((g.name, g.count) for g in found.groups) == ("Workloads", 2)


def test_the_selector_knows_namespaces_by_their_keys_and_by_what_is_in_them(now: datetime) -> None:
    kvs = [*KEYS, kv("/registry/namespaces/empty", obj("Namespace", "", "empty"))]
    found = registry_page(window_on(kvs), RegistryQuery(resource="pods"), now)
    assert found is not None
    assert found.namespaces.names == ("empty", "shop")
    assert found.namespaces.is_list

    many = [kv(f"/registry/namespaces/n{n:03}", obj("Namespace", "", f"n{n:03}")) for n in range(IN_A_LIST + 1)]
    found = registry_page(window_on(many), RegistryQuery(), now)
    assert found is not None
    assert not found.namespaces.is_list


def test_only_some_tasks_are_folded_and_not_the_one_that_is_chosen(now: datetime) -> None:
    pods, nodes = page(now, resource="pods").groups, page(now, resource="nodes").groups

    assert {group.name: group.is_open for group in pods}["Cluster"] is False
    assert {group.name: group.is_open for group in nodes}["Cluster"] is True


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"resource": "nonsense"}, NotFoundError),
        ({"resource": "pods", "sort": "nonsense"}, QueryError),
    ],
)
def test_what_cannot_be_shown_is_an_error(query: dict[str, str], error: type[Exception], now: datetime) -> None:
    with pytest.raises(error):
        page(now, **query)


def test_of_very_many_types_the_first_and_the_chosen_one_are_listed(now: datetime) -> None:
    custom = [kv(f"/registry/g{n:05}.example.org/things/shop/a", b"{}") for n in range(TYPES_SHOWN + 20)]
    window = window_on([*KEYS, *custom])
    last = f"things.g{TYPES_SHOWN + 19:05}.example.org"

    for query, more in ((RegistryQuery(), 20), (RegistryQuery(resource=last), 19)):
        found = registry_page(window, query, now)
        assert found is not None
        listed = [link for group in found.groups for link in group.types if link.text.startswith("things.")]
        assert (len(listed), found.unshown_types) == (TYPES_SHOWN + 20 - more, more)
    assert listed[-1].current
