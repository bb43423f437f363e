"""Every page fits its window at the widths where a layout breaks, on a registry full of names that nobody chooses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from etcdview.models import KeyValue
from etcdview.stores.files.dump import read_dump, write_dump
from tests.web.behind import site

# By the width that a page is opened at, those that it is given then: some things are folded as it opens on a phone.
WIDTHS = {400: (400,), 1280: (1280, 1001, 768, 724)}
LONG = "n" * 253
RTL = "\u0645\u0631\u062d\u0628\u0627" * 12
CONTROL = "a\r\n\x1b[2J\x07\u202etxt.exe\u200b\x85z"
NAMES = (LONG, RTL, CONTROL)
OF_LONG = quote(f"/registry/configmaps/shop/{LONG}", safe="")

PAGES = {
    "overview": "/",
    "registry": "/registry",
    "configmaps": "/registry?resource=configmaps",
    "pods": "/registry?resource=pods&wide=1",
    "events": "/registry?resource=events",
    "object": f"/object?key={OF_LONG}",
    "yaml": f"/object?key={OF_LONG}&view=yaml",
    "raw": f"/object?key={OF_LONG}&view=raw",
    "control characters": f"/object?key={quote('/registry/configmaps/shop/' + CONTROL, safe='')}",
    "right to left": f"/object?key={quote('/registry/configmaps/shop/' + RTL, safe='')}",
    "foreign": f"/object?key={quote('/other/' + LONG, safe='')}",
    "history": f"/history?key={OF_LONG}",
    "search": "/search?q=/registry/configmaps/",
    "content": "/search/content?kind=text&q=odd&resource=configmaps",
    "watch": "/watch",
    "namespaces": "/namespaces",
    "namespace": "/namespaces?namespace=shop",
    "health": "/health",
    "certificates": "/certificates",
    "storage": "/storage?run=1",
    "encryption": "/encryption",
    "space": "/space",
    "kubectl": "/kubectl",
    "space of a type": "/space?resource=configmaps&namespace=shop",
    "not found": f"/object?key={LONG}",
}


def odd_keys() -> Iterator[KeyValue]:
    """Objects and foreign keys under each of the names, and a pod that names them all."""
    for revision, name in enumerate(NAMES, 100_000):
        found = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "shop", "labels": {LONG: LONG}, "annotations": {LONG: name}},
            "data": {LONG: f"odd {name * 4}"},
        }
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"nodeName": LONG, "containers": [{"name": LONG, "image": LONG}], "serviceAccountName": LONG},
            "status": {"phase": "Pending", "message": LONG, "reason": LONG},
        }
        for key, obj in ((f"/registry/configmaps/shop/{name}", found), (f"/registry/pods/shop/{name}", pod)):
            yield KeyValue(key.encode(), revision, revision, 1, 0, json.dumps(obj).encode())
        yield KeyValue(f"/other/{name}".encode(), revision, revision, 1, 0, b"a plain value")


@pytest.fixture(scope="module")
def odd_url(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The captured registry with the odd names in it, as a file."""
    dump = tmp_path_factory.mktemp("odd") / "odd.jsonl"
    rows = sorted([*read_dump(capture / "registry.jsonl.gz"), *odd_keys()], key=lambda kv: kv.key)
    write_dump(rows, dump)
    keys = capture / "encryption-config.yaml"
    with site(f"--from={dump}", f"--encryption-config={keys}", "--etcd-prefix=/registry") as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that each test sends to another address."""
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_odd_names_is_never_wider_than_its_window(page: Page, odd_url: str, name: str) -> None:
    wide = []
    for opened, widths in WIDTHS.items():
        page.set_viewport_size({"width": opened, "height": 900})
        page.goto(odd_url + PAGES[name])
        page.evaluate("document.querySelectorAll('main details').forEach(fold => fold.open = true)")
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append((opened, width))

    assert wide == []
