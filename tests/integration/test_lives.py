"""A key that was deleted and created again: page, command and API show all its lives, live and from a snapshot."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from etcdview.cli.main import run
from etcdview.cluster.cluster import RECALLING
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.pages.object import past
from etcdview.pages.object.history import history_page
from etcdview.stores import key_past
from tests.integration.indexing import Writer, wait_for, writing
from webapp import create_app

Shown = list[tuple[int, str]]
TOO_MANY = "etcd has too many revisions to read them all"


@pytest.fixture
def writer(plain_etcd: LocalCluster) -> Iterator[Writer]:
    with writing(plain_etcd.endpoints[0]) as made:
        yield made


@pytest.fixture
def key(request: pytest.FixtureRequest) -> bytes:
    """A key of the test's own: history is what survives a wipe."""
    return f"/registry/configmaps/lives/{abs(hash(request.node.nodeid))}".encode()


def value(text: str) -> bytes:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"t": text}}
    ).encode()


def live(writer: Writer, key: bytes, steps: str) -> Shown:
    """Do the steps: p puts, d deletes, o puts another key. Gives the changes of the key, newest first."""
    shown: Shown = []
    exists = False
    for number, step in enumerate(steps):
        if step == "o" or (step == "d" and not exists):
            writer.put(b"/registry/configmaps/lives/other")
        elif step == "p":
            before = any(what != "deleted" for _, what in shown)
            what = "updated" if exists else "created again" if before else "created"
            shown.insert(0, (writer.put(key, value=value(str(number))), what))
            exists = True
        else:
            shown.insert(0, (writer.delete(key), "deleted"))
            exists = False
    return shown


def read(settings: Settings, key: bytes) -> tuple[Shown, tuple[str, ...]]:
    """What the page shows."""
    opened = open_cluster(settings)
    try:
        page = history_page(Window(opened), key)
        return [(one.number, one.what) for one in page.revisions], page.ending
    finally:
        opened.close()


def test_a_key_that_was_deleted_and_created_again_shows_all_its_lives(
    plain_etcd: LocalCluster, writer: Writer, key: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = live(writer, key, "ppoodpdp")
    url = plain_etcd.endpoints[0]

    shown, ending = read(Settings(endpoints=(url,)), key)
    assert run(["history", key.decode(), "--endpoints", url]) == 0
    text = capsys.readouterr().out
    assert run(["history", key.decode(), "--endpoints", url, "-o", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    opened = open_cluster(Settings(endpoints=(url,)))
    answer = create_app(Settings(endpoints=(url,)), opened).test_client().get(f"/api/v1/history?key={key.decode()}")
    opened.close()

    assert [what for _, what in expected] == [
        "created again", "deleted", "created again", "deleted", "updated", "created",
    ]  # fmt: skip
    assert shown == expected
    assert tuple(text.splitlines()[-len(ending) :]) == ending
    assert "a short life" not in text  # the command follows etcd as the page does
    heads = [line.split() for line in text.splitlines() if line.startswith("revision ")]
    assert [int(words[1]) for words in heads] == [revision for revision, _ in expected]
    assert [words[2] == "deleted" for words in heads] == [what == "deleted" for _, what in expected]
    assert answer.json == printed
    assert [(r["modRevision"], r["deleted"], r["version"]) for r in printed["revisions"]] == [
        (revision, what == "deleted", {"deleted": 0, "updated": 2}.get(what, 1)) for revision, what in expected
    ]
    assert ["object" in r for r in printed["revisions"]] == [what != "deleted" for _, what in expected]


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_of_changes_is_shown_as_it_was_live_and_from_a_snapshot_also_after_a_compaction(
    plain_etcd: LocalCluster, writer: Writer, key: bytes, seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same steps each time
    steps = "p" + "".join(chance.choices("pdo", (3, 2, 2), k=chance.randrange(3, 30)))
    expected = live(writer, key, steps)
    last = writer.put(b"/registry/configmaps/lives/other")
    url = plain_etcd.endpoints[0]
    if seed % 2:
        compacted = chance.randint(expected[-1][0], expected[0][0])
        writer.compact(compacted)
        expected = left_after(expected, compacted)
    shown, ending = read(Settings(endpoints=(url,)), key)
    snapshot = tmp_path / "s.db"
    assert run(["snapshot", "save", str(snapshot), "--endpoints", url]) == 0
    from_file, _ = read(Settings(from_file=str(snapshot)), key)

    assert [revision for revision, _ in shown] == [revision for revision, _ in expected], (steps, last)
    assert [what == "deleted" for _, what in shown] == [what == "deleted" for _, what in expected]
    assert from_file == shown
    assert ending


def left_after(changes: Shown, compacted: int) -> Shown:
    """What is left of the changes: those behind the compaction, and the value that was there at it."""
    kept = [change for change in changes if change[0] > compacted]
    base = next((change for change in changes if change[0] <= compacted), None)
    return [*kept, base] if base is not None and base[1] != "deleted" else kept


def test_more_lives_than_a_page_shows_are_told_of(plain_etcd: LocalCluster, writer: Writer, key: bytes) -> None:
    expected = live(writer, key, "pd" * 6)

    found = window_of(plain_etcd, lambda window: past.history(window, key, limit=5))

    assert [one.revision for one in found.revisions] == [revision for revision, _ in expected[:5]]
    assert found.more


def test_values_are_read_up_to_a_number_of_bytes_and_the_newest_always(
    plain_etcd: LocalCluster, writer: Writer, key: bytes
) -> None:
    live(writer, key, "pppdppp")

    found = window_of(plain_etcd, lambda window: past.history(window, key, max_bytes=200))

    assert 1 <= len(found.entries) < 4
    assert found.more


def test_where_etcd_would_have_to_read_too_much_lives_are_searched_for_and_the_page_says_so(
    plain_etcd: LocalCluster,
    writer: Writer,
    key: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected = live(writer, key, "ppdp")
    live(writer, key, "oooo")
    monkeypatch.setattr(key_past, "MAX_SCAN", 3)

    shown, ending = read(Settings(endpoints=(plain_etcd.endpoints[0],)), key)

    assert shown == expected
    assert ending[-1] == f"{TOO_MANY}: a short life of this key may be missing."
    assert run(["history", key.decode(), "--endpoints", plain_etcd.endpoints[0]]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == ending[-1]


def test_why_lives_are_searched_for_is_told_as_it_is(plain_etcd: LocalCluster, writer: Writer, key: bytes) -> None:
    live(writer, key, "ppdp")

    def ending(window: Window) -> tuple[str, ...]:
        with ExitStack() as others:  # as other readers have it
            for _ in range(RECALLING):
                others.enter_context(window.cluster.recalling)
            return history_page(window, key).ending

    told = window_of(plain_etcd, ending)

    assert told[-1] == "etcd is reading the revisions of other keys: a short life of this key may be missing."


def test_a_short_life_long_ago_is_found(plain_etcd: LocalCluster, writer: Writer, key: bytes) -> None:
    """A search in strides steps over it."""
    expected = live(writer, key, "pd" + "o" * 90)

    shown, _ = read(Settings(endpoints=(plain_etcd.endpoints[0],)), key)

    assert shown == expected


def window_of(cluster: LocalCluster, ask: Any) -> Any:
    opened = open_cluster(Settings(endpoints=(cluster.endpoints[0],)))
    try:
        wait_for(lambda: opened.index.freshness().state == "live")
        return ask(Window(opened))
    finally:
        opened.close()


def test_a_history_of_long_texts_that_differ_everywhere_is_made_in_time(
    plain_etcd: LocalCluster, writer: Writer, key: bytes
) -> None:
    """A line diff of two of these takes seconds, of all of them a minute."""
    chance = random.Random(3)  # noqa: S311 - the same lines each time
    for _ in range(6):
        text = "\n".join(f"line {chance.randrange(300)}" for _ in range(20_000))
        writer.put(key, value=value(text))

    began = time.monotonic()
    page = window_of(plain_etcd, lambda window: history_page(window, key))

    assert len(page.revisions) == 6
    assert all(one.diff or one.fields or one.note or one.what == "created" for one in page.revisions)
    assert time.monotonic() - began < 15  # of which comparing is at most history.DIFF_SECONDS and one text
