"""What open pages ask again and again: what they are told, what it costs etcd, and what becomes of them in trouble."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.models import Range, RangeResult
from tests.integration.indexing import Writer, wait_for, writing
from webapp import create_app

MAPS = b"/registry/configmaps/live/"


@dataclass
class Live:
    """The app on a real etcd, and somebody else who writes to it."""

    opened: Cluster
    browser: FlaskClient
    writer: Writer

    def put(self, name: str, text: str = "a", labels: Mapping[str, str] | None = None) -> int:
        """Write a config map, and wait until the index has seen it."""
        metadata = {"name": name, "namespace": "live", "labels": labels or {}}
        value = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": text}})
        return self._seen(self.writer.put(MAPS + name.encode(), value=value.encode()))

    def delete(self, name: str) -> int:
        """Delete it, and wait until the index has seen that."""
        return self._seen(self.writer.delete(MAPS + name.encode()))

    def _seen(self, revision: int) -> int:
        wait_for(lambda: self.opened.index.freshness().revision >= revision)
        return revision

    def ask(self, address: str, part: str) -> TestResponse:
        """As htmx does for a part of a page that refreshes itself."""
        return self.browser.get(address, headers={"HX-Request": "true", "HX-Target": part, "HX-Trigger": part})

    def poll_of(self, page: str, part: str) -> str:
        """The address that a part of a page asks for news of itself."""
        found = re.search(rf'id="{part}"[^>]*?hx-get="([^"]+)"', page, re.DOTALL)
        assert found is not None, page
        return unescape(found[1])


@pytest.fixture
def live(plain_etcd: LocalCluster) -> Iterator[Live]:
    """One member, the app over it with its index loaded, and a writer."""
    opened = open_cluster(Settings(endpoints=plain_etcd.endpoints))
    app = create_app(Settings(endpoints=plain_etcd.endpoints), opened)
    wait_for(lambda: opened.index.freshness().state == "live")
    with writing(plain_etcd.endpoints[0]) as writer:
        yield Live(opened, app.test_client(), writer)
    opened.close()


@pytest.fixture
def reads(live: Live, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The keys at which etcd is asked for values, as they are asked for."""
    requests: list[bytes] = []
    real: Callable[..., RangeResult] = live.opened.source.range

    def counted(request: Range) -> RangeResult:
        requests.append(request.start)
        return real(request)

    monkeypatch.setattr(live.opened.source, "range", counted)
    return requests


def names_in(response: TestResponse) -> list[str]:
    return re.findall(r'id="row-[^"]*/([^"/]+)"', response.text)


def test_a_page_of_a_list_is_told_of_its_own_objects_alone(live: Live) -> None:
    for n in range(6):
        live.put(f"m{n}")
    page = live.browser.get("/registry?resource=configmaps&namespace=live&limit=2").text
    poll = live.poll_of(page, "objects")

    live.delete("m4")
    assert live.ask(poll, "objects").status_code == 204

    live.delete("m0")
    news = live.ask(poll, "objects")
    assert names_in(news) == ["m1", "m2"]
    assert re.findall(r"<del>(\w+)</del>", news.text) == ["m0"]


def test_the_last_page_of_a_list_is_told_of_what_comes_behind_it(live: Live) -> None:
    for n in range(3):
        live.put(f"m{n}")
    first = live.browser.get("/registry?resource=configmaps&namespace=live&limit=2").text
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    poll = live.poll_of(live.browser.get(unescape(following[1])).text, "objects")

    live.put("m9")

    assert names_in(live.ask(poll, "objects")) == ["m2", "m9"]


def test_an_object_that_the_index_had_not_seen_yet_is_told_of_by_the_next_poll(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.put("old")
    before = live.opened.index.page(MAPS, MAPS[:-1] + b"0")
    live.put("new")
    with monkeypatch.context() as behind:
        behind.setattr(live.opened.index, "page", lambda *_, **__: before)
        page = live.browser.get("/registry?resource=configmaps&namespace=live")
    assert names_in(page) == ["old"]

    assert names_in(live.ask(live.poll_of(page.text, "objects"), "objects")) == ["new", "old"]


def test_a_filtered_list_strikes_out_what_it_showed_and_nothing_else(live: Live) -> None:
    live.put("a", labels={"app": "web"})
    live.put("b", labels={"app": "web"})
    live.put("c", labels={"app": "other"})
    poll = live.poll_of(live.browser.get("/registry?resource=configmaps&labels=app=web").text, "objects")

    live.delete("a")
    live.delete("c")

    news = live.ask(poll, "objects").text
    assert re.findall(r"<del>(\w+)</del>", news) == ["a"]


def test_a_hundred_watch_pages_cost_etcd_one_read_a_change(live: Live, reads: list[bytes]) -> None:
    since = max(live.put(f"m{n}", "before") for n in range(10))
    for n in range(10):
        live.put(f"m{n}", "after")
    reads.clear()

    answers = [live.ask(f"/watch?prefix=/registry/configmaps/&since={since}", "news").text for _ in range(100)]

    assert len([key for key in reads if key.startswith(MAPS)]) == 10
    assert all(answer.count("<ins>after</ins>") == 10 for answer in answers)


def test_the_watch_page_looks_up_so_many_changes_a_second_and_lists_the_others_without(
    live: Live, reads: list[bytes]
) -> None:
    live.put("m", "first")
    for n in range(150):
        live.put("m", str(n))
    reads.clear()

    for _ in range(10):
        assert live.browser.get("/watch?kind=updated").text.count('class="feed-row"') == 100

    assert len(reads) <= 100


def test_the_watch_page_finds_what_fits_however_much_else_was_written(live: Live) -> None:
    live.put("gone")
    live.delete("gone")
    for n in range(300):
        live.writer.put(b"/registry/leases/kube-system/%d" % (n % 3))
    live.put("last")

    page = live.browser.get("/watch?kind=deleted").text

    assert "/registry/configmaps/live/gone" in page
    assert "No recorded change matches" in live.browser.get("/watch?q=nonesuch").text


def test_more_changes_than_are_listed_are_counted(live: Live) -> None:
    since = live.put("m")
    for n in range(130):
        live.writer.put(MAPS + b"%d" % n)
    live.put("last")

    news = live.ask(f"/watch?since={since}", "news").text

    assert news.count('class="feed-row"') == 100
    assert re.search(r"and\s+<span class=\"num\">31</span> older changes", news)


def test_a_paused_watch_page_stays_as_it_is_when_it_is_loaded_again(live: Live) -> None:
    live.put("before")
    paused = live.browser.get("/watch").text
    pause = re.search(r'id="pause"[^>]*href="([^"]+)"', paused, re.DOTALL)
    assert pause is not None
    live.put("after")

    shown = live.browser.get(unescape(pause[1])).text

    assert "live/before" in shown
    assert "live/after" not in shown


def test_a_part_that_cannot_be_refreshed_stays_and_asks_again(live: Live, plain_etcd: LocalCluster) -> None:
    live.put("web")
    poll = live.poll_of(live.browser.get("/registry?resource=configmaps").text, "objects")
    live.put("web", "again")
    plain_etcd.members[0].pause()
    try:
        failed = live.ask(poll, "objects")
    finally:
        plain_etcd.members[0].resume()

    assert failed.status_code == 503
    assert failed.headers["HX-Reswap"] == "none"
    wait_for(lambda: live.ask(poll, "objects").status_code == 200)


def test_an_open_object_that_is_deleted_says_so_and_shows_the_one_that_comes_in_its_place(live: Live) -> None:
    live.put("web-0", "one")
    poll = live.poll_of(live.browser.get(f"/object?key={MAPS.decode()}web-0&view=yaml").text, "object")
    live.delete("web-0")

    gone = live.ask(poll, "object")
    assert gone.status_code == 200
    assert "deleted at revision" in gone.text
    again = live.poll_of(gone.text.replace('id="object"', 'id="object" '), "object")
    assert live.ask(again, "object").status_code == 204

    live.put("web-0", "two")
    back = live.ask(again, "object")
    assert back.status_code == 200
    assert "two" in back.text


def test_names_are_found_while_etcd_does_not_answer(live: Live, plain_etcd: LocalCluster) -> None:
    live.put("web")
    plain_etcd.members[0].pause()
    try:
        found = live.browser.get("/search?q=live/web")
        listed = live.browser.get("/api/v1/keys?contains=live/web")
    finally:
        plain_etcd.members[0].resume()

    assert found.status_code == 200
    assert "/registry/configmaps/live/web" in found.text
    assert "facts about these keys cannot be read" in found.text
    assert listed.get_json()["keys"][0]["modRevision"] is None


def test_pages_say_how_their_values_were_read(live: Live) -> None:
    live.put("web")

    assert ", up to date" in live.browser.get("/registry?resource=configmaps").text
    assert "up to date" in live.browser.get(f"/object?key={MAPS.decode()}web").text
