"""Which columns a list shows: kubectl's, chosen ones, and the nodes of pods where a page has room for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from etcdview.errors import QueryError
from etcdview.pages.registry.page import RegistryPage, registry_page
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.registry.reading import query_table
from tests.unit.pages.registry_of import kv, obj, window_on

KUBECTLS = ["Name", "Ready", "Status", "Restarts", "Age"]
CRD = obj(
    "CustomResourceDefinition",
    "",
    "gears.example.org",
    "apiextensions.k8s.io/v1",
    spec={
        "group": "example.org",
        "scope": "Namespaced",
        "names": {"plural": "gears", "kind": "Gear"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "additionalPrinterColumns": [{"name": "Teeth, all", "type": "integer", "jsonPath": ".spec.teeth"}],
            }
        ],
    },
)
WINDOW = window_on(
    [
        kv("/registry/pods/shop/a", obj("Pod", "shop", "a", spec={"nodeName": "n2"})),
        kv("/registry/pods/shop/b", obj("Pod", "shop", "b")),
        kv("/registry/minions/n2", obj("Node", "", "n2")),
        kv("/registry/events/shop/e", obj("Event", "shop", "e", type="Warning", reason="Failed")),
        kv("/registry/apiextensions.k8s.io/customresourcedefinitions/gears.example.org", CRD),
        kv("/registry/example.org/gears/shop/g", obj("Gear", "shop", "g", "example.org/v1", spec={"teeth": 9})),
    ]
)


def page(now: datetime, resource: str = "pods", **query: Any) -> RegistryPage:
    found = registry_page(WINDOW, RegistryQuery(resource, **query), now)
    assert found is not None
    return found


def heads(found: RegistryPage) -> list[str]:
    assert found.table is not None
    return [head.name for head in found.table.heads]


def test_a_page_shows_the_nodes_of_pods_and_programs_get_kubectls_columns(now: datetime) -> None:
    found = page(now, roomy=True)

    assert heads(found) == [*KUBECTLS, "Node"]
    assert found.table is not None
    assert [head.name for head in found.table.heads if head.roomy] == ["Node"]
    assert [[(c.text, c.href) for c in row.cells][-1] for row in found.table.rows] == [
        ("n2", "/object?key=/registry/minions/n2"),
        ("<none>", ""),
    ]
    assert [column.name for column in query_table(WINDOW, RegistryQuery("pods"), now).columns] == KUBECTLS
    assert heads(page(now, "configmaps", roomy=True)) == ["Name", "Data", "Age"]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ("node,status", ["Name", "Status", "Node"]),
        ("NODE, ready", ["Name", "Ready", "Node"]),
        ("name", ["Name"]),
        (",,", [*KUBECTLS, "Node"]),
    ],
)
def test_chosen_columns_stand_in_the_order_of_the_table_behind_the_first(
    columns: str, shown: list[str], now: datetime
) -> None:
    found = page(now, columns=RegistryQuery.columns_from(columns), roomy=True)

    assert heads(found) == shown
    assert [choice.name for choice in found.columns if choice.shown] == shown
    assert found.table is not None
    assert not any(head.roomy for head in found.table.heads) or not found.query.columns


def test_the_first_column_is_fixed_for_it_leads_to_the_object(now: datetime) -> None:
    found = page(now, "events", columns=("reason",))

    assert heads(found) == ["Last Seen", "Reason"]
    assert [choice.name for choice in found.columns if choice.fixed] == ["Last Seen"]


def test_a_column_may_have_a_comma_in_its_name(now: datetime) -> None:
    choice = page(now, "gears.example.org").columns[1]

    assert (choice.name, choice.shown) == ("Teeth, all", True)
    assert heads(page(now, "gears.example.org", columns=RegistryQuery.columns_from(choice.key))) == [
        "Name",
        "Teeth, all",
    ]


def test_an_unknown_column_is_an_error_that_names_the_known_ones(now: datetime) -> None:
    with pytest.raises(QueryError, match="columns='colour' is unknown") as raised:
        page(now, columns=("ready", "colour"))

    assert "nominated node" in raised.value.remedy


def test_addresses_of_a_list_keep_its_columns(now: datetime) -> None:
    found = page(now, columns=("ready", "node"), sort="node")
    address = "/registry?resource=pods&columns=ready%2Cnode"

    assert found.table is not None
    assert found.table.heads[0].href == f"{address}&sort=name"
    assert found.wide_href == "/registry?resource=pods&wide=1&sort=node"
    assert ("sort", "node") in found.query.beside_columns
    assert "columns" not in dict(found.query.beside_columns)
