"""Opening what the settings name: files at once, changes only with a login, the undo file where it is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.cluster.opening import UNSECURED, open_cluster
from etcdview.config import Settings
from etcdview.errors import FileFormatError, SettingError
from tests.integration.indexing import wait_for

NOWHERE = ("http://127.0.0.1:1",)


def test_a_file_is_opened_without_a_monitor_and_cannot_be_changed(capture_file: str) -> None:
    cluster = open_cluster(Settings(from_file=capture_file, allow_writes=True))
    assert cluster.monitor is None
    assert cluster.undo is None
    assert cluster.name == "registry.jsonl.gz"
    assert cluster.index.tree().count == 573
    cluster.close()


def test_a_snapshot_with_more_values_than_are_read_without_a_request_begins_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = Path(__file__).parents[2] / "testdata" / "cluster-shop" / "snapshot.db.gz"
    monkeypatch.setattr("etcdview.index.facts.live.AUTO_BYTES", 10_000)
    monkeypatch.setattr("etcdview.index.facts.live.QUIET_SECONDS", 0.0)
    cluster = open_cluster(Settings(from_file=str(capture)))
    assert cluster.facts is not None
    try:
        status = cluster.facts.status
        assert (status.state, status.total) == ("waiting", cluster.index.tree().count)

        cluster.facts.begin()
        wait_for(lambda: cluster.facts and cluster.facts.status.complete, lambda: cluster.facts)
    finally:
        cluster.close()


@pytest.mark.parametrize("content", [b"", b"{", b"not a dump"], ids=["empty", "cut short", "text"])
def test_what_is_neither_dump_nor_snapshot_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(FileFormatError):
        open_cluster(Settings(from_file=str(path)))


def test_a_file_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="cannot be read"):
        open_cluster(Settings(from_file=str(tmp_path / "missing")))


def test_changes_need_a_login() -> None:
    with pytest.raises(SettingError, match="needs a login"):
        open_cluster(Settings(endpoints=NOWHERE, allow_writes=True))


@pytest.mark.parametrize("given", ["", "{tmp}/mine.jsonl"])
def test_the_undo_file_is_where_it_is_said_to_be(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    users = str(tmp_path / "users.json")
    named = given.format(tmp=tmp_path)
    cluster = open_cluster(Settings(endpoints=NOWHERE, allow_writes=True, users_file=users, undo_file=named))
    try:
        assert cluster.undo is not None
        assert cluster.undo.path == (Path(named) if named else tmp_path / "etcdview" / "undo.jsonl")
    finally:
        cluster.close()


def test_an_etcd_without_tls_is_opened_with_a_warning_although_it_does_not_answer() -> None:
    cluster = open_cluster(Settings(endpoints=NOWHERE))
    try:
        assert UNSECURED in cluster.warnings
        assert cluster.undo is None
        assert cluster.monitor is not None
    finally:
        cluster.close()


def test_fingerprints_agree_between_workers_that_share_a_secret_key(capture_file: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVyMg=="}}

    def masked(key: str) -> object:
        return open_cluster(Settings(from_file=capture_file, secret_key=key)).redactor.mask(secret, True)

    assert masked("k" * 32) == masked("k" * 32)
    assert masked("k" * 32) != masked("j" * 32)
    assert masked("") != masked("")
