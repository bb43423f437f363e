"""Part of ten thousand: `make fuzz` reads the rest."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from etcdview.cluster.sources import open_file
from etcdview.codec import load_encryption_config
from etcdview.config import kubeadm
from etcdview.deployment.on_disk import find_deployments
from etcdview.errors import FileFormatError, SettingError
from etcdview.models import Range
from etcdview.stores.files import dump
from tests.fuzz.files import fuzz

CASES = 60
KEY = b'{"key":"/k%d","value":""}\n'
ROWS = {
    "a line without an end": (b"{" * (20 << 20), "has a line 1 of more than 16 MiB"),
    "a line of spaces behind a key": (KEY % 1 + b" " * (20 << 20), "has a line 2 of more than 16 MiB"),
    "a hundred thousand empty lines": (KEY % 1 + b"\n" * 100_000, "lines: no dump of its size does"),
    "one key a hundred thousand times": (KEY % 1 * 100_000, "lines: no dump of its size does"),
    "an answer without an end": (b'{"header":{"revision":1},"kvs":[' + b" " * (50 << 20), "MiB when it is unpacked"),
    "a revision beyond all numbers": (
        b'{"key":"/a","value":"","mod_revision":1e400}\n',
        "is not a key of a registry dump",
    ),
    "a revision of more than 64 bits": (
        b'{"key":"/a","value":"","mod_revision":9223372036854775808}\n',
        "revisions is not a",
    ),
}


@pytest.mark.parametrize(("data", "says"), ROWS.values(), ids=ROWS)
def test_a_small_file_that_becomes_a_large_one_is_refused_with_its_reason(
    tmp_path: Path, data: bytes, says: str
) -> None:
    path = tmp_path / "d.jsonl.gz"
    path.write_bytes(gzip.compress(data, 1))

    with pytest.raises(FileFormatError, match=says):
        open_file(path)


def test_a_dump_may_be_as_large_as_it_is_when_it_is_not_packed(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(b"".join(KEY % i for i in range(dump.KEYS + 1000)))

    assert open_file(path).range(Range(b"", b"\0", count_only=True)).count == dump.KEYS + 1000


LAUGHS = b"a0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 9)
)
DEEP = b"a: " + b"[" * 5000 + b"]" * 5000
LARGE = b"a: x\n" + b"# comment\n" * 100_000
YAML = {
    "a billion laughs": LAUGHS,
    "deep": DEEP,
    "large": LARGE,
    "itself": b"a: &a [*a]\n",
    "a date": b"a: 2001-99-99\n",
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_yaml_that_wants_memory_or_time_is_passed_over_or_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "etc/kubernetes/manifests/etcd.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(text)

    assert find_deployments(tmp_path) == ()
    assert any("cannot be read" in note for note in kubeadm.find(tmp_path).notes)
    with pytest.raises(SettingError, match="cannot be used"):
        load_encryption_config(path)


def test_files_with_something_wrong_in_them_are_read_or_refused_in_bounded_memory() -> None:
    for line in fuzz(CASES):
        print(line)  # noqa: T201 - the counts, shown by -rP
