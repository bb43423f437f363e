"""`etcdview undo`: what a change replaced goes back, byte for byte, and only while the key is as it was shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.config import load
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import ConflictError
from etcdview.models import KeyValue, Range
from etcdview.pages.edit.undo import undo, undo_plan
from etcdview.stores.etcd.client import EtcdStore
from etcdview.writes.undo import Undo, UndoFile

KEY = b"/registry/configmaps/shop/settings"
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def store(plain_etcd: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(plain_etcd.endpoints, plain_etcd.tls)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> UndoFile:
    return UndoFile(tmp_path / "undo.jsonl")


@pytest.fixture
def flags(plain_etcd: LocalCluster, file: UndoFile) -> list[str]:
    return ["--endpoints", ",".join(plain_etcd.endpoints), "--allow-writes", "--undo-file", str(file.path)]


@pytest.fixture
def call(flags: list[str], capsys: pytest.CaptureFixture[str]) -> Call:
    def called(*arguments: str) -> tuple[int, str, str]:
        status = run(["undo", *arguments, *flags])
        said = capsys.readouterr()
        return status, said.out, said.err

    return called


def value(text: str) -> bytes:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": text}}
    ).encode()


def change(store: EtcdStore, file: UndoFile, new: bytes, key: bytes = KEY) -> KeyValue | None:
    """A change as the page makes it: what is replaced is kept first."""
    kvs = store.range(Range(key)).kvs
    before = kvs[0] if kvs else None
    file.keep([Undo(AT, "ann", "put", key, before)])
    store.put(key, new, mod_revision=before.mod_revision if before else 0)
    return before


def now(store: EtcdStore, key: bytes = KEY) -> bytes | None:
    kvs = store.range(Range(key)).kvs
    return kvs[0].value if kvs else None


def test_the_value_that_was_replaced_goes_back_and_what_is_undone_is_kept(
    store: EtcdStore, file: UndoFile, call: Call
) -> None:
    store.put(KEY, value("old"), mod_revision=0)
    change(store, file, value("new"))

    status, out, _ = call(KEY.decode(), "--yes")

    assert status == 0
    assert "~ data.a: new -> old" in out
    assert now(store) == value("old")
    kept = file.changes_of(KEY)[0].before
    assert kept is not None
    assert kept.value == value("new")

    assert call(KEY.decode(), "--yes")[0] == 0
    assert now(store) == value("new")


def test_a_change_that_created_the_key_is_undone_by_deleting_it(store: EtcdStore, file: UndoFile, call: Call) -> None:
    change(store, file, value("new"))
    status, out, _ = call(KEY.decode(), "--yes")
    assert (status, now(store)) == (0, None)
    assert "Deletes the key" in out


def test_a_deleted_key_comes_back(store: EtcdStore, file: UndoFile, call: Call) -> None:
    revision = store.put(KEY, value("old"), mod_revision=0)
    file.keep([Undo(AT, "ann", "delete", KEY, store.range(Range(KEY)).kvs[0])])
    store.delete(KEY, mod_revision=revision)
    assert call(KEY.decode(), "--yes")[0] == 0
    assert now(store) == value("old")


def test_an_older_value_is_named_by_its_revision(store: EtcdStore, file: UndoFile, call: Call) -> None:
    first = store.put(KEY, value("1"), mod_revision=0)
    change(store, file, value("2"))
    change(store, file, value("3"))
    status, out, _ = call(KEY.decode(), "--at", str(first), "--yes")
    assert (status, now(store)) == (0, value("1"))
    assert "later changes are lost too" in out
    assert call(KEY.decode(), "--at", "999999", "--yes")[0] == 1


def test_nothing_is_done_unless_it_is_confirmed(
    store: EtcdStore, file: UndoFile, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(KEY, value("old"), mod_revision=0)
    change(store, file, value("new"))
    requests: list[str] = []
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda text: requests.append(text) or "n")
    assert call(KEY.decode())[0] == 130
    assert requests
    assert now(store) == value("new")


def test_a_key_that_changes_meanwhile_is_left_alone(store: EtcdStore, file: UndoFile, flags: list[str]) -> None:
    store.put(KEY, value("old"), mod_revision=0)
    change(store, file, value("new"))
    settings = load({"allow_writes": "true", "undo_file": str(file.path)})
    plan = undo_plan(settings, store, KEY)
    store.put(KEY, value("newer"), mod_revision=store.range(Range(KEY)).kvs[0].mod_revision)

    with pytest.raises(ConflictError):
        undo(settings, store, plan, "ann", AT)
    assert now(store) == value("newer")
    assert len(file.changes_of(KEY)) == 1  # what was not done cannot be undone: that would undo another's change


def test_what_is_stored_already_is_not_written_again(store: EtcdStore, file: UndoFile, call: Call) -> None:
    store.put(KEY, value("old"), mod_revision=0)
    before = change(store, file, value("new"))
    assert before is not None
    store.put(KEY, value("old"), mod_revision=store.range(Range(KEY)).kvs[0].mod_revision)
    status, _, err = call(KEY.decode(), "--yes")
    assert status == 2
    assert "Nothing changes" in err


def test_secrets_are_masked_in_what_it_shows(store: EtcdStore, file: UndoFile, call: Call) -> None:
    key = b"/registry/secrets/shop/db"

    def secret(text: str) -> bytes:
        data = {"password": base64.b64encode(text.encode()).decode()}
        return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": data}).encode()

    store.put(key, secret("hunter2"), mod_revision=0)
    change(store, file, secret("correct"), key)
    _, out, _ = call(key.decode(), "--yes")
    assert "data.password" in out
    assert all(base64.b64encode(text).decode() not in out for text in (b"hunter2", b"correct"))


def test_without_allow_writes_nothing_is_read_or_done(
    file: UndoFile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETCDVIEW_UNDO_FILE", str(file.path))
    assert run(["undo", KEY.decode(), "--endpoints", "http://127.0.0.1:1"]) == 2
    assert "--allow-writes" in capsys.readouterr().err


def test_the_changes_of_a_key_are_listed_newest_first_and_those_of_others_are_not(
    store: EtcdStore, file: UndoFile, call: Call
) -> None:
    change(store, file, value("1"))
    change(store, file, value("2"))
    change(store, file, value("x"), b"/registry/configmaps/shop/settings2")
    with file.path.open("a") as lines:
        lines.write('{"key64": "' + base64.b64encode(KEY).decode() + '", cut sho')
    status, out, _ = call(KEY.decode(), "--list")
    assert status == 0
    assert len(out.splitlines()) == 2
    assert out.splitlines()[1].endswith("revision 0 (no key)  ann")
    assert call("/registry/nothing", "--list")[0] == 1


def test_a_key_that_is_not_utf8_can_be_undone(store: EtcdStore, file: UndoFile, call: Call) -> None:
    key = b"/registry/x/\xff"
    store.put(key, b"old", mod_revision=0)
    change(store, file, b"new", key)
    status, out, _ = call("/registry/x/\udcff", "--yes")
    assert (status, now(store, key)) == (0, b"old")
    assert out.startswith(r"/registry/x/\xff")


def test_each_key_of_a_deleted_prefix_comes_back(store: EtcdStore, file: UndoFile, call: Call) -> None:
    keys = [b"/registry/configmaps/undo/%d" % n for n in range(3)]
    for key in keys:
        store.put(key, value(key.decode()), mod_revision=0)
    kvs = [store.range(Range(key)).kvs[0] for key in keys]
    file.keep([Undo(AT, "ann", "delete", kv.key, kv) for kv in kvs])
    store.delete_many({kv.key: kv.mod_revision for kv in kvs})

    assert [call(key.decode(), "--yes")[0] for key in keys] == [0, 0, 0]

    assert [now(store, key) for key in keys] == [kv.value for kv in kvs]


def test_a_deleted_key_that_was_put_back_is_deleted_again(store: EtcdStore, file: UndoFile, call: Call) -> None:
    """The newest change created the key: undoing it is the deletion, and undoing that brings the value back."""
    revision = store.put(KEY, value("old"), mod_revision=0)
    file.keep([Undo(AT, "ann", "delete", KEY, store.range(Range(KEY)).kvs[0])])
    store.delete(KEY, mod_revision=revision)
    change(store, file, value("old"))

    status, out, _ = call(KEY.decode(), "--yes")

    assert (status, now(store)) == (0, None)
    assert "Deletes the key" in out
    assert call(KEY.decode(), "--yes")[0] == 0
    assert now(store) == value("old")
