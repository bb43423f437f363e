"""The search page at its edges: modes, limits, and an etcd that does not answer."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.cluster.window import Window
from etcdview.errors import QueryError, UnreachableError
from etcdview.models import KeyMeta
from etcdview.pages.search import MAX_PAGE_SIZE, MAX_TEXT, SearchQuery, refused_page, search_page
from tests.unit.cluster.opened import opened

WINDOW = Window(opened({f"/registry/pods/shop/p{n}": b"{}" for n in range(5)} | {"/registry/\xff": b""}))


@pytest.mark.parametrize(("text", "mode"), [("/a", "prefix"), ("a", "contains"), ("", "contains")])
def test_a_text_that_begins_with_a_slash_is_a_prefix(text: str, mode: str) -> None:
    assert SearchQuery(text).effective_mode == mode


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery("a", mode="fuzzy"),
        SearchQuery("x" * (MAX_TEXT + 1)),
        SearchQuery("a", limit=0),
        SearchQuery("a", limit=MAX_PAGE_SIZE + 1),
        SearchQuery("(", mode="regex"),
    ],
    ids=["mode", "long", "limit 0", "limit", "regex"],
)
def test_what_cannot_be_searched_for_is_a_query_error(query: SearchQuery) -> None:
    with pytest.raises(QueryError) as caught:
        search_page(WINDOW, query)
    page = refused_page(WINDOW, query, caught.value)
    assert (page.hits, page.problem) == ((), caught.value)


def test_pages_go_on_behind_their_cursor() -> None:
    first = search_page(WINDOW, SearchQuery("shop", limit=3))
    assert (len(first.hits), first.count, first.count_is_exact) == (3, 5, True)
    assert first.next_href.startswith("/search?q=shop&cursor=")
    last = search_page(WINDOW, SearchQuery("shop", limit=3, after=first.hits[-1].name))
    assert [hit.key[-2:] for hit in last.hits] == ["p3", "p4"]
    assert last.next_cursor == ""


def test_names_are_found_although_etcd_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any) -> dict[bytes, KeyMeta]:
        raise UnreachableError("Nobody answers.", "Wait.")

    window = Window(WINDOW.cluster)
    monkeypatch.setattr(window, "facts", down)
    page = search_page(window, SearchQuery("p1"))
    assert [hit.meta for hit in page.hits] == [None]
    assert page.facts_problem == "Nobody answers. Wait."
