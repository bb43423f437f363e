"""What a database file's bytes are: all of them are told, once, by one reading of its pages."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.cluster.sources import open_file
from etcdview.stores.files.bbolt import BoltFile
from etcdview.stores.files.database import SnapshotStore
from etcdview.stores.files.file_space import FileSpace
from tests.logs import PUT, LogWriter, data_directory, put, request

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
BODY = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())[:-32]


def space_of(path: Path) -> FileSpace:
    store = open_file(path)
    assert isinstance(store, SnapshotStore)
    try:
        return store.space()
    finally:
        store.close()


def test_every_record_and_page_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(BODY)
    file = BoltFile(path)
    keys = list(file.items(file.buckets()[b"key"]))
    used = file.pages_in_use().count(1)
    file.close()

    found = space_of(path)

    sums = (found.live, found.history, found.deletions)
    assert (found.live.records, found.deletions.records) == (573, sum(item.key.endswith(b"t") for item in keys))
    assert sum(each.records for each in sums) == len(keys)
    assert sum(each.bytes for each in sums) == sum(len(item.key) + len(item.value) for item in keys)
    assert (found.pages, found.free_pages) == (616, 616 - used)
    assert {name for name, _ in found.other} >= {"members", "meta", "cluster", "lease"}
    assert found.in_log == 0


def test_what_the_log_has_is_not_in_the_file_yet(tmp_path: Path) -> None:
    log = LogWriter()
    log.entries(1267, [request(PUT, put(b"/registry/namespaces/default", b"v")), request(PUT, put(b"/new", b"v"))])
    found = space_of(data_directory(tmp_path / "m", BODY, log.bytes))

    assert (found.in_log, found.live.records) == (2, 572)  # the namespace's newest value is in the log


def test_the_command_adds_it_for_a_database_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = ["--from", str(CAPTURE / "snapshot.db.gz"), "--encryption-config", str(CAPTURE / "encryption-config.yaml")]
    assert run(["space", *source, "-o", "json"]) == 0
    report = json.loads(capsys.readouterr().out)

    assert report["total"]["keys"] == report["file"]["live"]["records"] == 573
    assert report["file"]["pages"] * report["file"]["pageBytes"] == 616 * 4096
    assert run(["space", *source]) == 0
    lines = [line.split("  ")[0] for line in capsys.readouterr().out.partition("THE FILE")[2].splitlines()]
    assert lines[1:4] == ["values of keys", "older values", "deletions"]
    assert lines[-3:] == ["file", "after a defragmentation", "after a compaction and a defragmentation"]
    assert 0 < report["file"]["bytesAfterCompactionAndDefragmentation"] < report["file"]["bytesAfterDefragmentation"]
    assert run(["space", "--from", str(CAPTURE / "registry.jsonl.gz")]) == 0
    assert "THE FILE" not in capsys.readouterr().out
