"""All keys by slash: every key is reached once, counts are true, and a narrow role sees nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.access.roles import LOCAL, Scope
from etcdview.errors import DeniedError
from etcdview.models import KeyValue
from etcdview.pages.registry.keytree import BRANCHES, key_tree_page, other_keys
from tests.unit.pages.registry_of import window_on

KEYS = (
    "/apisix/routes/1",
    "/calico/resources/v3/projectcalico.org/ippools/default",
    "/registry/pods/shop/web",
    "/registry/pods/web/cart",
    "/service/batman/config",
    "/service/batman/leader",
    "/service/batman/members/pg1",
    "/service/robin/config",
    "/skydns/local/cluster/x1",
    "foo",
)


def kvs(keys: tuple[bytes, ...]) -> list[KeyValue]:
    return [KeyValue(key, 2, 2, 1, value=b"1") for key in sorted(keys)]


WINDOW = window_on(kvs(tuple(map(str.encode, KEYS))))


def branches(prefix: str) -> list[tuple[str, int, bool]]:
    return [(b.text, b.count, b.is_key) for b in key_tree_page(WINDOW, prefix.encode()).branches]


@pytest.mark.parametrize(
    ("prefix", "below"),
    [
        (
            "",
            [
                ("/apisix/", 1, False),
                ("/calico/", 1, False),
                ("/registry/", 2, False),
                ("/service/", 4, False),
                ("/skydns/", 1, False),
                ("foo", 1, True),
            ],
        ),
        ("/service/", [("batman/", 3, False), ("robin/", 1, False)]),
        ("/service/batman/", [("config", 1, True), ("leader", 1, True), ("members/", 1, False)]),
        ("/service/robin/", [("config", 1, True)]),
        ("/nothing/", []),
    ],
)
def test_a_level_has_its_keys_and_how_many_lie_deeper(prefix: str, below: list[tuple[str, int, bool]]) -> None:
    assert branches(prefix) == below


def test_the_registry_page_names_what_lies_beside_the_registry() -> None:
    assert [(b.text, b.count) for b in other_keys(WINDOW)] == [
        ("/apisix/", 1),
        ("/calico/", 1),
        ("/service/", 4),
        ("/skydns/", 1),
        ("foo", 1),
    ]


def test_a_narrow_role_sees_no_key_of_others() -> None:
    narrow = window_on(kvs(tuple(map(str.encode, KEYS))), replace(LOCAL, scope=Scope(namespaces=("shop",))))

    assert other_keys(narrow) == ()
    with pytest.raises(DeniedError):
        key_tree_page(narrow, b"/service/")
    assert [b.text for b in key_tree_page(narrow, b"/registry/pods/").branches] == ["shop/"]
    assert key_tree_page(narrow, b"").count == 1


def test_the_crumbs_lead_up_level_by_level() -> None:
    crumbs = key_tree_page(WINDOW, b"/service/batman/").crumbs
    assert [(c.text, c.href) for c in crumbs] == [
        ("Registry", "/registry"),
        ("/service/", "/registry?prefix=/service/"),
        ("batman/", ""),
    ]


def test_a_long_level_goes_on_on_the_next_page() -> None:
    window = window_on(kvs(tuple(b"/many/%05d" % i for i in range(BRANCHES + 7))))
    first = key_tree_page(window, b"/many/")

    assert (len(first.branches), first.count) == (BRANCHES, BRANCHES + 7)
    assert first.next_href.startswith("/registry?prefix=/many/&cursor=")
    rest = key_tree_page(window, b"/many/", b"/many/%05d" % BRANCHES)
    assert ([b.text for b in rest.branches], rest.next_href) == ([f"{i:05}" for i in range(BRANCHES, BRANCHES + 7)], "")


SEGMENTS = st.sampled_from([b"", b"/", b"a", b"b", b"\xff", b"\0", b"\xff\xff", b"a b"])


@given(st.lists(st.lists(SEGMENTS, min_size=1, max_size=6).map(b"".join).filter(bool), min_size=1, max_size=12))
def test_walking_down_reaches_every_key_once(keys: list[bytes]) -> None:
    window = window_on(kvs(tuple(set(keys))))

    def walk(prefix: bytes) -> int:
        page = key_tree_page(window, prefix)
        assert page.count == sum(b.count for b in page.branches)
        assert len({b.text for b in page.branches}) == len(page.branches)
        return page.count

    assert walk(b"") == len(set(keys))
    for key in set(keys):
        for end in (i + 1 for i, byte in enumerate(key) if byte == 0x2F):
            below = [k for k in set(keys) if k.startswith(key[:end])]
            assert walk(key[:end]) == len(below)
