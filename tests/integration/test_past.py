"""What a key was: its history, its deletion and the time of it, on a real etcd, and what finding out costs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import NotFoundError, TooLargeError
from etcdview.pages.object import past
from etcdview.pages.object.history import history_page
from tests.integration.indexing import Writer, wait_for, writing
from webapp import create_app

KEY = b"/registry/configmaps/shop/settings"
PAGE = f"/object?key={KEY.decode()}"
POLLS = 5


@dataclass
class Scene:
    """An etcd, and ways to open it: before or after what is done to it."""

    url: str
    writer: Writer
    opened: list[Cluster] = field(default_factory=list)
    start: int = 0

    def put(self, text: str, key: bytes = KEY, **metadata: Any) -> int:
        named = {"name": "settings"} | metadata
        value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"text": text}}
        return self.writer.put(key, value=json.dumps(value).encode())

    def open(self) -> Cluster:
        opened = open_cluster(Settings(endpoints=(self.url,)))
        self.opened.append(opened)
        wait_for(lambda: opened.index.freshness().state == "live")
        return opened

    def browser(self, opened: Cluster) -> FlaskClient:
        return create_app(Settings(endpoints=(self.url,)), opened).test_client()


@pytest.fixture
def scene(plain_etcd: LocalCluster) -> Iterator[Scene]:
    with writing(plain_etcd.endpoints[0]) as writer:
        made = Scene(plain_etcd.endpoints[0], writer)
        made.start = writer.put(b"/start")
        writer.compact(made.start)  # the lives that other tests gave the key are dropped
        yield made
        for opened in made.opened:
            opened.close()


def earlier_unknown(scene: Scene) -> str:
    """How a history ends that goes back to the creation of the key."""
    return f"etcd has compacted everything before revision {scene.start:,}: earlier lives of this key are unknown."


def watches(opened: Cluster, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The keys of watches, as they are made."""
    made: list[bytes] = []
    real = opened.source.watch

    def watch(start: bytes, end: bytes, revision: int) -> Any:
        made.append(start)
        return real(start, end, revision)

    monkeypatch.setattr(opened.source, "watch", watch)
    return made


def words(browser: FlaskClient, address: str) -> str:
    """The page's text, as people read it."""
    page = re.sub(r"(?s)<script.*?</script>|<[^>]+>", "", browser.get(address).text)
    return re.sub(r"\s+([.,])", r"\1", " ".join(unescape(page).split()))


def deleted_at_of(browser: FlaskClient) -> int:
    """The revision at which the page says that the key was deleted."""
    found = re.search(r"was deleted at revision ([\d,]+)", words(browser, PAGE))
    assert found is not None
    return int(found[1].replace(",", ""))


def counted(opened: Cluster, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reads of keys, as they are made."""
    made: list[str] = []
    for name in ("range", "get_many"):
        real = getattr(opened.source, name)

        def read(*arguments: Any, real: Any = real, name: str = name, **options: Any) -> Any:
            if getattr(arguments[0], "start", arguments[0]) in (KEY, [KEY]):
                made.append(name)
            return real(*arguments, **options)

        monkeypatch.setattr(opened.source, name, read)
    return made


def test_an_open_page_of_a_deleted_key_costs_two_reads_a_poll_and_its_past_is_read_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.put("a")
    scene.writer.delete(KEY)
    scene.put("x", b"/registry/configmaps/shop/after")
    opened = scene.open()  # its log of changes begins behind the deletion
    browser, reads = scene.browser(opened), counted(opened, monkeypatch)
    watched = watches(opened, monkeypatch)

    assert browser.get(PAGE).status_code == 200
    assert set(watched) == {KEY}
    del reads[:], watched[:]
    for _ in range(POLLS):
        assert "was deleted at revision" in browser.get(PAGE).text

    assert watched == []
    assert reads == ["range", "range"] * POLLS


def test_an_open_page_of_a_deleted_key_hears_nothing_until_the_key_is_back(scene: Scene) -> None:
    scene.put("a")
    scene.writer.delete(KEY)
    opened = scene.open()
    browser = scene.browser(opened)
    poll = unescape(re.findall(r'hx-get="(/object[^"]+)"', browser.get(PAGE).text)[0])
    part = {"HX-Request": "true", "HX-Target": "object"}

    assert browser.get(poll, headers=part).status_code == 204
    again = scene.put("b")
    wait_for(lambda: opened.index.freshness().revision >= again)
    answer = browser.get(poll, headers=part)

    assert answer.status_code == 200
    assert "was deleted at revision" not in answer.text


def test_a_deletion_that_the_index_saw_is_not_searched_for_and_has_a_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.put("a")
    opened = scene.open()
    deleted_at = scene.writer.delete(KEY)
    wait_for(lambda: opened.index.freshness().revision >= deleted_at)
    reads = counted(opened, monkeypatch)

    page = scene.browser(opened).get(PAGE).text

    assert reads == ["range", "range"]  # it is not there; its last value
    assert f'<span class="num">{deleted_at:,}</span>, seen at ' in page


def test_an_answer_that_was_kept_is_not_told_of_a_key_that_came_and_went_again(scene: Scene) -> None:
    scene.put("a")
    first = scene.writer.delete(KEY)
    opened = scene.open()
    browser = scene.browser(opened)
    assert deleted_at_of(browser) == first

    scene.put("b")
    second = scene.writer.delete(KEY)

    assert deleted_at_of(browser) == second


@pytest.mark.parametrize("spec", [{"renewTime": "zzzz"}, [], None, "x", {"renewTime": {"a": 1}}, {"renewTime": 7}])
def test_the_page_of_a_deleted_key_gives_no_time_that_a_lease_says_however_odd_it_is(scene: Scene, spec: Any) -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "cp"}, "spec": spec}
    scene.writer.put(b"/registry/leases/kube-system/cp", value=json.dumps(lease).encode())
    scene.put("a")
    revision = scene.writer.delete(KEY)

    answer = scene.browser(scene.open()).get(PAGE)

    assert answer.status_code == 200
    assert f'<span class="num">{revision:,}</span>.' in answer.text
    assert "seen at" not in answer.text


@pytest.mark.parametrize("view", ["summary", "yaml", "json", "raw"])
def test_the_page_of_a_deleted_key_shows_its_last_value_in_every_tab(scene: Scene, view: str) -> None:
    scene.put("the first value")
    written = scene.put("the last value")
    scene.writer.delete(KEY)
    browser = scene.browser(scene.open())
    page = browser.get(f"{PAGE}&view={view}").text

    text = "last value" if view != "raw" else '<span class="hex-offset">00000000</span>'
    assert text in page
    assert '<span class="pill">deleted</span>' in page
    for address in (
        f"/history?key={KEY.decode()}",
        f"/download?key={KEY.decode()}&amp;format=yaml&amp;revision={written}",
    ):
        assert f'href="{address}"' in page
        assert browser.get(unescape(address)).status_code == 200
    assert "Restore this value" not in page  # changes are switched off


def test_the_page_of_an_old_revision_says_what_became_of_the_key(scene: Scene) -> None:
    first, second = scene.put("one"), scene.put("two")
    browser = scene.browser(scene.open())
    assert ", not the newest." in words(browser, f"{PAGE}&revision={first}")
    assert "It is still the newest." in words(browser, f"{PAGE}&revision={second}")

    deleted_at = scene.writer.delete(KEY)

    for revision in (first, second):
        page = words(browser, f"{PAGE}&revision={revision}")
        assert f"of a key that was deleted at revision {deleted_at:,}" in page
        assert "not the newest" not in page
    newest = re.findall(r'href="([^"]+)">Show the last value', browser.get(f"{PAGE}&revision={first}").text)[0]
    assert "two" in words(browser, unescape(newest))


def test_a_key_that_never_was_and_one_whose_last_value_is_compacted_are_not_found(scene: Scene) -> None:
    scene.put("a")
    scene.writer.compact(scene.writer.delete(KEY))
    browser = scene.browser(scene.open())

    assert browser.get("/object?key=/registry/configmaps/shop/never").status_code == 404
    assert browser.get(PAGE).status_code == 404


def test_the_api_answers_for_a_deleted_key_with_a_problem_that_says_so(scene: Scene) -> None:
    scene.put("a")
    revision = scene.writer.delete(KEY)

    answer = scene.browser(scene.open()).get(f"/api/v1/object?key={KEY.decode()}")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert f"was deleted at revision {revision}" in answer.json["detail"]


def test_the_history_shows_what_each_write_changed_back_to_the_creation(scene: Scene) -> None:
    for text in ("one", "two"):
        scene.put(text)
    deleted_at = scene.writer.delete(KEY)

    page = history_page(Window(scene.open()), KEY)

    assert page.deleted_at == deleted_at
    assert (page.ending, page.problem) == ((earlier_unknown(scene),), "")
    deletion, newest, oldest = page.revisions
    assert (deletion.what, newest.what, oldest.what) == ("deleted", "updated", "created")
    assert [line.text.strip() for line in newest.diff if line.sign in ("+", "-")] == ["text: one", "text: two"]
    assert oldest.diff == ()


def managed(*by: tuple[str, str]) -> dict[str, Any]:
    return {"managedFields": [{"manager": name, "operation": "Update", "time": time} for name, time in by]}


def test_each_revision_has_the_manager_and_the_time_that_its_own_value_adds(scene: Scene) -> None:
    first, second = ("kubectl", "2026-11-23T11:00:00Z"), ("helm", "2026-11-23T12:00:00Z")
    scene.put("a", creationTimestamp="2026-11-23T10:00:00Z")
    scene.put("ab", **managed(first))
    scene.put("abc", **managed(first, second))
    scene.put("abcd", **managed(first, second))

    page = history_page(Window(scene.open()), KEY)

    told = [(r.by, f"{r.at:%H:%M}" if r.at else "", r.told) for r in page.revisions]
    assert told == [("", "", False), ("helm", "12:00", True), ("kubectl", "11:00", True), ("", "10:00", True)]
    assert (page.revisions[0].grown, page.revisions[-1].grown) == (1, None)


def test_what_a_watch_saw_has_the_time_of_the_watch(scene: Scene) -> None:
    scene.put("a")
    opened = scene.open()
    revision = scene.put("b")
    wait_for(lambda: opened.index.freshness().revision >= revision)

    newest, oldest = history_page(Window(opened), KEY).revisions
    assert (newest.at is not None, newest.told, newest.by) == (True, False, "")
    assert oldest.at is None


def test_two_revisions_are_compared_and_any_other_choice_is_told(scene: Scene) -> None:
    first, second, third = (scene.put(text) for text in ("one", "two", "three"))
    window = Window(scene.open())

    compared = history_page(window, KEY, (third, first)).compared
    assert compared is not None
    assert (compared.old, compared.new) == (first, third)
    assert [line.text.strip() for line in compared.diff if line.sign in ("+", "-")] == ["text: one", "text: three"]
    assert history_page(window, KEY, (second,)).choice == "Choose two revisions to compare: 1 revision is chosen."
    assert "3 revisions are chosen" in history_page(window, KEY, (first, second, third)).choice
    assert (
        history_page(window, KEY, (first, third + 9)).choice == f"This history has no value of revision {third + 9:,}."
    )

    browser = scene.browser(window.cluster)
    newest = history_page(window, KEY).revisions[0]
    assert newest.now_href == ""
    page = words(browser, history_page(window, KEY).revisions[-1].now_href)
    assert f"From revision {first:,} to {third:,}" in page
    assert browser.get(f"/history?key={KEY.decode()}&between=x").status_code == 400


def test_what_cannot_be_decoded_is_not_compared_and_what_is_alike_is_told(scene: Scene) -> None:
    first, second, third = (
        scene.put("one"),
        scene.writer.put(KEY, value=b"\xff\xfe"),
        scene.writer.put(KEY, value=b"\xff\xfd"),
    )
    fourth, fifth = scene.put("one"), scene.put("one")
    window = Window(scene.open())

    def compared(*between: int) -> str:
        found = history_page(window, KEY, between).compared
        assert found is not None
        assert found.diff == ()
        return found.note

    notes = [r.note for r in history_page(window, KEY).revisions]
    unknown = [f"Cannot compare: revision {revision:,} could not be decoded." for revision in (second, third)]
    assert notes == ["Written again without a visible change.", unknown[1], unknown[0], unknown[0], ""]
    assert [compared(second, third), compared(third, first)] == [unknown[0], unknown[1]]
    assert [compared(first, fourth), compared(fifth, first)] == ["No visible difference."] * 2


def test_a_key_that_is_deleted_now_has_no_value_to_compare_with(scene: Scene) -> None:
    scene.put("one")
    scene.put("two")
    scene.writer.delete(KEY)
    assert [r.now_href for r in history_page(Window(scene.open()), KEY).revisions] == ["", "", ""]


def test_a_compacted_history_says_so_and_shows_what_is_left(scene: Scene) -> None:
    scene.put("one")
    scene.writer.compact(scene.put("two"))

    page = history_page(Window(scene.open()), KEY)

    assert page.ending == ("Older values have been compacted.",)
    assert [r.entry.meta.version for r in page.revisions if r.entry] == [2]


def test_a_key_whose_deletion_is_compacted_has_no_history(scene: Scene) -> None:
    scene.put("one")
    scene.writer.compact(scene.writer.delete(KEY))

    with pytest.raises(NotFoundError, match="keeps no older value"):
        history_page(Window(scene.open()), KEY)


def test_more_values_than_a_page_shows_are_not_called_compacted(scene: Scene) -> None:
    for n in range(4):
        scene.put(str(n))

    found = past.history(Window(scene.open()), KEY, limit=3)

    assert (len(found.entries), found.more, found.compacted) == (3, True, False)


def test_a_value_that_is_too_large_to_read_is_not_called_compacted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.put("one")
    newest = scene.put("two")
    window = Window(scene.open())
    real = window.get

    def too_large(key: bytes, revision: int = 0) -> Any:
        if 0 < revision < newest:
            raise TooLargeError("The answer is larger than one message may be.")
        return real(key, revision)

    monkeypatch.setattr(window, "get", too_large)
    found = past.history(window, KEY)

    assert (len(found.entries), found.compacted) == (1, False)
    assert found.problem == "The answer is larger than one message may be."
