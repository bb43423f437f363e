"""Details without leaving the list, and the row that stays selected: by keyboard, and on the way back."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

PODS = "/registry?resource=pods&namespace=shop"
CRASHLOOP = f"{PODS}&key=/registry/pods/shop/crashloop"


def name_in(page: Page, name: str) -> Locator:
    return page.locator("#objects").get_by_role("link", name=name, exact=True)


def test_details_open_by_a_key_and_escape_leads_back_to_the_row(page: Page) -> None:
    page.goto(PODS)
    name_in(page, "crashloop").focus()
    page.keyboard.press("o")
    expect(page.locator("#drawer")).to_contain_text("Running, but not ready")
    expect(page.locator(".drawer-head h2")).to_be_focused()
    expect(page).to_have_url(CRASHLOOP)
    expect(page.locator("#objects")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_empty()
    expect(name_in(page, "crashloop")).to_be_focused()
    expect(page).to_have_url(PODS)


def test_details_can_be_shared_and_go_with_the_browsers_back(page: Page) -> None:
    page.goto(CRASHLOOP)
    expect(page.locator(".drawer-head h2")).to_be_focused()
    page.get_by_role("link", name="Details of completed", exact=True).click()
    expect(page.locator(".drawer-head h2")).to_have_text("completed")
    page.go_back()

    expect(page.locator(".drawer-head h2")).to_have_text("crashloop")


def test_details_are_plain_links_without_javascript(page: Page, base_url: str) -> None:
    assert page.context.browser is not None
    plain = page.context.browser.new_page(java_script_enabled=False)
    plain.goto(base_url + PODS)
    plain.get_by_role("link", name="Details of imagepull", exact=True).click()
    expect(plain.locator(".drawer-head h2")).to_have_text("imagepull")
    plain.get_by_role("link", name="Close").click()

    expect(plain).to_have_url(base_url + PODS)
    plain.close()


def test_on_a_phone_details_stand_in_the_place_of_the_list(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 860})
    page.goto(CRASHLOOP)

    expect(page.locator("#objects")).to_be_hidden()
    expect(page.locator("#drawer .why")).to_be_in_viewport()


def test_one_comes_back_to_the_row_that_one_left(page: Page) -> None:
    page.goto(PODS)
    name_in(page, "evicted").click()
    page.wait_for_url("**/object?**")
    page.go_back()

    expect(name_in(page, "evicted")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(".row-current")).not_to_contain_text("evicted")
