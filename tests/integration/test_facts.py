"""Facts of values equal a fresh scan of etcd, whatever was written and deleted while and after they filled."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.cluster.facts_process import FillerProcess, filler_starter
from etcdview.codec import Codec
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import UnreachableError
from etcdview.index.facts import filling
from etcdview.index.facts.database import create, new_folder
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, PassPiece, UnwritableError
from etcdview.index.facts.live import Facts
from etcdview.index.live import Index
from etcdview.models import TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.dump import read_dump
from tests.integration.indexing import KEYSPACE, Writer, indexed, settled, wait_for, writing
from tests.integration.scanning import everything, scanned

NOW = datetime(2026, 11, 28, tzinfo=UTC)
EXTRACTOR = Extractor(Codec(), KEYSPACE, lambda: NOW)
KEYS = 120
READERS = 1 if os.cpu_count() == 1 else 2  # of all values


@pytest.fixture(scope="module")
def captured(capture: Path) -> list[tuple[bytes, bytes]]:
    """Keys and values of a real cluster, and values that nobody can decode."""
    real = [(kv.key, kv.value) for kv in read_dump(capture / "registry.jsonl.gz")]
    return [*real, (b"/registry/odd", b"\x00\xff"), (b"/registry/pods/a/damaged", real[0][1][:40]), (b"plain", b"x")]


@contextmanager
def kept(index: Index, url: str, *, unbounded: bool = True) -> Iterator[Facts]:
    """The facts of an index, filled by the process that fills for users."""
    facts = Facts(index, EXTRACTOR, filler_starter(Settings(endpoints=(url,))), new_folder, unbounded=unbounded)
    facts.start()
    try:
        yield facts
    finally:
        facts.close()


def descendants(pid: int) -> list[int]:
    """The processes that fill and that this one began, and those that they began, the oldest first."""
    filling_here = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if b"facts_process" in (process / "cmdline").read_bytes():
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                filling_here.append((int(process.name), parent))
    mine = sorted(process for process, parent in filling_here if parent == pid)
    return [one for process in mine for one in (process, *descendants(process))]


def assert_equal(facts: Facts, index: Index, writer: Writer, url: str) -> None:
    """The facts are those of a fresh scan, once a last change has reached them."""
    last = writer.put(b"/registry/configmaps/last/last", value=b"{}")
    settled(index, last)
    wait_for(lambda: facts.status.complete and facts.status.revision >= last, lambda: facts.status)
    assert facts.reader is not None
    with tempfile.TemporaryDirectory() as folder:
        store = EtcdStore([url], TlsFiles(), timeout_seconds=10.0)
        expected, revision = scanned(store, EXTRACTOR, Path(folder))
        store.close()
    assert revision == last
    assert everything(facts.reader) == expected


@pytest.mark.parametrize("seed", range(3))
def test_facts_equal_a_fresh_scan_after_any_history(
    plain_etcd: LocalCluster, captured: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(filling, "PIECE_NAMES", 3 if seed else 40)  # several pieces; of many, two processes read halves
    chance, url = random.Random(seed), plain_etcd.endpoints[0]  # noqa: S311 - the same steps each time

    def change(writer: Writer) -> int:
        keys = [key for key, _ in chance.sample(captured, chance.choice((1, 1, 1, 5)))]
        if chance.random() < 0.4:  # among them what was deleted before, and what will be there again
            return writer.delete(keys[0], chance.choice((b"", keys[0][:-1] + bytes([keys[0][-1] + 1]))))
        return writer.put(*keys, value=chance.choice(captured)[1])

    with writing(url) as writer:
        for key, value in captured[:KEYS]:
            writer.put(key, value=value)
        with indexed(url) as index, kept(index, url) as facts:
            reloads = seed
            while not facts.status.complete:  # written while it fills
                change(writer)
                if reloads and facts.status.state == "filling" and facts.status.done:
                    facts.reloaded()
                    reloads -= 1
            for number in range(100):
                revision = change(writer)
                if number == 50:
                    writer.compact(revision)
            assert_equal(facts, index, writer, url)


def test_two_processes_that_read_halves_end_when_the_facts_are_not_wanted_any_more(
    plain_etcd: LocalCluster, captured: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "PIECE_NAMES", 3)
    url = plain_etcd.endpoints[0]
    with writing(url) as writer, indexed(url) as index:
        for key, value in captured[:KEYS]:
            last = writer.put(key, value=value)
        settled(index, last)
        slow = Facts(
            index, EXTRACTOR, filler_starter(Settings(endpoints=(url,))), new_folder, unbounded=True, rate=1_000
        )
        slow.start()
        try:
            wait_for(lambda: len(descendants(os.getpid())) == READERS, lambda: descendants(os.getpid()))
        finally:
            slow.close()
        wait_for(lambda: not descendants(os.getpid()), lambda: descendants(os.getpid()))


def test_a_half_that_was_killed_is_read_again(
    plain_etcd: LocalCluster, captured: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "PIECE_NAMES", 3)
    monkeypatch.setattr("etcdview.index.facts.live.AGAIN_SECONDS", 1.0)
    problems: list[str] = []

    def failed() -> bool:
        status = facts.status
        problems.extend([status.problem] * (status.state == "failed"))
        return bool(problems)

    url = plain_etcd.endpoints[0]
    with writing(url) as writer, indexed(url) as index:
        for key, value in captured[:KEYS]:
            last = writer.put(key, value=value)
        settled(index, last)
        starter = filler_starter(Settings(endpoints=(url,)))
        facts = Facts(index, EXTRACTOR, starter, new_folder, unbounded=True, rate=100_000)
        facts.start()
        try:
            wait_for(lambda: len(descendants(os.getpid())) == READERS, lambda: facts.status)
            os.kill(descendants(os.getpid())[-1], signal.SIGKILL)
            wait_for(failed, lambda: facts.status)
            assert "ended with status -9" in problems[0]
            assert_equal(facts, index, writer, url)
        finally:
            facts.close()


def test_facts_equal_a_fresh_scan_after_etcd_was_killed_while_they_filled(
    captured: list[tuple[bytes, bytes]], tmp_path: Path
) -> None:
    with LocalCluster(tmp_path / "etcd", ("m",)) as etcd, writing(etcd.endpoints[0]) as writer:
        url = etcd.endpoints[0]
        for key, value in captured[:KEYS]:
            writer.put(key, value=value)
        with indexed(url) as index:
            starter = filler_starter(Settings(endpoints=(url,), timeout_seconds=2.0))
            slow = Facts(index, EXTRACTOR, starter, new_folder, unbounded=True, rate=500_000)
            slow.start()
            try:
                wait_for(lambda: slow.status.state == "filling", lambda: slow.status)
                for key, _ in captured[:KEYS:3]:
                    writer.delete(key)
                etcd.members[0].kill()
                etcd.heal()
                for key, value in captured[:KEYS:6]:
                    writer.put(key, value=value)
                assert_equal(slow, index, writer, url)
            finally:
                slow.close()


@pytest.mark.parametrize("half", [False, True])
def test_a_database_that_cannot_be_written_is_told_from_an_etcd_that_cannot_be_read(
    plain_etcd: LocalCluster, tmp_path: Path, half: bool
) -> None:
    url = plain_etcd.endpoints[0]
    everything = Pass((PassPiece(b"\0", b"\0"),))
    unwritable = FillerProcess(Settings(endpoints=(url,)), everything, tmp_path / "none" / "facts.db", half=half)
    with pytest.raises(UnwritableError, match="database of facts cannot be used"):
        list(unwritable.progress())

    create(tmp_path / "facts.db")
    nobody = Settings(endpoints=("http://127.0.0.1:9",), timeout_seconds=0.5)
    unreadable = FillerProcess(nobody, everything, tmp_path / "facts.db", half=half)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9") as failed:
        list(unreadable.progress())
    assert not isinstance(failed.value, UnwritableError)


def test_facts_are_read_again_when_the_index_had_to_load_again(
    plain_etcd: LocalCluster, captured: list[tuple[bytes, bytes]]
) -> None:
    url = plain_etcd.endpoints[0]
    with writing(url) as writer:
        for key, value in captured[:KEYS]:
            writer.put(key, value=value)
        with indexed(url) as index, kept(index, url) as facts:
            wait_for(lambda: facts.status.complete, lambda: facts.status)
            facts.reloaded()  # what the index says when it has missed changes
            wait_for(lambda: not facts.status.complete, lambda: facts.status)
            assert facts.reader is None  # nothing is answered of which nobody knows whether it is true
            assert_equal(facts, index, writer, url)


def test_more_values_than_are_read_without_a_request_wait_for_one(
    plain_etcd: LocalCluster, captured: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdview.index.facts.live.AUTO_BYTES", 10_000)
    monkeypatch.setattr("etcdview.index.facts.live.QUIET_SECONDS", 0.0)
    url = plain_etcd.endpoints[0]
    with writing(url) as writer:
        for key, value in captured[:KEYS]:
            writer.put(key, value=value)
        with indexed(url) as index, kept(index, url, unbounded=False) as facts:
            wait_for(lambda: facts.status.state == "waiting", lambda: facts.status)
            assert facts.reader is None
            facts.begin()
            assert_equal(facts, index, writer, url)


def test_the_folder_of_the_facts_is_private_and_gone_in_the_end(plain_etcd: LocalCluster) -> None:
    url = plain_etcd.endpoints[0]
    made: list[Path] = []

    def folder() -> Path:
        made.append(new_folder())
        return made[-1]

    with indexed(url) as index:
        facts = Facts(index, EXTRACTOR, filler_starter(Settings(endpoints=(url,))), folder, unbounded=True)
        facts.start()
        wait_for(lambda: facts.status.complete, lambda: facts.status)
        assert made[0].stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o077 for path in made[0].iterdir()} == {0}
        facts.close()

    assert not made[0].exists()


def test_a_pass_that_cannot_read_says_why_and_is_tried_again(
    plain_etcd: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = plain_etcd.endpoints[0]
    monkeypatch.setattr("etcdview.index.facts.live.AGAIN_SECONDS", 0.5)
    wrong = filler_starter(Settings(endpoints=("http://127.0.0.1:9",), timeout_seconds=0.5))
    right = filler_starter(Settings(endpoints=(url,)))
    starters = [wrong, right]
    with indexed(url) as index:
        facts = Facts(index, EXTRACTOR, lambda task, path: starters.pop(0)(task, path), new_folder, unbounded=True)
        facts.start()
        wait_for(lambda: facts.status.state == "failed", lambda: facts.status)
        assert "127.0.0.1:9" in facts.status.problem
        wait_for(lambda: facts.status.complete, lambda: facts.status)
        facts.close()
