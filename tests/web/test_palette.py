"""The field in the header by keyboard alone: kinds, objects and pages as one types."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect


def test_a_pod_is_found_and_opened_by_keys_alone(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    expect(page.locator("#bar-q")).to_be_focused()
    page.keyboard.type("po crash")
    answers = page.locator("#palette")
    expect(answers.get_by_role("link", name="crashloop", exact=True)).to_be_visible()
    found = Axe().run(page, context=".bar").response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(answers.get_by_role("link", name="crashloop", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/object?key=/registry/pods/shop/crashloop")
    expect(page.get_by_role("heading", level=1)).to_have_text("crashloop")

    page.keyboard.press("Control+k")
    expect(answers.get_by_role("link", name="Overview")).to_be_visible()  # where it has been lately
    page.keyboard.press("Escape")
    expect(answers).to_be_hidden()


def test_enter_opens_what_is_named_alone_and_else_searches(page: Page) -> None:
    page.goto("/")
    for typed, address in (
        (":pods", "**/registry?resource=pods"),
        ("deploy/cart -n shop", "**/object?key=/registry/deployments/shop/cart"),
    ):
        page.keyboard.press("Control+k")
        page.keyboard.type(typed)
        expect(page.locator(f"[data-asked='{typed}']")).to_be_attached()
        page.keyboard.press("Enter")
        page.wait_for_url(address)

    page.keyboard.press("Control+k")
    page.keyboard.type("cart")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=cart")


def test_without_script_the_field_is_a_search_form_that_finds_the_same(browser: Browser, base_url: str) -> None:
    page = browser.new_page(base_url=base_url, java_script_enabled=False)
    page.goto("/")
    page.locator("#bar-q").fill("po crash")
    page.locator("#bar-q").press("Enter")
    page.wait_for_url("**/search?q=po+crash")

    expect(page.locator(".search-palette").get_by_role("link", name="crashloop", exact=True)).to_be_visible()
    page.close()
