"""A scope as ranges, names and changes: what is outside is neither listed, counted nor found, and exists for nobody."""

from __future__ import annotations

from itertools import pairwise

import pytest

from etcdview.access.roles import NO_NAMESPACE, Scope
from etcdview.cluster.scope.changes import ScopedChanges
from etcdview.cluster.scope.keys import scoped_names
from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.errors import DeniedError
from etcdview.index.changes import ChangeLog
from etcdview.index.lister import KeyRange
from etcdview.models import Event, KeyValue
from tests.unit.cluster.opened import KEYSPACE, opened

KEYS = dict.fromkeys(
    (
        "/registry/configmaps/shop/a",
        "/registry/configmaps/shop/b",
        "/registry/configmaps/shop2/c",
        "/registry/example.org/backups/shop/nightly",
        "/registry/example.org/backups/web/nightly",
        "/registry/minions/cp1",
        "/registry/namespaces/shop",
        "/registry/namespaces/web",
        "/registry/pods/shop/p",
        "/registry/pods/web/q",
        "/registry/secrets/shop/s",
        "/other/key",
    ),
    b"{}",
)
CLUSTER = opened(KEYS)
SHOP = Scope(namespaces=("shop",))


def ranges(scope: Scope) -> PermittedRanges:
    return PermittedRanges(scope, KEYSPACE, lambda: [t.resource for t in CLUSTER.index.tree().types])


def permitted(scope: Scope, start: bytes = b"/", end: bytes = b"\0") -> list[str]:
    found = scoped_names(CLUSTER.index, ranges(scope))
    names: list[bytes] = []
    for key_range in ranges(scope).within(start, end):
        names += found.page(key_range.start, key_range.end).keys
    return [name.decode() for name in names]


@pytest.mark.parametrize(
    "scope",
    [
        SHOP,
        Scope(namespaces=("shop*",)),
        Scope(namespaces=("web", NO_NAMESPACE)),
        Scope(resources=("pods",)),
        Scope(resources=("*", "!secrets")),
        Scope(namespaces=("shop",), resources=("*.example.org",)),
        Scope(namespaces=("nowhere",)),
        Scope(namespaces=("*", "!shop")),
        Scope(namespaces=("*", "!shop*", "!web")),
        Scope(namespaces=("shop*", "!shop2")),
        Scope(namespaces=("*", f"!{NO_NAMESPACE}"), resources=("*", "!secret", "!backup.example.org")),
    ],
    ids=str,
)
def test_the_ranges_hold_exactly_the_keys_that_the_scope_has(scope: Scope) -> None:
    expected = [key for key in sorted(KEYS) if scope.has(KEYSPACE.object_key(key.encode()))]
    assert permitted(scope) == expected


def test_a_namespace_is_not_the_beginning_of_another_ones_name() -> None:
    assert "/registry/configmaps/shop2/c" not in permitted(SHOP)
    assert "/registry/configmaps/shop2/c" in permitted(Scope(namespaces=("shop*",)))


def test_permitted_ranges_do_not_overlap_and_stay_within_what_was_asked() -> None:
    start, end = b"/registry/configmaps/shop/b", b"/registry/pods/shop/zzz"
    found = ranges(SHOP).within(start, end)
    assert all(key_range.start >= start and key_range.end <= end for key_range in found)
    assert all(a.end < b.start for a, b in pairwise(found))


def test_ranges_that_touch_are_one() -> None:
    both = ranges(Scope(namespaces=("a", "b"), resources=("namespaces",))).within(b"/", b"\0")
    assert [key_range.start for key_range in both] == [b"/registry/namespaces/a", b"/registry/namespaces/b"]
    assert ranges(Scope(resources=("pods",))).within(b"/registry/pods/", b"/registry/pods0") == (
        KeyRange(b"/registry/pods/", b"/registry/pods0"),
    )


@pytest.mark.parametrize("key", [b"/registry/pods/web/q", b"/registry/pods/web/none", b"/other/key", b"\xff"])
def test_what_exists_outside_and_what_does_not_are_denied_alike(key: bytes) -> None:
    with pytest.raises(DeniedError, match="does not cover"):
        ranges(SHOP).check(key)
    with pytest.raises(DeniedError, match="does not cover"):
        ranges(SHOP).checked(key, b"")


def test_the_tree_counts_only_what_is_permitted() -> None:
    tree = scoped_names(CLUSTER.index, ranges(SHOP)).tree()
    counts = {t.resource.prefix: t.count for t in tree.types}
    assert counts == {"configmaps": 2, "example.org/backups": 1, "namespaces": 1, "pods": 1, "secrets": 1}
    assert tree.unrecognised == 0


@pytest.mark.parametrize(
    ("text", "mode", "found"),
    [
        ("nightly", "contains", ["/registry/example.org/backups/shop/nightly"]),
        ("/registry/pods/", "prefix", ["/registry/pods/shop/p"]),
        ("key", "contains", []),
        ("/registry/*/web/*", "glob", []),
        ("shop/[ab]$", "regex", ["/registry/configmaps/shop/a", "/registry/configmaps/shop/b"]),
    ],
)
def test_a_search_finds_nothing_outside(text: str, mode: str, found: list[str]) -> None:
    page = scoped_names(CLUSTER.index, ranges(SHOP)).search(text, mode)  # type: ignore[arg-type]
    assert [key.decode() for key in page.keys] == found
    assert page.count == len(found)


def test_a_page_goes_on_over_several_ranges_and_gives_each_name_once() -> None:
    names = scoped_names(CLUSTER.index, ranges(SHOP))
    found: list[bytes] = []
    after = None
    while True:
        page = names.page(b"/registry/", b"/registry0", after=after, limit=2)
        found += page.keys
        after = page.next_after
        if after is None:
            break
    assert [name.decode() for name in found] == permitted(SHOP)


def test_keys_that_fit_no_pattern_are_nobodys_but_those_who_see_everything() -> None:
    assert scoped_names(CLUSTER.index, ranges(SHOP)).unrecognised().keys == ()


def test_changes_and_values_of_others_are_not_told() -> None:
    log = ChangeLog()
    log.restart(1)
    mine, others = b"/registry/pods/shop/p", b"/registry/pods/web/q"
    log.note([Event(KeyValue(others, 2, 2, 1, value=b"o")), Event(KeyValue(mine, 3, 3, 1, value=b"m"))], 3, 0.0)
    scoped = ScopedChanges(log, ranges(SHOP))

    assert [c.key for c in scoped.recent()] == [mine]
    assert [c.key for c in scoped.recent(limit=1)] == [mine]
    assert [c.key for c in scoped.since(1).changes] == [mine]
    assert scoped.value(others, 2) is None
    assert scoped.revision == 3
