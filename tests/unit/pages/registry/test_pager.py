"""Which rows of how many a page of a list shows, and the pages beside it: never a number that may be wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from etcdview.pages.parts.addresses import cursor_name
from etcdview.pages.registry import reading
from etcdview.pages.registry.page import registry_page
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.registry.table import ObjectTable
from tests.unit.pages.registry_of import kv, obj, window_on

NAMES = [f"c{n:02}" for n in range(12)]
WINDOW = window_on(
    [kv(f"/registry/configmaps/shop/{name}", obj("ConfigMap", "shop", name, data={"n": name})) for name in NAMES]
)


def table(now: datetime, **query: Any) -> ObjectTable:
    page = registry_page(WINDOW, RegistryQuery(resource="configmaps", **query), now)
    assert page is not None
    assert page.table is not None
    return page.table


def after(name: str) -> bytes:
    return f"/registry/configmaps/shop/{name}".encode()


def behind(href: str) -> str:
    """The name that an address goes on after; "" for the first page."""
    cursor = parse_qs(urlsplit(href).query).get("cursor", [""])[0]
    return (cursor_name(cursor) or b"").decode().rpartition("/")[2]


@pytest.mark.parametrize("order", [{}, {"sort": "name"}, {"text": "c"}])
def test_each_page_says_which_rows_it_shows_and_leads_to_the_one_before(now: datetime, order: dict[str, str]) -> None:
    pages = [table(now, limit=5, after=at and after(at), **order) for at in (None, "c04", "c09")]

    assert [(page.first, page.last, page.count) for page in pages] == [(1, 5, 12), (6, 10, 12), (11, 12, 12)]
    assert [bool(page.previous_href) for page in pages] == [False, True, True]
    assert [behind(page.previous_href) for page in pages[1:]] == ["", "c04"]
    assert [bool(page.first_href) for page in pages] == [False, True, True]


def test_the_page_before_is_found_behind_more_names_than_are_read_at_once(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_NAMES_PIECE", 3)

    assert behind(table(now, limit=2, after=after("c09")).previous_href) == "c07"


def test_a_page_that_begins_between_two_others_leads_to_the_first(now: datetime) -> None:
    page = table(now, limit=5, after=after("c01"))

    assert (page.first, page.last, behind(page.previous_href)) == (3, 7, "")


def test_a_cursor_whose_row_was_deleted_counts_the_rows_that_are_left(now: datetime) -> None:
    page = table(now, limit=5, after=after("c04x"))

    assert (page.first, page.last, behind(page.previous_href)) == (6, 10, "")


def test_a_list_that_was_not_read_to_its_end_says_that_its_count_is_not_all(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCAN_LIMIT", 4)
    page = table(now, state="unknown", limit=2)

    assert not page.counted
    assert table(now).counted


def test_an_empty_page_names_no_rows(now: datetime) -> None:
    page = table(now, text="nothing says this")

    assert (page.first, page.last, page.count) == (0, 0, 0)


def test_the_sizes_to_choose_from_begin_at_the_first_page_and_keep_the_filters(now: datetime) -> None:
    sizes = table(now, limit=5, text="c", after=after("c04")).sizes

    assert [(size.rows, size.current) for size in sizes] == [(50, False), (100, False), (200, False), (500, False)]
    assert [size.href for size in sizes][1:3] == [
        "/registry?resource=configmaps&q=c&limit=100",
        "/registry?resource=configmaps&q=c",
    ]
    assert table(now).sizes == ()
