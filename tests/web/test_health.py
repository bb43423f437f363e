"""The health pages before a real cluster: they follow what happens, in words, and do not disturb who reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from etcdview.demo.cluster import LocalCluster, LocalMember

SOON = 15_000  # milliseconds: two rounds of probes, on a machine that has more to do
FINE = re.compile("Healthy|At risk")


@pytest.fixture
def stopped(etcd: LocalCluster, page: Page) -> Iterator[LocalMember]:
    """The last member, paused; all are well again, and known to be, when the test ends."""
    member = etcd.members[-1]
    member.pause()
    yield member
    etcd.heal()
    page.goto("/health")
    expect(page.locator(".verdict-word")).to_have_text(FINE, timeout=3 * SOON)


def test_a_member_that_hangs_is_named_within_seconds_and_every_page_says_so(page: Page, stopped: LocalMember) -> None:
    page.goto("/health")

    expect(page.locator(".verdict-word")).to_have_text(re.compile("Degraded"), timeout=SOON)
    expect(page.get_by_role("heading", name=f"Member {stopped.name} does not answer.")).to_be_visible()
    row = page.get_by_role("region", name="Probes").get_by_role("row", name=re.compile(stopped.name))
    expect(row).to_contain_text("no answer")
    page.goto("/registry")
    expect(page.locator("#freshness").get_by_role("link", name="Degraded")).to_be_visible(timeout=SOON)


def test_the_page_asks_again_by_itself_and_leaves_alone_what_is_being_read(page: Page) -> None:
    page.goto("/health")
    commands = page.locator("#health details").first
    commands.locator("summary").click()
    before = page.locator("#health").element_handle()
    with page.expect_response(re.compile("/health$"), timeout=SOON) as refreshed:
        pass
    assert refreshed.value.request.headers["hx-request"] == "true"
    page.wait_for_function("before => !before.isConnected", arg=before)
    expect(commands).to_have_attribute("open", "")

    page.locator(".verdict-facts").first.select_text()
    selected = page.locator("#health").element_handle()
    with page.expect_response(re.compile("/health$"), timeout=SOON):
        pass
    page.wait_for_timeout(300)
    assert page.evaluate("part => part.isConnected", selected)


def test_the_inventory_shows_the_certificates_that_members_present(page: Page) -> None:
    page.goto("/certificates")
    certificates = page.get_by_role("region", name=re.compile("All certificates"))

    for name in ("cp1", "cp2", "cp3"):
        row = certificates.get_by_role("row", name=re.compile(f"server certificate of {name}"))
        expect(row).to_contain_text("valid")
        expect(row).to_contain_text("36")
        expect(row).to_contain_text("days")
    expect(certificates.get_by_role("row", name=re.compile("client certificate of etcdview"))).to_be_visible()


def test_health_and_certificates_work_without_javascript(browser: Browser, base_url: str) -> None:
    page = browser.new_context(java_script_enabled=False, base_url=base_url).new_page()
    page.goto("/")
    page.get_by_role("link", name="Health", exact=True).click()
    expect(page.locator(".verdict-word")).to_have_text(FINE)
    for title in ("Findings", "Members", "Probes", "How this etcd is deployed"):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    page.get_by_role("link", name="Certificates", exact=True).click()
    expect(page.get_by_role("heading", name="Certificates", exact=True)).to_be_visible()
    page.context.close()
