"""Using the pages as people do: keys, typing, links, the theme switch; and without JavaScript."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, Route, expect

from tests.web.behind import PREFIX

LATE_SECONDS = 0.4


def test_search_shows_results_while_typing_and_the_address_can_be_shared(page: Page) -> None:
    page.goto("/search")
    page.locator("#q").press_sequentially("/registry/pods/mon", delay=10)

    expect(page.locator("#results strong")).to_have_text("7")
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("q") == ["/registry/pods/mon"])

    page.reload()
    expect(page.locator("#results tbody tr")).to_have_count(7)


def test_a_bad_pattern_says_what_is_wrong_in_place_of_the_results(page: Page, base_url: str) -> None:
    page.goto("/search?mode=regex")
    with page.expect_response(lambda r: "q=" in r.url and r.status == 400):
        page.locator("#q").fill("(")

    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("#q").fill("pods/shop/crash")
    expect(page.locator("#results strong")).to_have_text("1")


def test_a_form_that_cannot_be_read_comes_back_with_what_was_typed(page: Page) -> None:
    for address, label, typed in (
        ("/search?mode=regex&q=%28", "Key, or a part of it", "("),
        ("/search/content?kind=labels&q=a%3D%3D%3Db", "What to look for", "a===b"),
        ("/registry?resource=pods&labels=a%3D%3D%3Db", "Labels", "a===b"),
    ):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 400
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label(label, exact=True)).to_have_value(typed)
    page.goto("/search?mode=regex&q=%28")
    assert "(?m" not in page.get_by_role("alert").inner_text()


def test_a_search_in_content_needs_no_scope_and_shows_no_stop_when_it_has_ended(page: Page) -> None:
    page.goto("/search/content")
    page.get_by_label("What to look for").fill("CrashLoopBackOff")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".content-done")).to_contain_text("All keys were searched")
    expect(page.locator(".content-hit").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()

    page.get_by_label("What to look for").fill("no such text anywhere")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".empty")).to_contain_text("No match in what was searched")


def test_a_phone_has_the_main_pages_at_its_bottom_and_the_others_behind_more(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 860})
    page.goto("/history?key=/registry/pods/shop/crashloop")
    places = page.get_by_role("navigation", name="Places")
    expect(page.get_by_role("navigation", name="Pages", exact=True)).to_be_hidden()
    expect(places.locator("[aria-current=page]:visible")).to_have_text("Registry")
    for link in places.locator("> a").all():
        expect(link).to_be_in_viewport(ratio=1)
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 44

    places.get_by_text("More").click()
    places.get_by_role("link", name="Encryption").click()
    page.wait_for_url("**/encryption")
    expect(places.locator(".places-current")).to_have_text("More")
    page.mouse.wheel(0, 20_000)
    expect(page.get_by_role("contentinfo")).to_be_in_viewport()


def test_no_bar_of_tabs_scrolls_sideways(page: Page) -> None:
    page.goto("/object?key=/registry/pods/shop/crashloop&view=yaml")
    beyond = "bars => bars.filter(b => b.scrollWidth > b.clientWidth).map(b => b.className)"
    for width in (400, 600, 768):
        page.set_viewport_size({"width": width, "height": 860})

        assert page.locator(".tabs, .value-tabs, .places").evaluate_all(beyond) == []


def test_the_history_leads_back_to_the_object(page: Page) -> None:
    page.goto("/history?key=/registry/pods/shop/crashloop")
    page.get_by_role("navigation", name="Where this is").get_by_role("link", name="crashloop", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("crashloop")


def test_the_keyboard_goes_to_search_pages_rows_and_help(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/registry")

    page.goto("/registry?resource=pods")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tbody tr:nth-child(2) th a:first-child")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("tbody tr:nth-child(1) th a:first-child")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/object?**")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#bar-q")).to_be_focused()


def test_the_types_are_narrowed_as_one_types(page: Page) -> None:
    page.goto("/registry?resource=pods")
    tree = page.get_by_role("navigation", name="Resource types")
    roles = tree.get_by_role("link", name="clusterroles", exact=True)
    expect(tree.get_by_role("link", name="pods", exact=True)).to_be_visible()
    expect(roles).to_be_hidden()  # its group is folded

    page.keyboard.press("f")
    page.keyboard.type("cluster role")
    expect(roles).to_be_visible()
    expect(tree.get_by_role("link", name="pods", exact=True)).to_be_hidden()
    page.keyboard.type("x")
    expect(tree.get_by_role("status")).to_have_text("No matching type.")
    page.keyboard.press("Escape")
    expect(tree.get_by_role("link", name="pods", exact=True)).to_be_visible()
    expect(roles).to_be_hidden()

    page.keyboard.type("configm")
    page.keyboard.press("Enter")
    page.wait_for_url("**/registry?resource=configmaps")


def test_the_theme_switch_is_remembered(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto("/registry")

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_theme_switch_works_after_a_boosted_link(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Registry", exact=True).click()
    page.wait_for_url("**/registry")
    page.get_by_role("button", name="Switch between light and dark").click()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def view(page: Page, name: str) -> None:
    """Choose a view of the object that is shown."""
    page.get_by_role("navigation", name="Views of this key").get_by_role("link", name=name).click()


def test_the_way_down_from_tree_to_object_and_back(page: Page) -> None:
    page.goto("/registry")
    page.get_by_role("link", name="pods", exact=True).click()
    page.get_by_role("navigation", name="By namespace").get_by_role("link", name="shop").click()
    expect(page.locator("#objects tbody tr")).to_have_count(27)
    page.get_by_role("link", name="crashloop", exact=True).click()
    expect(page.locator("#value")).to_contain_text("CrashLoopBackOff")
    view(page, "YAML")
    expect(page.locator("#value-text")).to_contain_text("reason: CrashLoopBackOff")
    view(page, "JSON")
    expect(page.locator("#value-text")).to_contain_text('"kind": "Pod"')
    page.evaluate("history.back()")
    expect(page.locator("#value-text")).to_contain_text("reason: CrashLoopBackOff")
    page.evaluate("history.back()")
    expect(page.locator("#value")).to_contain_text("CrashLoopBackOff")
    page.evaluate("history.back()")
    expect(page.locator("#objects tbody tr")).to_have_count(27)


def test_going_back_twice_at_once_shows_the_page_that_the_address_names(page: Page) -> None:
    page.goto("/registry?resource=pods&namespace=shop")
    page.get_by_role("link", name="crashloop", exact=True).click()
    view(page, "YAML")
    expect(page.locator("#value-text")).to_contain_text("reason: CrashLoopBackOff")

    page.route("**/object?key=/registry/pods/shop/crashloop", _late)
    page.evaluate("() => { history.back(); setTimeout(() => history.back(), 50); }")
    expect(page.locator("#objects tbody tr")).to_have_count(27)
    page.wait_for_timeout(2 * LATE_SECONDS * 1000)

    expect(page.locator("#objects tbody tr")).to_have_count(27)
    assert urlsplit(page.url).path == f"{PREFIX}/registry"


def _late(route: Route) -> None:
    """An answer that comes when another page has been asked for."""
    time.sleep(LATE_SECONDS)
    route.continue_()


def test_the_wide_switch_adds_columns(page: Page) -> None:
    page.goto("/registry?resource=pods&namespace=shop")
    before = page.locator("#objects thead th").count()
    page.get_by_role("switch", name="wide").click()
    expect(page.get_by_role("columnheader", name="Nominated Node")).to_be_visible()

    assert page.locator("#objects thead th").count() > before


def test_all_pages_work_without_javascript(browser: Browser, base_url: str) -> None:
    page = browser.new_context(java_script_enabled=False, base_url=base_url).new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Members")).to_be_visible()
    page.get_by_role("link", name="Registry", exact=True).click()
    page.get_by_role("link", name="pods", exact=True).click()
    expect(page.get_by_role("navigation", name="Resource types")).to_be_visible()
    page.get_by_role("link", name="crashloop", exact=True).click()
    expect(page.locator("#value")).to_contain_text("CrashLoopBackOff")
    # Until the styles have come there are two: a phone has its own at the bottom.
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Search", exact=True).click()
    page.locator("#q").fill("/registry/pods/mon")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#results strong")).to_have_text("7")
    page.context.close()


def test_the_overview_names_three_healthy_members_and_refreshes_itself(page: Page) -> None:
    page.goto("/")
    for name in ("cp1", "cp2", "cp3"):
        expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    expect(page.locator("tbody .status-ok", has_text="healthy")).to_have_count(3)
    with page.expect_response(re.compile(r"/$"), timeout=10_000) as refreshed:
        pass

    assert refreshed.value.status == 200


def test_on_paper_a_list_is_its_table_in_dark_ink(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.goto("/registry?resource=pods")

    expect(page.get_by_role("table")).to_be_visible()
    for gone in (".bar", ".tabs", ".tree", ".filters"):
        expect(page.locator(gone).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 31, 30)"


def test_typing_goes_on_behind_what_was_searched_for(page: Page) -> None:
    page.goto("/search?q=cart")

    page.keyboard.type("-c8")

    expect(page.locator("#q")).to_have_value("cart-c8")


def test_a_bar_says_that_a_page_is_on_its_way(page: Page) -> None:
    held: list[Route] = []
    page.goto("/registry")
    page.route("**/certificates", lambda route: held.append(route))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Certificates").click()

    page.wait_for_function("getComputedStyle(document.body, '::after').animationName === 'on-its-way'")
    held[0].continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text("Certificates")
    page.wait_for_function("getComputedStyle(document.body, '::after').animationName === 'none'")
