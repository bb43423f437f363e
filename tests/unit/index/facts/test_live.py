"""Facts that follow an index: never called complete before they are, never shown when they may be false."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.codec import Codec
from etcdview.errors import UnreachableError
from etcdview.index.base import FollowedRange as Part
from etcdview.index.base import Freshness, Listener
from etcdview.index.facts import live, waiting
from etcdview.index.facts.database import FactWriter
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, UnwritableError, write_facts
from etcdview.index.facts.live import Facts, FactStatus
from etcdview.index.facts.problems import DELETED, TOO_MANY, problem_text
from etcdview.index.facts.reading import FactReader, Wanted
from etcdview.index.lister import EVERYTHING, keys_under
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.models import Event, KeyValue
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.routed import revision_of
from tests.integration.indexing import wait_for

KEYSPACE = KeySpace()
EXTRACTOR = Extractor(Codec(), KEYSPACE, lambda: datetime(2026, 11, 28, tzinfo=UTC))
KVS = tuple(
    KeyValue(key, 1, 5, 1, value=b"{}")
    for key in (b"/other/a", b"/registry/configmaps/a/a", b"/registry/pods/a/a", b"/registry/secrets/a/a")
)
MANY = tuple(KeyValue(b"/registry/pods/b/%04d" % n, 6 + n, 6 + n, 1, value=b"{}") for n in range(300))


class FollowedRange(MemoryNames):
    """Names of a file that say they are followed: the test tells what changes."""

    listener: Listener
    state = "live"
    parts: tuple[Part, ...] = (Part(EVERYTHING, 5),)

    def listen(self, listener: Listener) -> None:
        self.listener = listener

    def followed(self) -> tuple[Part, ...]:
        return self.parts

    def freshness(self) -> Freshness:
        return Freshness(self.state, 5, self.state == "live")  # type: ignore[arg-type]  # one of the states


class Here:
    """A pass in this process: it does its work, and then what the test says."""

    def __init__(self, task: Pass, path: Path, kept: Kept, then: Callable[[], None]) -> None:
        self.task, self.path, self.kvs, self.writes, self.then = task, path, kept.kvs, kept.writes, then
        self.stopped = threading.Event()

    def progress(self) -> Iterator[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        try:
            with contextlib.closing(self.writes(self.path)) as writer:
                report = lambda keys, size: found.append((keys, size))  # noqa: E731 - one line of many words
                write_facts(StaticStore("keys", self.kvs), writer, EXTRACTOR, self.task, report)
                writer.complete()
        except sqlite3.Error as error:  # as the process that fills tells it
            raise UnwritableError(problem_text(error)) from error
        yield from found
        self.then()

    def stop(self) -> None:
        self.stopped.set()


class Kept:
    """Facts of KVS, or others, their index, and the passes that were begun."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kvs = folder, KVS
        self.writes: type[FactWriter] = FactWriter
        self.index = FollowedRange.of_store(StaticStore("keys", KVS), KEYSPACE)
        self.passes: list[Here] = []
        self.then: list[Callable[[], None]] = []
        self.facts = Facts(self.index, EXTRACTOR, self._begin, self._new_folder, unbounded=True)

    def _begin(self, task: Pass, path: Path) -> Here:
        self.passes.append(Here(task, path, self, self.then.pop(0) if self.then else lambda: None))
        return self.passes[-1]

    def _new_folder(self) -> Path:
        made = self.folder / str(len(self.passes))
        made.mkdir()
        return made

    def start(self) -> Kept:
        self.facts.start()
        return self

    def until(self, state: str) -> None:
        """Wait for a state."""
        wait_for(lambda: self.facts.status.state == state, lambda: self.facts.status)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.setattr(live, "_POLL_SECONDS", 0.01)
    made = Kept(tmp_path)
    yield made
    made.facts.close()


def deleted(key: bytes, revision: int) -> Event:
    return Event(KeyValue(key, 0, revision, 0), deleted=True)


def names(kept: Kept) -> Sequence[bytes]:
    assert kept.facts.reader is not None
    return kept.facts.reader.keys(Wanted())


@pytest.mark.parametrize("error", [UnreachableError("It is gone."), ValueError("a line that was cut")])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_pass_that_breaks_off_is_never_called_complete(kept: Kept, error: Exception) -> None:
    def fail() -> None:
        raise error

    kept.then.append(fail)
    kept.start().until("failed")

    assert kept.facts.reader is None
    assert kept.facts.status.problem
    assert kept.passes[0].stopped.is_set()


def test_a_database_that_cannot_be_written_ends_the_pass_and_is_told_in_words(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FactWriter", Full)
    read, over = threading.Event(), threading.Event()
    kept.then.append(lambda: (read.set(), over.wait(), None)[2])
    kept.start()
    read.wait()

    kept.index.listener.changed(list(map(Event, MANY)), Part(EVERYTHING, 6))
    kept.passes[0].stopped.wait()
    over.set()
    kept.until("failed")

    assert "cannot be used: database or disk is full" in kept.facts.status.problem
    wait_for(lambda: not [*kept.folder.iterdir()])  # it is removed right after that has been told


class Full(FactWriter):
    """Of a database that may not grow any more, as on a full disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._connection.execute("PRAGMA max_page_count = 1")  # of what it has, at least


def test_a_full_disk_is_tried_again_more_and_more_seldom_until_a_pass_is_written(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(live, "_LONGEST_SECONDS", 0.05)
    kept.kvs, kept.writes = MANY, Full
    statuses: list[FactStatus] = []
    discard = kept.facts._discard
    monkeypatch.setattr(kept.facts, "_discard", lambda status: (statuses.append(status), discard(status))[1])

    def pauses() -> list[float]:
        return [status.again_seconds for status in statuses if status.state == "failed"]

    kept.start()
    wait_for(lambda: len(pauses()) >= 5)
    kept.writes = FactWriter
    kept.until("complete")
    assert pauses()[:5] == [0.01, 0.02, 0.04, 0.05, 0.05]
    assert all("database or disk is full" in status.problem for status in statuses if status.again_seconds)

    kept.writes = Full
    before = len(pauses())
    kept.facts.reloaded()
    wait_for(lambda: len(pauses()) > before)
    assert pauses()[before] == 0.01


def test_who_asks_for_facts_need_not_wait_for_the_next_try(kept: Kept) -> None:
    def fail() -> None:
        raise UnwritableError("No space.")

    kept.then.append(fail)
    kept.start().until("failed")
    kept.facts.begin()
    kept.until("complete")


def test_facts_that_wait_for_the_next_try_can_be_closed(kept: Kept) -> None:
    def fail() -> None:
        raise UnwritableError("No space.")

    kept.then.append(fail)
    kept.start().until("failed")
    kept.facts.close()
    assert not kept.facts._thread.is_alive()


class Locked:
    """Holds the database, as somebody who writes for long."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        self._connection.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


def test_more_deletions_than_may_wait_begin_the_pass_again_and_the_status_says_so(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_BYTES", 100_000)
    kept.start().until("complete")
    locked = Locked(kept.folder / "0" / "facts.db")
    reading = threading.Event()
    kept.then.append(lambda: (reading.wait(10), None)[1])
    for number in range(2_000):
        kept.index.listener.changed([deleted(b"/registry/pods/a/%d" % number, 6)], Part(EVERYTHING, 6))
    assert (kept.facts.status.state, kept.facts.reader) == ("starting", None)
    assert kept.facts.status.problem == TOO_MANY
    locked.release()

    kept.until("filling")
    assert kept.facts.status.problem == TOO_MANY
    reading.set()
    kept.until("complete")
    assert kept.facts.status.problem == ""
    assert len(kept.passes) == 2


def test_complete_is_said_once_what_came_during_the_pass_is_written(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BATCH_EVENTS", 1)

    def come() -> None:
        for kv in MANY:
            kept.index.listener.changed([Event(kv)], Part(EVERYTHING, kv.mod_revision))
        kept.index.listener.changed([deleted(KVS[0].key, 400)], Part(EVERYTHING, 400))

    kept.then.append(come)
    kept.start().until("complete")

    assert set(names(kept)) == {kv.key for kv in (*KVS[1:], *MANY)}
    assert kept.facts.status.revision == 400


def test_the_revision_is_that_of_the_part_that_is_furthest_behind_in_the_first_etcd(kept: Kept) -> None:
    pods, secrets, maps = (keys_under(b"/registry/%s/" % name) for name in (b"pods", b"secrets", b"configmaps"))
    kept.index.parts = (Part(pods, 90, source=1), Part(secrets, 7), Part(maps, 5))
    kept.start().until("complete")
    assert (int(kept.facts.status.revision), revision_of(kept.facts.status.revision, 1)) == (5, 90)

    for part in (Part(pods, 1_000, source=1), Part(maps, 9)):
        kept.index.listener.changed([], part)

    wait_for(lambda: kept.facts.status.revision == 7, lambda: kept.facts.status)
    assert revision_of(kept.facts.status.revision, 1) == 1_000


def test_nothing_is_answered_from_the_moment_the_index_lets_go_of_its_names(kept: Kept) -> None:
    kept.start().until("complete")
    old = kept.facts.reader

    kept.index.state = "loading"
    kept.index.listener.reloaded()

    assert (old is not None, kept.facts.reader, kept.facts.status.state) == (True, None, "starting")
    kept.index.state = "live"
    kept.until("complete")
    assert len(kept.passes) == 2


def test_only_ranges_that_the_index_follows_are_read(kept: Kept) -> None:
    kept.index.parts = (Part(keys_under(b"/registry/pods/"), 3), Part(keys_under(b"/registry/configmaps/"), 5))
    kept.start().until("complete")

    assert names(kept) == (b"/registry/configmaps/a/a", b"/registry/pods/a/a")
    assert [piece.since for piece in kept.passes[0].task.pieces] == [3, 5]  # what comes later is told


def test_an_index_without_names_says_that_there_are_no_facts(kept: Kept) -> None:
    kept.index.state = "bounded"
    kept.start().until("failed")

    assert "memory" in kept.facts.status.problem


def test_closing_during_a_pass_ends_it_and_leaves_nothing(kept: Kept) -> None:
    blocked = threading.Event()
    kept.then.append(lambda: (blocked.wait(5), None)[1])
    kept.start().until("filling")

    threading.Timer(0.05, blocked.set).start()
    kept.facts.close()

    assert kept.passes[0].stopped.is_set()
    assert list(kept.folder.iterdir()) == []


@pytest.mark.parametrize("when", ["filling", "complete"])
def test_values_are_read_again_where_the_database_was_deleted(kept: Kept, when: str) -> None:
    blocked = threading.Event()
    kept.then.append(lambda: (blocked.wait(5), None)[1] if when == "filling" else None)
    kept.start().until(when)
    wait_for((kept.folder / "0" / "facts.db").exists)

    shutil.rmtree(kept.folder / "0")
    wait_for(lambda: len(kept.passes) == 2)
    assert kept.facts.status.problem == DELETED or kept.facts.status.complete
    blocked.set()
    kept.until("complete")

    assert names(kept) == tuple(kv.key for kv in KVS)


def test_who_asked_to_be_told_is_told_each_time_that_the_facts_are_complete_also_when_they_are(kept: Kept) -> None:
    told: list[tuple[str, FactReader]] = []
    kept.facts.when_complete(lambda reader: told.append(("early", reader)))
    kept.start().until("complete")
    wait_for(lambda: len(told) == 1, lambda: told)
    kept.facts.when_complete(lambda reader: told.append(("late", reader)))

    assert [name for name, _ in told] == ["early", "late"]
    assert {reader for _, reader in told} == {kept.facts.reader}
    kept.index.listener.reloaded()
    wait_for(lambda: len(told) == 4, lambda: told)
    assert sorted(name for name, _ in told[2:]) == ["early", "late"]
