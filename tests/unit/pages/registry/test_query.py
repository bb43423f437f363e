"""What a list's address asks for, and that its own addresses ask for the same."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from etcdview.pages.registry.query import Labels, RegistryQuery


@pytest.mark.parametrize(
    ("resource", "mode"), [("", "tree"), ("unplaced", "unrecognised"), ("pods", "table"), ("nonsense", "table")]
)
def test_the_resource_says_which_page_is_wanted(resource: str, mode: str) -> None:
    assert RegistryQuery(resource=resource).mode == mode


@pytest.mark.parametrize(
    ("query", "scans"),
    [
        (RegistryQuery(resource="pods", wide=True, namespace="shop", after=b"/x"), False),
        (RegistryQuery(resource="pods", text="a"), True),
        (RegistryQuery(resource="pods", sort="age"), True),
        (RegistryQuery(resource="pods", labels=Labels.parse("app")), True),
    ],
)
def test_filters_and_orders_need_all_objects_read(query: RegistryQuery, scans: bool) -> None:
    assert query.scans is scans


def test_an_address_keeps_what_was_asked_for_and_drops_what_is_emptied() -> None:
    labels = Labels.parse("app in (a,b),!c")
    query = RegistryQuery("pods", "shop", True, "two words", labels, "-age", b"/registry/\xff", 50)

    assert dict(parse_qsl(urlsplit(query.href()).query)) == {
        "resource": "pods",
        "namespace": "shop",
        "wide": "1",
        "q": "two words",
        "labels": "app in (a,b),!c",
        "sort": "-age",
        "cursor": "L3JlZ2lzdHJ5L_8",
        "limit": "50",
    }
    assert query.href(wide="", q="", labels="", sort="", cursor="") == "/registry?resource=pods&namespace=shop&limit=50"


def test_labels_are_parsed_once_and_keep_the_text_that_cannot_be() -> None:
    assert Labels.parse("app=web").selector.matches({"app": "web"})
    assert Labels.parse("").problem is None
    bad = Labels.parse("app=(")
    assert (bad.text, bad.problem is None) == ("app=(", False)
