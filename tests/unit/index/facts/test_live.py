"""Facts that follow an index: never called complete before they are, never shown when they may be false."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.codec import Codec
from etcdview.errors import UnreachableError
from etcdview.index.base import Freshness, Listener
from etcdview.index.facts import live
from etcdview.index.facts.database import FactWriter
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, write_facts
from etcdview.index.facts.live import Facts
from etcdview.index.facts.reading import Wanted
from etcdview.index.lister import KeyRange, keys_under
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.models import Event, KeyValue
from etcdview.stores.files.memory import StaticStore
from tests.integration.indexing import wait_for

KEYSPACE = KeySpace()
EXTRACTOR = Extractor(Codec(), KEYSPACE, lambda: datetime(2026, 11, 28, tzinfo=UTC))
KVS = tuple(
    KeyValue(key, 1, 5, 1, value=b"{}")
    for key in (b"/other/a", b"/registry/configmaps/a/a", b"/registry/pods/a/a", b"/registry/secrets/a/a")
)


class Followed(MemoryNames):
    """Names of a file that say they are followed: the test tells what changes."""

    listener: Listener
    state = "live"
    ranges: tuple[tuple[KeyRange, int], ...] = ((KeyRange(b"\0", b"\0"), 5),)

    def listen(self, listener: Listener) -> None:
        self.listener = listener

    def followed(self) -> tuple[tuple[KeyRange, int], ...]:
        return self.ranges

    def freshness(self) -> Freshness:
        return Freshness(self.state, 5, self.state == "live")  # type: ignore[arg-type]  # one of the states


class Here:
    """A pass in this process: it does its work, and then what the test says."""

    def __init__(self, task: Pass, path: Path, then: Callable[[], None] = lambda: None) -> None:
        self.task, self.path, self.then = task, path, then
        self.stopped = threading.Event()

    def progress(self) -> Iterator[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        writer = FactWriter(self.path)
        report = lambda keys, size: found.append((keys, size))  # noqa: E731 - one line of many words
        write_facts(StaticStore("keys", KVS), writer, EXTRACTOR, self.task, report)
        writer.complete()
        writer.close()
        yield from found
        self.then()

    def stop(self) -> None:
        self.stopped.set()


class Kept:
    """Facts of KVS, their index, and the passes that were begun."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = Followed.of_store(StaticStore("keys", KVS), KEYSPACE)
        self.passes: list[Here] = []
        self.then: list[Callable[[], None]] = []
        self.facts = Facts(self.index, EXTRACTOR, self._begin, self._new_folder, unbounded=True)

    def _begin(self, task: Pass, path: Path) -> Here:
        self.passes.append(Here(task, path, self.then.pop(0) if self.then else lambda: None))
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
    class Full(FactWriter):
        def write(self, *_facts: object, **_filling: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(live, "FactWriter", Full)
    read, over = threading.Event(), threading.Event()
    kept.then.append(lambda: (read.set(), over.wait(), None)[2])
    kept.start()
    read.wait()

    kept.index.listener.changed([Event(KVS[0], None, False)])
    kept.passes[0].stopped.wait()
    over.set()
    kept.until("failed")

    assert "cannot be written: database or disk is full" in kept.facts.status.problem
    wait_for(lambda: not [*kept.folder.iterdir()])  # it is removed right after that has been told


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
    kept.index.ranges = ((keys_under(b"/registry/pods/"), 3), (keys_under(b"/registry/configmaps/"), 5))
    kept.start().until("complete")

    assert names(kept) == (b"/registry/configmaps/a/a", b"/registry/pods/a/a")
    assert kept.passes[0].task.since == 5  # of a part that is behind another, what was told before is not told again


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
    blocked.set()
    kept.until("complete")

    assert names(kept) == tuple(kv.key for kv in KVS)
