"""Dumps and static stores: the same answers as etcd would give, and clear errors for broken files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdview.errors import FileFormatError, QueryError, UsageError
from etcdview.models import KeyValue, Range
from etcdview.stores.files.dump import open_dump, read_dump, write_dump
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.protocols import prefix_end


def store(*keys: bytes) -> StaticStore:
    return StaticStore("test", [KeyValue(k, 1, i + 1, 1, 0, b"v" + k) for i, k in enumerate(keys)])


def test_the_capture_opens_with_every_key(capture_file: str) -> None:
    dump = open_dump(Path(capture_file))

    assert dump.range(Range(b"/", b"0", count_only=True)).count == 573
    assert dump.range(Range(b"/registry/pods/mon", prefix_end(b"/registry/pods/mon"))).count == 7


def test_a_range_is_in_byte_order_and_half_open() -> None:
    result = store(b"b", b"a", b"c", b"a\xff").range(Range(b"a", b"c"))

    assert [kv.key for kv in result.kvs] == [b"a", b"a\xff", b"b"]
    assert (result.count, result.more, result.revision) == (3, False, 4)


def test_a_limit_cuts_and_the_count_does_not() -> None:
    result = store(b"a", b"b", b"c").range(Range(b"", b"\0", limit=2, keys_only=True))

    assert ([kv.value for kv in result.kvs], result.count, result.more) == ([b"", b""], 3, True)


def test_one_key_is_an_empty_end() -> None:
    assert [kv.key for kv in store(b"a", b"ab").range(Range(b"a")).kvs] == [b"a"]
    assert store(b"a").range(Range(b"b")).kvs == ()


def test_another_revision_is_refused_with_the_one_there_is() -> None:
    with pytest.raises(QueryError, match="revision 1 only, not 9"):
        store(b"a").range(Range(b"a", revision=9))


def test_get_many_leaves_out_what_is_not_there() -> None:
    assert set(store(b"a", b"b").get_many([b"a", b"x"])) == {b"a"}


@pytest.mark.parametrize(
    ("prefix", "end"),
    [(b"/registry/", b"/registry0"), (b"a\xff", b"b"), (b"\xff\xff", b"\0"), (b"", b"\0")],
)
def test_the_end_of_a_prefix_is_the_next_byte_string_that_does_not_have_it(prefix: bytes, end: bytes) -> None:
    assert prefix_end(prefix) == end


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "Line 2"),
        ("[]", "Line 2"),
        ('{"key":"/a"}', "value"),
        ('{"key":"/a","value":"%%"}', "Line 2"),
        ('{"key":7,"value":""}', "Line 2"),
        ('{"key":"/a","value":"","mod_revision":"x"}', "Line 2"),
        ("[" * 100_000, "Line 2"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_text(json.dumps({"key": "/ok", "value": ""}) + "\n" + line + "\n")

    with pytest.raises(FileFormatError, match=says):
        open_dump(path)


def test_a_file_that_is_cut_or_foreign_or_missing_gives_an_error(tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"key":"/a","value":""}\n' * 1000)[:-20])
    foreign = tmp_path / "foreign.jsonl.gz"
    foreign.write_bytes(b"\x01" * 100)

    for path in (cut, foreign, tmp_path / "missing.jsonl.gz"):
        with pytest.raises(FileFormatError, match="cannot be read"):
            open_dump(path)


@pytest.mark.parametrize("name", ["dump.jsonl", "dump.jsonl.gz"])
def test_what_is_written_is_read_again_and_is_for_its_owner_alone(tmp_path: Path, name: str) -> None:
    kvs = [
        KeyValue(b"/a", 1, 2, 3, 4, b"\0\xff"),
        KeyValue(b"/\xff\xfe", 1, 1, 1),
        KeyValue("/ü\n\ufffd".encode(), 1, 1, 1),
    ]
    path = tmp_path / name

    assert write_dump(kvs, path) == 3
    assert list(read_dump(path)) == kvs
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="exists already"):
        write_dump(kvs, path)


def test_a_dump_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    def breaks() -> Iterator[KeyValue]:
        yield KeyValue(b"/a", 1, 1, 1)
        raise FileFormatError("no more")

    with pytest.raises(FileFormatError, match="no more"):
        write_dump(breaks(), tmp_path / "dump.jsonl")
    with pytest.raises(UsageError, match="cannot be written"):
        write_dump([], tmp_path / "nowhere" / "dump.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_no_utf8_comes_through_a_dump(tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_text('{"key64":"//4=","value":""}\n')

    assert [kv.key for kv in open_dump(path).range(Range(b"", b"\0")).kvs] == [b"\xff\xfe"]
