"""Five jobs by the keyboard alone, from the overview, as somebody does them who has never seen the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from etcdview.access import users
from etcdview.access.users import User, Users
from etcdview.demo.cluster import LocalCluster
from etcdview.models import KeyValue
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from tests.integration.indexing import wait_for
from tests.web.axe import serious_faults
from tests.web.behind import BEHIND, site

CONFIG = b"/registry/configmaps/shop/app-config"
KEYS_PRESSED = 120  # of Tab, before a part of a page counts as out of reach


def go(page: Page, words: str, choice: str = "") -> None:
    """Type words into the field in the header: Enter opens what they name alone, else arrows go to a choice."""
    page.keyboard.press("Control+k")
    expect(page.locator("#bar-q")).to_be_focused()
    page.keyboard.type(words)
    expect(page.locator(f"[data-asked='{words}']")).to_be_attached()
    if choice:
        press_until(page, "ArrowDown", page.locator("#palette").get_by_role("link", name=choice, exact=True).first)
    page.keyboard.press("Enter")


def press_until(page: Page, key: str, wanted: Locator) -> None:
    """Press a key until the focus is on what is wanted, or in it."""
    expect(wanted).to_be_visible()
    for _ in range(KEYS_PRESSED):
        if wanted.evaluate("part => part.contains(document.activeElement)"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{key} does not lead to {wanted}")


def test_a_pod_is_found_in_its_list(page: Page) -> None:
    page.goto("/")
    go(page, ":pods -n shop")
    page.wait_for_url("**/registry?resource=pods&namespace=shop")
    press_until(page, "j", page.get_by_role("link", name="crashloop", exact=True))
    page.keyboard.press("Enter")

    page.wait_for_url("**/object?key=/registry/pods/shop/crashloop")


def test_what_needs_attention_is_narrowed_by_chips(page: Page, base_url: str) -> None:
    wait_for(lambda: page.request.get(f"{base_url}/api/v1/resources").json()["factsComplete"])
    page.goto("/")
    rows = page.locator("#attention .worst > li")
    expect(rows).to_have_count(10)
    press_until(page, "Tab", page.get_by_role("navigation", name="By namespace").get_by_role("link", name="payments"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/?namespace=payments#attention")

    expect(rows).to_have_count(8)
    expect(page.get_by_role("navigation", name="By namespace").locator("[aria-current]")).to_contain_text("payments")


def test_why_a_pod_does_not_run_is_the_first_that_its_page_says(page: Page) -> None:
    page.goto("/")
    go(page, "po every", "every-volume")
    page.wait_for_url("**/object?key=/registry/pods/payments/every-volume")

    expect(page.locator(".why")).to_be_in_viewport()
    expect(page.locator(".why")).to_contain_text("Not running (Pending) because Secret payments/s is missing")


def test_who_uses_a_secret_is_read(page: Page) -> None:
    page.goto("/")
    go(page, "secret/registry-pull -n shop")
    page.wait_for_url("**/object?key=/registry/secrets/shop/registry-pull")
    related = page.get_by_role("region", name="Related objects")
    press_until(page, "Tab", related)

    expect(related).to_be_in_viewport()
    expect(related).to_contain_text("ServiceAccount")


def test_what_changed_is_read_also_from_before_the_page_was_opened(page: Page) -> None:
    page.goto("/")
    go(page, "changes")
    page.wait_for_url("**/watch")
    press_until(page, "Tab", page.locator("#watch-q"))
    page.keyboard.type("crashloop")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=crashloop**")

    expect(page.locator(".feed-row").first).to_contain_text("/registry/pods/shop/crashloop")


@pytest.fixture
def config(etcd: LocalCluster, capture: Path) -> Iterator[KeyValue]:
    """A ConfigMap that somebody has just spoilt; what it held before."""
    before = next(kv for kv in read_dump(capture / "registry.jsonl.gz") if kv.key == CONFIG)
    load(etcd.endpoints[0], etcd.tls, [replace(before, value=before.value.replace(b"mode=live", b"mode=test"))])
    yield before
    load(etcd.endpoints[0], etcd.tls, [before])


@pytest.fixture
def admin(browser: Browser, etcd: LocalCluster, tmp_path: Path, config: KeyValue) -> Iterator[Page]:
    """A page of an admin, where changes are allowed."""
    known, token = users.add_token(Users().with_user(User("ann", "admin")), "ann", datetime.now(UTC), None, "")
    people = tmp_path / "users.json"
    people.write_text(json.dumps(users.to_raw(known)))
    people.chmod(0o600)
    flags = {
        "endpoints": ",".join(etcd.endpoints),
        "cacert": etcd.tls.cacert,
        "cert": etcd.tls.cert,
        "key": etcd.tls.key,
        "users-file": people,
        "undo-file": tmp_path / "undo.jsonl",
        "audit-log": tmp_path / "audit.jsonl",
    }
    with site(*(f"--{name}={value}" for name, value in flags.items()), "--allow-writes") as address:
        headers = {"Authorization": f"Bearer {token}"}
        context = browser.new_context(base_url=address, extra_http_headers=headers, ignore_https_errors=BEHIND)
        yield context.new_page()
        context.close()


def test_a_config_map_is_put_back(admin: Page) -> None:
    admin.goto("/")
    go(admin, "cm/app-config -n shop")
    admin.wait_for_url("**/object?key=/registry/configmaps/shop/app-config")
    press_until(
        admin, "Tab", admin.get_by_role("navigation", name="Views of this key").get_by_role("link", name="History")
    )
    admin.keyboard.press("Enter")
    admin.wait_for_url("**/history?**")
    press_until(admin, "Tab", admin.get_by_role("link", name="restore this value").first)
    admin.keyboard.press("Enter")
    admin.wait_for_url("**/restore?**")
    press_until(admin, "Tab", admin.locator("#typed"))
    admin.keyboard.type("app-config")
    admin.keyboard.press("Enter")
    admin.wait_for_url("**/changed**")

    go(admin, "cm/app-config -n shop")
    admin.wait_for_url("**/object?key=/registry/configmaps/shop/app-config")
    expect(admin.locator("#value")).to_contain_text("mode=live")

    admin.goto("/watch?q=shop/app-config&kind=updated")
    press_until(admin, "Tab", admin.locator(".feed-row summary").first)
    admin.keyboard.press("Enter")
    press_until(admin, "Tab", admin.get_by_role("link", name="Restore the value before this change").first)
    admin.keyboard.press("Enter")
    admin.wait_for_url("**/restore?**")


def test_the_editor_indents_by_tab_and_is_left_by_escape_and_tab(admin: Page) -> None:
    admin.goto("/edit?key=/registry/configmaps/shop/app-config")
    text, gutter = admin.locator("#edit-text"), admin.locator(".editor-gutter")
    before = text.input_value()
    assert 'aria-describedby="edit-keys"' not in admin.request.get(admin.url).text()  # untrue without the script
    expect(text).to_have_attribute("aria-describedby", "edit-keys")
    expect(gutter).to_have_text("\n".join(str(n + 1) for n in range(before.count("\n") + 1)), use_inner_text=True)
    press_until(admin, "Tab", text)
    admin.keyboard.press("Control+Home")

    admin.keyboard.press("Tab")
    admin.keyboard.press("Enter")
    expect(text).to_have_value("  \n" + before)
    expect(gutter).to_contain_text(str(before.count("\n") + 2))
    admin.keyboard.press("ArrowUp")
    admin.keyboard.press("Shift+Tab")
    admin.keyboard.press("Delete")
    expect(text).to_have_value(before)
    admin.keyboard.press("Escape")
    admin.keyboard.press("Tab")
    expect(text).not_to_be_focused()

    text.press("Escape")
    admin.get_by_role("heading", level=1).click()  # left by mouse: Escape is forgotten
    text.press("Tab")
    expect(text).to_have_value("  " + before)

    admin.get_by_role("switch", name="wrap").click()
    expect(gutter).to_be_hidden()


def test_a_change_that_meets_anothers_is_put_on_it(admin: Page, etcd: LocalCluster, config: KeyValue) -> None:
    admin.goto("/edit?key=/registry/configmaps/shop/app-config")
    assert serious_faults(admin) == []
    text = admin.locator("#edit-text")
    text.fill(text.input_value().replace("mode=test", "mode=mine"))
    load(etcd.endpoints[0], etcd.tls, [replace(config, value=config.value.replace(b"mode=live", b"mode=next"))])
    admin.get_by_role("button", name="Check the change").click()

    part = admin.locator(".conflict")
    expect(part).to_contain_text("changed by both")
    expect(part).to_contain_text("Check the new text below before you save.")
    assert serious_faults(admin) == []
    part.get_by_role("button", name="Put my changes on theirs").click()
    expect(text).to_have_value(re.compile("mode=mine"))
