"""Below a path of a shared host the pages live as they do at its root: links, live parts, keys, tabs and history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.serving import serving

CAPTURE = Path(__file__).parents[1] / "testdata" / "cluster-shop"


@pytest.fixture(scope="module")
def below() -> Iterator[str]:
    keys = CAPTURE / "encryption-config.yaml"
    with serving(
        f"--from={CAPTURE / 'registry.jsonl.gz'}", f"--encryption-config={keys}", "--url-prefix=/ops/etcdview"
    ) as port:
        yield f"http://127.0.0.1:{port}/ops/etcdview"


def test_pages_below_a_prefix_are_walked_by_link_search_tab_and_key(page: Page, below: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{below}/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Registry").click()
    page.wait_for_url(f"{below}/registry")
    page.goto(f"{below}/search")
    page.locator("#q").fill("/registry/pods/shop/crash")
    page.get_by_role("link", name="crashloop").first.click()
    page.wait_for_url(f"{below}/object?**")
    page.get_by_role("region", name="Value").get_by_role("link", name="YAML").click()
    expect(page.locator("main")).to_contain_text("kind: Pod")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url(f"{below}/")
    page.go_back()
    expect(page.locator("main")).to_contain_text("kind: Pod")

    assert [url for url in asked if not url.startswith(f"{below}/")] == []
