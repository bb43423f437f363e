"""The words of a search: which are filters, and where they stand in what was found."""

from __future__ import annotations

import pytest

from etcdview.pages.search_words import pieces, read_words


@pytest.mark.parametrize(
    ("text", "filters", "rest"),
    [
        ("", [], ()),
        (":Pods Crash", [], ("pods", "crash")),
        ("-n Shop cart", [("namespace", "shop")], ("cart",)),
        ("cart -n", [], ("cart",)),  # the namespace is still to be typed
        ("ns: kind:", [], ()),
        ("-nshop --namespace=a namespace:b NS:C", [("namespace", n) for n in ("shop", "a", "b", "c")], ()),
        ("kind:Pod label:App=Cart text:Foo", [("kind", "pod"), ("label", "App=Cart"), ("text", "Foo")], ()),
        ("system:node", [], ("system:node",)),
    ],
)
def test_filters_are_told_from_words(text: str, filters: list[tuple[str, str]], rest: tuple[str, ...]) -> None:
    read = read_words(text)

    assert [(f.name, f.value) for f in read.filters] == filters
    assert read.rest == rest


def test_each_filter_has_the_search_without_it() -> None:
    assert [f.without for f in read_words("Cart -n shop kind:pod").filters] == ["Cart kind:pod", "Cart -n shop"]


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("crashloop", ["crash"], [("crash", True), ("loop", False)]),
        ("CrashLoop", ["loop", "loo"], [("Crash", False), ("Loop", True)]),
        ("a.b", ["."], [("a", False), (".", True), ("b", False)]),
        ("<b>", ["<"], [("<", True), ("b>", False)]),
        ("plain", [], [("plain", False)]),
        ("plain", [""], [("plain", False)]),
    ],
)
def test_what_was_searched_for_is_told_from_the_rest(
    text: str, words: list[str], found: list[tuple[str, bool]]
) -> None:
    assert list(pieces(text, words)) == found
