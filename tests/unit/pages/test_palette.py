"""The palette: what a few words lead to, read as kubectl and k9s read them."""

from __future__ import annotations

import time

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.window import Window
from etcdview.codec import Codec
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.pages.palette import PaletteItem, palette
from etcdview.stores.files.memory import StaticStore
from tests.unit.pages.registry_of import kv, window_on

KEYS = (
    "/registry/configmaps/shop/cart-crash-notes",
    "/registry/deployments/shop/cart",
    "/registry/deployments/payments/cart",
    "/registry/events/shop/crashloop.17",
    "/registry/namespaces/shop",
    "/registry/pods/payments/db-0",
    "/registry/pods/shop/app-crash",
    "/registry/pods/shop/crashloop",
    "/registry/pods/shop/new[1]",
    "/registry/rolebindings/shop/system:pods",
    "/registry/secrets/payments/db-credentials",
    "/registry/secrets/shop/cart-tls",
    "/registry/example.org/backups/shop/nightly",
)
WINDOW = window_on(kv(key, b"{}") for key in KEYS)
NINA = Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets")), "password")


def found(text: str, window: Window = WINDOW) -> dict[str, list[str]]:
    groups = palette(window, text, over=lambda: False).groups
    return {group.title: [item.text for item in group.items] for group in groups}


def exact(text: str) -> list[str]:
    groups = palette(WINDOW, text, over=lambda: False).groups
    return [item.href for group in groups for item in group.items if item.exact]


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("po crash", ["crashloop", "app-crash"]),  # the one that begins with it first
        ("pod crash", ["crashloop", "app-crash"]),
        (":pods crash", ["crashloop", "app-crash"]),
        ("PO CRASH", ["crashloop", "app-crash"]),
        ("po shop crash app", ["app-crash"]),  # every word, anywhere in the key
        ("deploy/cart -n shop", ["cart"]),
        ("deploy cart -nshop", ["cart"]),
        ("deploy cart --namespace=shop", ["cart"]),
        ("deploy cart ns:payments", ["cart"]),
        ("kind:deploy cart ns:payments", ["cart"]),
        ("cart kind:deployment -n payments", ["cart"]),
        ("kind:nosuch cart", []),
        ("kind:pod label:a=b crash", []),  # names do not say which have the label: links lead to what does
        ("backups", ["nightly"]),
        ("po new[1]", ["new[1]"]),  # no pattern: as it is typed
        ("crash", ["crashloop", "app-crash", "cart-crash-notes", "crashloop.17"]),  # events last but begun
        ("nosuch", []),
    ],
)
def test_objects_are_found_by_kubectls_words(text: str, objects: list[str]) -> None:
    assert sorted(found(text).get("Objects", [])) == sorted(objects)
    assert found(text).get("Objects", [""])[0] == (objects or [""])[0]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("po", ["/registry?resource=pods"]),
        (":pods", ["/registry?resource=pods"]),
        ("po -n shop", ["/registry?resource=pods&namespace=shop"]),
        ("deploy/cart -n shop", ["/object?key=/registry/deployments/shop/cart"]),
        ("deploy/cart", []),  # there are two
        ("/registry/pods/shop/crashloop", ["/object?key=/registry/pods/shop/crashloop"]),
        ("/registry/pods/shop/crash", []),
        ("space", ["/space"]),
    ],
)
def test_enter_opens_what_is_named_alone(text: str, addresses: list[str]) -> None:
    assert exact(text) == addresses


def test_one_word_finds_kinds_namespaces_pages_and_commands_too() -> None:
    assert found("sho")["Namespaces"] == ["shop"]
    assert found("back")["Kinds"] == ["backups.example.org"]
    assert found("kubeconfig")["Pages"] == ["Use kubectl on this"]
    assert found("orphans")["Commands"] == ["Check the stored state"]
    assert found("po crash")["Kinds"] == ["pods with “crash”"]


def test_a_viewer_of_a_part_finds_that_part_alone() -> None:
    window = window_on((kv(key, b"{}") for key in KEYS), NINA)

    assert found("cart", window)["Objects"] == ["cart", "cart-crash-notes"]
    assert "Objects" not in found("credentials", window)
    assert "Objects" not in found("db", window)
    assert "Namespaces" not in found("paym", window)
    assert found("/registry/", window)["Keys"]
    assert not any("payments" in key or "secrets" in key for key in found("/registry/", window)["Keys"])
    assert "Audit" not in str(found("audit", window))


def test_filters_are_chips_each_with_the_search_without_it() -> None:
    answer = palette(WINDOW, "crash kind:pod -n shop label:app=Cart", over=lambda: False)

    assert [(f.text, f.href) for f in answer.filters] == [
        ("kind: pod", "/search?q=crash%20-n%20shop%20label:app%3DCart"),
        ("namespace: shop", "/search?q=crash%20kind:pod%20label:app%3DCart"),
        ("label: app=Cart", "/search?q=crash%20kind:pod%20-n%20shop"),
    ]
    assert answer.words == ("crash",)


@pytest.mark.parametrize(
    ("text", "title", "address"),
    [
        ("kind:pod label:a=b", "Kinds", "/registry?resource=pods&labels=a%3Db"),
        ("kind:pod label:a=b crash", "Kinds", "/registry?resource=pods&labels=a%3Db&q=crash"),
        ("label:a=b label:c", "In values", "/search/content?kind=labels&q=a%3Db%2Cc"),
        ("text:Foo ns:shop", "In values", "/search/content?kind=text&q=Foo&namespace=shop"),
        ("kind:pod text:foo", "In values", "/search/content?kind=text&q=foo&resource=pods"),
    ],
)
def test_what_values_say_is_found_where_a_link_leads(text: str, title: str, address: str) -> None:
    groups = palette(WINDOW, text, over=lambda: False).groups

    assert next(item.href for group in groups if group.title == title for item in group.items) == address


def test_each_type_of_a_kind_has_its_own_search_in_values() -> None:
    groups = palette(WINDOW, "kind:all text:foo label:a", over=lambda: False).groups

    assert [(item.text, item.href) for group in groups if group.title == "In values" for item in group.items] == [
        ("Objects with the labels a in deployments.apps", "/search/content?kind=labels&q=a&resource=deployments"),
        ("Values that contain “foo” in deployments.apps", "/search/content?kind=text&q=foo&resource=deployments"),
        ("Objects with the labels a in pods", "/search/content?kind=labels&q=a&resource=pods"),
        ("Values that contain “foo” in pods", "/search/content?kind=text&q=foo&resource=pods"),
    ]


def test_nothing_is_answered_to_nothing() -> None:
    assert palette(WINDOW, "  ").groups == ()


def test_work_ends_with_its_time_and_says_so() -> None:
    ended = palette(WINDOW, "crash", lambda: True)

    assert not ended.complete
    assert [group.title for group in ended.groups if group.title == "Objects"] == []


def test_a_key_of_any_name_is_offered_as_it_is_shown() -> None:
    window = window_on([kv("/registry/pods/shop/<b>", b"{}")])

    assert palette(window, "po <b>", lambda: False).groups[-1].items[0] == PaletteItem(
        "<b>", "/object?key=/registry/pods/shop/%3Cb%3E", "pod in shop", exact=True
    )


@pytest.mark.long
def test_at_a_million_keys_it_answers_within_its_time() -> None:
    keyspace = KeySpace()
    names = sorted(
        f"/registry/{kind}/ns-{n % 500}/app-{n:07}-x".encode()
        for kind, count in (("events", 500_000), ("pods", 200_000), ("configmaps", 200_000), ("secrets", 100_000))
        for n in range(count)
    )
    store = StaticStore("keys", [])
    index = MemoryNames.of_names(names, keyspace, 9)
    window = Window(Cluster(name="test", store=store, index=index, codec=Codec(), keyspace=keyspace))
    for text in ("po 0123456", "app-0123456", "nosuch", "e", "x", "po", "ns-7"):
        palette(window, text)
        began = time.process_time()  # of the processor: others may be busy too
        palette(window, text)
        taken = time.process_time() - began
        assert taken < 0.05, text
