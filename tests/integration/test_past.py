"""What a key was: its history, its deletion and the time of it, on a real etcd, and what finding out costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.cluster import Cluster as Opened
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.demo.cluster import Cluster
from etcdview.errors import NotFoundError, TooLargeError
from etcdview.models import Range
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
    opened: list[Opened] = field(default_factory=list)

    def put(self, text: str, key: bytes = KEY) -> int:
        value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"text": text}}
        return self.writer.put(key, value=json.dumps(value).encode())

    def open(self) -> Opened:
        opened = open_cluster(Settings(endpoints=(self.url,)))
        self.opened.append(opened)
        wait_for(lambda: opened.index.freshness().state == "live")
        return opened

    def browser(self, opened: Opened) -> FlaskClient:
        return create_app(Settings(endpoints=(self.url,)), opened).test_client()


@pytest.fixture
def scene(plain_etcd: Cluster) -> Iterator[Scene]:
    with writing(plain_etcd.endpoints[0]) as writer:
        made = Scene(plain_etcd.endpoints[0], writer)
        yield made
        for opened in made.opened:
            opened.close()


def counted(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> list[str]:
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


def test_an_open_page_of_a_deleted_key_costs_one_read_a_poll(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.put("a")
    for n in range(60):
        scene.put("x", b"/registry/configmaps/shop/before%d" % n)
    scene.writer.delete(KEY)
    for n in range(40):
        scene.put("x", b"/registry/configmaps/shop/after%d" % n)
    opened = scene.open()  # its log of changes begins behind the deletion: etcd has to be searched, once
    browser, reads = scene.browser(opened), counted(opened, monkeypatch)

    assert browser.get(PAGE).status_code == 404
    searched = len(reads)
    for _ in range(POLLS):
        assert "was deleted at revision" in browser.get(PAGE).text

    assert searched > 5
    assert reads[searched:] == ["range"] * POLLS


def test_a_deletion_that_the_index_saw_is_not_searched_for_and_has_a_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.put("a")
    opened = scene.open()
    deleted_at = scene.writer.delete(KEY)
    wait_for(lambda: opened.index.freshness().revision >= deleted_at)
    reads = counted(opened, monkeypatch)

    page = scene.browser(opened).get(PAGE).text

    assert reads == ["range"]
    assert f"was deleted at revision {deleted_at}, seen at " in page


def test_an_answer_that_was_kept_is_not_told_of_a_key_that_came_and_went_again(scene: Scene) -> None:
    scene.put("a")
    first = scene.writer.delete(KEY)
    opened = scene.open()
    browser = scene.browser(opened)
    assert f"deleted at revision {first}" in browser.get(PAGE).text

    scene.put("b")
    second = scene.writer.delete(KEY)

    assert f"deleted at revision {second}" in browser.get(PAGE).text


@pytest.mark.parametrize("spec", [{"renewTime": "zzzz"}, [], None, "x", {"renewTime": {"a": 1}}, {"renewTime": 7}])
def test_the_page_of_a_deleted_key_gives_no_time_that_a_lease_says_however_odd_it_is(scene: Scene, spec: Any) -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "cp"}, "spec": spec}
    scene.writer.put(b"/registry/leases/kube-system/cp", value=json.dumps(lease).encode())
    scene.put("a")
    revision = scene.writer.delete(KEY)

    answer = scene.browser(scene.open()).get(PAGE)

    assert answer.status_code == 404
    assert f"was deleted at revision {revision}." in answer.text


def test_the_page_of_a_deleted_key_leads_to_its_last_value_and_its_history(scene: Scene) -> None:
    scene.put("the last value")
    scene.writer.delete(KEY)
    browser = scene.browser(scene.open())
    page = browser.get(PAGE).text

    last = f"{PAGE}&amp;revision={scene.opened[0].store.range(Range(KEY)).revision - 1}"
    assert f'href="{last}"' in page
    assert "the last value" in browser.get(last.replace("&amp;", "&")).text
    assert f'href="/history?key={KEY.decode()}"' in page
    assert browser.get(f"/history?key={KEY.decode()}").status_code == 200


def test_the_history_shows_what_each_write_changed_back_to_the_creation(scene: Scene) -> None:
    for text in ("one", "two"):
        scene.put(text)
    deleted_at = scene.writer.delete(KEY)

    page = history_page(Window(scene.open()), KEY)

    assert page.deleted_at == deleted_at
    assert (page.compacted, page.more, page.problem) == (False, False, "")
    newest, oldest = page.revisions
    assert [line.text.strip() for line in newest.diff if line.sign in ("+", "-")] == ["text: one", "text: two"]
    assert oldest.diff == ()


def test_a_compacted_history_says_so_and_shows_what_is_left(scene: Scene) -> None:
    scene.put("one")
    scene.writer.compact(scene.put("two"))

    page = history_page(Window(scene.open()), KEY)

    assert page.compacted
    assert [r.entry.meta.version for r in page.revisions] == [2]


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
