"""Open pages follow etcd: rows flash, deleted ones are struck out, an object and the watch feed show what changed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program

Etcdctl = Callable[..., None]
WEB = "/registry/configmaps/live/web"
FED = "/registry/configmaps/live/fed"  # of one test alone: the feed remembers what the others wrote


def config_map(name: str, text: str) -> str:
    return (
        f'{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}","namespace":"live",'
        f'"creationTimestamp":"2026-11-23T15:00:00Z"}},"data":{{"text":"{text}"}}}}'
    )


@pytest.fixture
def etcdctl(etcd: LocalCluster) -> Iterator[Etcdctl]:
    """Writes beside the product, as the API server would; what a test put under `live` is gone after it."""

    def run(*arguments: str) -> None:
        tls = etcd.tls
        environ = os.environ | {
            "ETCDCTL_API": "3",
            "ETCDCTL_ENDPOINTS": etcd.endpoints[0],
            "ETCDCTL_CACERT": tls.cacert,
            "ETCDCTL_CERT": tls.cert,
            "ETCDCTL_KEY": tls.key,
        }
        subprocess.run([find_program("etcdctl"), *arguments], env=environ, check=True, capture_output=True)

    yield run
    run("del", "--prefix", "/registry/configmaps/live/")


def test_a_new_row_flashes_and_a_deleted_one_is_struck_out(page: Page, etcdctl: Etcdctl) -> None:
    etcdctl("put", "/registry/configmaps/live/first", config_map("first", "a"))
    page.goto("/registry?resource=configmaps&namespace=live")
    expect(page.locator("#objects tbody tr")).to_have_count(1)

    etcdctl("put", WEB, config_map("web", "a"))
    expect(page.locator("tr.row-new")).to_contain_text("web")

    etcdctl("del", "/registry/configmaps/live/first")
    expect(page.locator("tr.row-deleted del")).to_have_text("first")


def test_a_row_stays_selected_when_the_list_refreshes_itself(page: Page, etcdctl: Etcdctl) -> None:
    etcdctl("put", WEB, config_map("web", "a"))
    page.goto("/registry?resource=configmaps&namespace=live")
    page.get_by_role("link", name="web", exact=True).focus()
    etcdctl("put", "/registry/configmaps/live/added", config_map("added", "a"))
    expect(page.get_by_role("link", name="added", exact=True)).to_be_visible()

    expect(page.locator(".row-current")).to_contain_text("web")
    expect(page.get_by_role("link", name="web", exact=True)).to_be_focused()


def test_a_list_stays_scrolled_when_it_refreshes_itself(page: Page, etcdctl: Etcdctl) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto("/registry?resource=configmaps")
    frame = page.locator("#objects .table-frame")
    frame.evaluate("frame => frame.scrollTo(0, 90)")
    etcdctl("put", WEB, config_map("web", "a"))
    expect(page.locator("tr.row-new")).to_contain_text("web")

    assert frame.evaluate("frame => frame.scrollTop") == 90


def test_an_open_object_shows_its_new_value_and_then_that_it_is_gone(page: Page, etcdctl: Etcdctl) -> None:
    etcdctl("put", WEB, config_map("web", "before"))
    page.goto(f"/object?key={WEB}&view=yaml")
    expect(page.locator("#value-text")).to_contain_text("text: before")

    etcdctl("put", WEB, config_map("web", "after"))
    expect(page.locator("#value-text")).to_contain_text("text: after")

    etcdctl("del", WEB)
    expect(page.locator(".banner-deleted")).to_contain_text(re.compile(r"was deleted at revision\s+[0-9]+"))
    expect(page.locator("#value-text")).to_contain_text("text: after")


def test_the_feed_tells_which_field_changed_and_filters_and_pauses(page: Page, etcdctl: Etcdctl) -> None:
    etcdctl("put", FED, config_map("fed", "before"))
    page.goto("/watch?prefix=/registry/configmaps/live/&kind=updated&q=fed")
    etcdctl("put", FED, config_map("fed", "after"))

    row = page.locator(".feed-row").first
    expect(row).to_contain_text(FED)
    expect(row.locator("summary")).to_contain_text("1 field: data.text")
    row.locator("summary").click()
    expect(row.locator(".feed-differences code")).to_have_text("data.text")
    expect(row.get_by_role("link", name="History", exact=True)).to_be_visible()
    expect(row.locator("del")).to_have_text("before")
    expect(row.locator("ins")).to_have_text("after")

    page.get_by_role("switch", name="pause").click()
    expect(page.get_by_text("Paused at revision")).to_be_visible()
    count = page.locator(".feed-row").count()
    etcdctl("put", FED, config_map("fed", "later"))
    page.reload()
    expect(page.locator(".feed-row")).to_have_count(count)
    page.get_by_role("switch", name="pause").click()
    expect(page.locator(".feed-row")).to_have_count(count + 1)
    expect(row.locator("ins")).to_have_text("later")


def test_the_columns_of_the_feed_stand_still_whatever_stands_in_them(page: Page, etcdctl: Etcdctl) -> None:
    long = f"/registry/configmaps/live/{'n' * 253}"
    page.goto("/watch?prefix=/registry/configmaps/live/")
    for key in (FED, long):
        etcdctl("put", key, config_map("fed", "a"))
    row, longest = (page.locator(".feed-row").filter(has_text=text) for text in ("live/fed", "nnn"))
    expect(longest).to_be_visible()
    key = row.first.locator("a.mono")

    lefts = set()
    for revision in ("9", "10", "123,456"):
        row.first.locator(".num").nth(1).evaluate("(cell, text) => { cell.textContent = text }", revision)
        lefts.add(_box(key)["x"])
    time, name = _box(longest.first.locator(".num").first), _box(longest.first.locator("a.mono"))

    assert lefts == {name["x"]}
    assert abs(time["y"] - name["y"]) < 4


def test_what_the_bar_says_moves_nothing_and_leads_to_what_it_means(page: Page) -> None:
    page.goto("/")
    search, fresh = page.get_by_role("search").first, page.locator("#freshness")
    before = _box(search)
    fresh.evaluate("bar => { bar.insertAdjacentHTML('afterbegin', '<a>Degraded</a>') }")
    assert _box(search) == before

    fresh.get_by_role("link", name=re.compile("^rev ")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Freshness")


def _box(found: Locator) -> FloatRect:
    box = found.bounding_box()
    assert box is not None
    return box


def test_a_deleted_key_says_when_it_was_deleted_and_its_last_value_and_history_are_kept(
    page: Page, etcdctl: Etcdctl
) -> None:
    etcdctl("put", WEB, config_map("web", "one"))
    etcdctl("put", WEB, config_map("web", "two"))
    etcdctl("del", WEB)

    answer = page.goto(f"/object?key={WEB}&view=yaml")
    assert answer is not None
    assert answer.status == 200
    expect(page.locator(".banner-deleted")).to_contain_text(re.compile(r"was deleted at revision\s+[0-9]+"))
    expect(page.locator("#value-text")).to_contain_text("text: two")

    page.locator(".banner-deleted").get_by_role("link", name="History").click()
    expect(page.locator(".revision").first.locator(".pill")).to_have_text("deleted")
    expect(page.locator(".revision").nth(1).locator("ins")).to_contain_text("text: two")


def test_two_revisions_of_a_history_are_checked_and_compared(page: Page, etcdctl: Etcdctl) -> None:
    for text in ("one", "two", "three"):
        etcdctl("put", WEB, config_map("web", text))
    page.goto(f"/history?key={WEB}")
    for row in (0, 2):
        page.locator(".revision").nth(row).get_by_role("checkbox").press("Space")
    page.get_by_role("button", name="Compare selected").press("Enter")

    compared = page.get_by_role("region", name=re.compile("^From revision"))
    expect(compared.locator("del")).to_contain_text("text: one")
    expect(compared.locator("ins")).to_contain_text("text: three")


def test_the_history_shows_each_line_of_a_difference_on_a_line_of_its_own(page: Page, etcdctl: Etcdctl) -> None:
    etcdctl("put", WEB, config_map("web", "one " + "long " * 60))
    etcdctl("put", WEB, config_map("web", "two"))
    page.set_viewport_size({"width": 400, "height": 860})
    page.goto(f"/history?key={WEB}")

    lines = page.locator("pre.diff").first.inner_text().splitlines()
    assert "+   text: two" in lines
    assert [line[0] for line in lines if "text:" in line] == ["-", "+"]
    assert len(lines) > 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_compacted_revision_is_a_410(page: Page, etcdctl: Etcdctl, etcd: LocalCluster) -> None:
    for text in ("one", "two", "three"):
        etcdctl("put", WEB, config_map("web", text))
    page.goto(f"/object?key={WEB}")
    revision = int((page.locator("dt:has-text('Modified') + dd").text_content() or "").replace(",", ""))
    etcdctl("compact", str(revision))

    answer = page.goto(f"/object?key={WEB}&revision={revision - 1}")

    assert answer is not None
    assert answer.status == 410
