"""Counts, pages and searches over names in memory equal what looking at every name would give."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.errors import QueryError
from etcdview.index import names_for, stopping
from etcdview.index.base import KeyPage, Mode
from etcdview.index.memory import MAX_PAGE, MemoryNames, NameSet
from etcdview.kube.keys import KeySpace, as_text
from etcdview.stores.files.dump import open_dump
from etcdview.stores.protocols import prefix_end

KEYSPACE = KeySpace()
SEGMENTS = st.sampled_from(
    [
        b"registry",
        b"pods",
        b"services",
        b"specs",
        b"minions",
        b"shop",
        b"web-1",
        b"example.org",
        b"backups",
        b"",
        b"\xff",
    ]
)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=6).map(b"/".join) | SEGMENTS.map(lambda s: b"/registry/pods/shop/" + s)
KEYS = KEYS.filter(bool)
NEEDLES = st.sampled_from(
    ["pods/shop", "eb-", "-1", "p", "/", "zzz", "registry/pods", "shop/web-1", "ï", r"\xff", "g/"]
)


def names_of(keys: set[bytes]) -> MemoryNames:
    return MemoryNames.of_names(keys, KEYSPACE, 7)


def everything(ask: Callable[[bytes | None], KeyPage]) -> list[bytes]:
    """All pages, one behind the other."""
    found: list[bytes] = []
    page = ask(None)
    while True:
        found += page.keys
        if page.next_after is None:
            return found
        page = ask(page.next_after)


@given(st.sets(KEYS))
def test_the_tree_counts_each_key_at_its_place(keys: set[bytes]) -> None:
    places = [KEYSPACE.object_key(key) for key in keys]
    expected = Counter((p.resource.prefix, p.namespace) for p in places if p is not None)
    tree = names_of(keys).tree()
    assert {(t.resource.prefix, ns): n for t in tree.types for ns, n in t.namespaces.items()} == expected
    assert tree.unrecognised == places.count(None)
    assert tree.count == len(keys)
    assert [t.resource.prefix for t in tree.types] == sorted({prefix for prefix, _ in expected})


@given(st.sets(KEYS), st.lists(st.tuples(st.booleans(), KEYS)))
def test_counts_that_are_kept_equal_counts_that_are_made_anew(
    keys: set[bytes], history: list[tuple[bool, bytes]]
) -> None:
    held = NameSet(KEYSPACE)
    held.extend(sorted(keys))
    for put, key in history:
        if put:
            assert held.add(key) == (key not in keys)
            keys.add(key)
        else:
            assert held.discard(key) == (key in keys)
            keys.discard(key)
    anew = names_of(keys)
    assert held.types() == anew.tree().types
    assert held.unrecognised_view().iterate(b"", 100) == list(anew.unrecognised(limit=100).keys)


@given(st.sets(KEYS), KEYS, st.integers(1, 5))
def test_pages_of_a_prefix_hold_each_name_once(keys: set[bytes], prefix: bytes, limit: int) -> None:
    names = names_of(keys)
    expected = sorted(key for key in keys if key.startswith(prefix))
    found = everything(lambda after: names.page(prefix, prefix_end(prefix), after=after, limit=limit))
    assert found == expected
    assert names.page(prefix, prefix_end(prefix), limit=limit).count == len(expected)


@given(st.sets(KEYS), KEYS)
def test_a_page_of_one_key_holds_that_key_alone(keys: set[bytes], key: bytes) -> None:
    page = names_of(keys).page(key, b"")
    assert (page.keys, page.count) == (((key,), 1) if key in keys else ((), 0))


@given(st.sets(KEYS, max_size=40), NEEDLES, st.integers(1, 5))
def test_a_substring_is_found_wherever_it_stands(keys: set[bytes], needle: str, limit: int) -> None:
    names = names_of(keys)
    expected = sorted(key for key in keys if needle.encode() in key or needle in as_text(key))
    assert everything(lambda after: names.search(needle, "contains", after=after, limit=limit)) == expected
    assert names.search(needle, "contains", limit=1).count == len(expected)


@given(st.sets(st.binary(min_size=1, max_size=6), max_size=40), st.binary(min_size=1, max_size=2))
def test_a_substring_of_any_bytes_is_found(keys: set[bytes], needle: bytes) -> None:
    text = needle.decode("utf-8", "surrogateescape")
    page = names_of(keys).search(text, "contains", limit=100)
    assert list(page.keys) == sorted(key for key in keys if needle in key or as_text(needle) in as_text(key))
    assert page.count == len(page.keys)


def test_a_line_feed_is_looked_for_in_names_that_have_one() -> None:
    names = names_of({b"/registry/pods/shop/web", b"/registry/pods/shop/we\nb"})
    assert names.search("\n", "contains").keys == (b"/registry/pods/shop/we\nb",)
    assert names.search("e\nb", "contains").count == 1


@given(
    st.sets(KEYS, max_size=40), st.sampled_from([r"pods?/", "^/registry", "shop$", "[^/]-1", "(?i)PODS", r"\xff", "."])
)
def test_an_expression_finds_what_it_finds_in_each_name_alone(keys: set[bytes], pattern: str) -> None:
    names = names_of(keys)
    expected = sorted(key for key in keys if re.search(pattern, as_text(key)))
    if "xff" in pattern:
        expected = []  # the expression means the character U+00FF; a bad byte is shown, and searched, as \xff
    assert list(names.search(pattern, "regex", limit=100).keys) == expected
    assert names.search(pattern, "regex", limit=1).count == len(expected)


GLOBS = [
    ("/registry/pods/*", ["/registry/pods/x"], ["/registry/pods/shop/web", "/registry/pods"]),
    ("/registry/pods/**", ["/registry/pods/x", "/registry/pods/shop/web"], ["/registry/podsx"]),
    ("/registry/*/shop/*", ["/registry/pods/shop/web", "/registry/secrets/shop/a"], ["/registry/pods/shop/a/b"]),
    ("web-?", ["/registry/pods/shop/web-1"], ["/registry/pods/shop/web-10", "/registry/pods/shop/xweb-1"]),
    ("shop/web-*", ["/registry/pods/shop/web-1"], ["/registry/pods/workshop/web-1"]),
    ("web-[0-3]", ["/a/web-1"], ["/a/web-4"]),
    ("web-[!0-3]", ["/a/web-4"], ["/a/web-1"]),
    ("a.b+(c", ["/x/a.b+(c"], ["/x/aabb(c"]),
    ("[", ["/x/["], ["/x/y"]),
    ("**-1", ["web-1", "/registry/pods/shop/web-1"], ["web-2"]),
]


@pytest.mark.parametrize(("pattern", "fits", "not_fits"), GLOBS)
def test_a_glob_means_this(pattern: str, fits: list[str], not_fits: list[str]) -> None:
    names = names_of({name.encode() for name in [*fits, *not_fits]})
    assert {key.decode() for key in names.search(pattern, "glob").keys} == set(fits)


@given(st.sets(KEYS, max_size=30), st.text("abpods/-1*?", min_size=1, max_size=6))
def test_a_glob_never_finds_more_than_the_shell_would(keys: set[bytes], pattern: str) -> None:
    for key in names_of(keys).search(pattern, "glob", limit=100).keys:
        assert fnmatch.fnmatchcase(as_text(key), "*" + pattern)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("(", "regex"),
        ("a{1001}", "regex"),
        (r"(a)\1", "regex"),
        ("(?=a)", "regex"),
        (r"\Afoo", "regex"),
        (r"foo\z", "regex"),
        ("x)|(?:web", "regex"),
        ("(?-m:^a)", "regex"),
        ("(?i-sm)^a", "regex"),
        ("(((a{100}){100}){100})", "regex"),
        ("x" * 1001, "contains"),
    ],
)
def test_a_pattern_that_cannot_be_searched_for_is_refused(text: str, mode: Mode) -> None:
    with pytest.raises(QueryError) as caught:
        names_of({b"/a"}).search(text, mode)
    assert caught.value.remedy


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
def test_a_page_that_is_too_long_is_refused(limit: int) -> None:
    with pytest.raises(QueryError):
        names_of({b"/a"}).search("a", "contains", limit=limit)


def test_a_search_that_is_told_to_stop_says_where_to_go_on() -> None:
    names = names_of({b"/registry/pods/shop/web-%05d" % n for n in range(5000)})
    looked: list[int] = []
    page = names.search("[05]$", "regex", limit=10_000, stop=lambda: len(looked) > 2 or looked.append(1) or False)
    assert not page.count_is_exact
    assert page.next_after is not None
    rest = names.search("[05]$", "regex", after=page.next_after, limit=10_000)
    assert len(page.keys) + len(rest.keys) == 1000
    assert rest.count == 1000


def test_a_search_that_takes_too_long_gives_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "SEARCH_BUDGET_SECONDS", 0.0)
    page = names_of({b"/a", b"/b"}).search("a", "regex")
    assert not page.count_is_exact


def test_a_hostile_expression_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    names = names_of({b"/registry/pods/shop/" + b"a" * 200 + b"%05d" % n for n in range(2000)})
    page = names.search("(a|aa)*(a*)*b$", "regex")
    assert page.keys == ()


def test_the_captured_cluster_has_its_65_types(capture: Path) -> None:
    store = open_dump(capture / "registry.jsonl.gz")
    names = names_for(store, KEYSPACE)
    tree = names.tree()
    assert (tree.count, len(tree.types), tree.unrecognised, tree.complete) == (573, 65, 0, True)
    assert {t.resource.id: t.count for t in tree.types}["pods"] == 40
    assert tree.revision == 1201
    fresh = names.freshness()
    assert (fresh.state, fresh.complete, fresh.done) == ("static", True, 573)
    names.close()
