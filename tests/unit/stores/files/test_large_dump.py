"""A dump that is too large for the memory answers as one in memory does, whatever the order of its lines."""

from __future__ import annotations

import base64
import gzip
import json
import random
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.errors import CompactedError, FileFormatError, FutureRevisionError
from etcdview.models import KeyValue, Range
from etcdview.stores.files import dump, large_dump
from etcdview.stores.files.dump import dump_line, open_dump
from etcdview.stores.files.large_dump import LargeDump
from etcdview.stores.files.memory import StaticStore

KEYS = (
    b"/registry/a",
    b'/registry/"quoted\\',
    "/registry/münster".encode(),
    b"/registry/not-\xff-utf8",
    b"/registry/pods/shop/web",
    *(b"/registry/pods/shop/%04d" % n for n in range(300)),
    b"plain",
)
KVS = [KeyValue(key, 1, n + 2, 1, 0, b"value %d" % n * (n % 50)) for n, key in enumerate(KEYS)]
LINES = [dump_line(kv) for kv in KVS]


def other_order(line: bytes) -> bytes:
    """The same key as other programs write it."""
    row = json.loads(line)
    return json.dumps(dict(sorted(row.items())), separators=(",", ":")).encode() + b"\n"


def shuffled(lines: list[bytes]) -> list[bytes]:
    return random.Random(7).sample(lines, len(lines))  # noqa: S311 - not a secret


in_order = [dump_line(kv) for kv in sorted(KVS, key=lambda kv: kv.key)]
FILES = {
    "sorted.jsonl": b"".join(in_order),
    "unsorted.jsonl": b"".join(shuffled(LINES)),
    "packed.jsonl.gz": gzip.compress(b"".join(in_order)),
    "unsorted.jsonl.gz": gzip.compress(b"".join(shuffled(LINES))),
    "with-empty-lines.jsonl": b"\n".join([b"", *in_order, b"   "]),
    "no-line-feed.jsonl": b"".join(shuffled(LINES)).rstrip(b"\n"),
    "other-order.jsonl": b"".join(map(other_order, in_order)),
}
RANGES = [
    Range(b"\0", b"\0"),
    Range(b"/registry/pods/", b"/registry/pods0"),
    Range(b"/registry/pods/shop/0100", b"/registry/pods/shop/0200", limit=7),
    Range(b"/registry/pods/shop/web"),
    Range(b"/registry/absent"),
    Range(b"z", b"a"),
    Range(b"/registry/", b"/registry0", keys_only=True),
    Range(b"/registry/", b"/registry0", count_only=True),
]


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "LARGE_BYTES", 0)
    monkeypatch.setattr(dump, "LARGE_PACKED_BYTES", 0)
    monkeypatch.setattr(large_dump, "RUN_BYTES", 2_000)
    monkeypatch.setattr(large_dump, "_BLOCK_BYTES", 1_000)


@pytest.mark.parametrize("name", FILES)
def test_it_answers_as_a_dump_in_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    expected = StaticStore("x", KVS)
    store = open_dump(tmp_path / name)
    assert isinstance(store, LargeDump)
    try:
        assert store.revision == expected.revision
        for request in RANGES:
            assert store.range(request) == expected.range(request)
        piece = store.list_names(Range(b"/registry/pods/", b"/registry/pods0", limit=10))
        named = expected.range(Range(b"/registry/pods/", b"/registry/pods0", limit=10))
        assert (list(piece.names), piece.count, piece.more) == ([kv.key for kv in named.kvs], named.count, named.more)
        assert store.get_many(KEYS[:5]) == expected.get_many(KEYS[:5])
        assert [store.parsed(line) for _, line in store.rows(b"\0", b"\0")] == sorted(KVS, key=lambda kv: kv.key)
    finally:
        store.close()


def test_other_revisions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(FILES["sorted.jsonl"])
    store = open_dump(tmp_path / "a.jsonl")
    with pytest.raises(CompactedError):
        store.range(Range(b"\0", b"\0", revision=1))
    with pytest.raises(FutureRevisionError):
        store.list_names(Range(b"\0", b"\0", revision=10_000))  # type: ignore[union-attr]  # it is a large one
    store.close()


def test_a_line_at_fault_is_named_when_it_is_opened_or_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"".join(in_order[:3]) + b'{"value": 1}\n')
    with pytest.raises(FileFormatError, match="Line 4 of "):
        open_dump(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl").write_bytes(in_order[0] + b'{"key": "z", "mod_revision": 3, "value": "not base64!"}\n')
    store = open_dump(tmp_path / "b.jsonl")
    with pytest.raises(FileFormatError, match="Line 2 of "):
        store.range(Range(b"z"))
    store.close()


def test_a_file_that_becomes_shorter_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(FILES["sorted.jsonl"])
    store = open_dump(tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").write_bytes(in_order[0])
    with pytest.raises(FileFormatError, match="shorter"):
        store.range(Range(b"\0", b"\0"))
    store.close()


def test_what_etcdctl_answers_is_read_whole(tmp_path: Path) -> None:
    kvs = [{"key": base64.b64encode(b"/registry/a").decode(), "mod_revision": 2, "value": ""}]
    (tmp_path / "a.json").write_text(json.dumps({"header": {"revision": 9}, "kvs": kvs}))
    assert isinstance(open_dump(tmp_path / "a.json"), StaticStore)


def test_diff_is_the_same_whatever_the_order(
    tmp_path: Path, capture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = gzip.decompress((capture / "registry.jsonl.gz").read_bytes()).splitlines(keepends=True)[:200]
    changed = [line.replace(b'"version": 1', b'"version": 2') for line in lines[5:]]
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines))
    (tmp_path / "b.jsonl").write_bytes(b"".join(shuffled(changed)))
    words = ["diff", str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"), "-o", "json"]
    assert run(words) == 1
    from_disk = json.loads(capsys.readouterr().out)

    monkeypatch.setattr(dump, "LARGE_BYTES", 1 << 30)
    assert run(words) == 1
    in_memory = json.loads(capsys.readouterr().out)
    assert from_disk["counts"] == in_memory["counts"] == {"added": 0, "changed": 0, "removed": 5}
    assert [change["key"] for change in from_disk["changes"]] == [change["key"] for change in in_memory["changes"]]
