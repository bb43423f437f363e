"""Commands on files: what a snapshot gives is what the dump of the same moment gives."""

from __future__ import annotations

import gzip
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.demo.processes import free_ports
from etcdview.stores.files.database import NO_HASH
from etcdview.stores.files.dump import read_dump

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
DUMP = CAPTURE / "registry.jsonl.gz"
ENCRYPTION = ("--encryption-config", str(CAPTURE / "encryption-config.yaml"))
NOW = ("--now", "2026-11-23T15:57:37.56Z")

Output = Callable[..., str]


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    path.write_bytes(gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes()))
    return path


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Output:
    """What a command that must succeed prints."""

    def call(*arguments: object) -> str:
        assert run([*map(str, arguments)]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return call


@pytest.mark.parametrize("what", ["pods", "secrets", "backups.example.org"])
def test_get_reads_a_snapshot_as_it_reads_a_dump(snapshot: Path, output: Output, what: str) -> None:
    tables = [output("get", what, "-A", "--from", source, *ENCRYPTION, *NOW) for source in (snapshot, DUMP)]

    assert tables[0] == tables[1]
    assert len(tables[0].splitlines()) > 5


def test_decode_reads_a_snapshot_as_it_reads_a_dump(snapshot: Path, output: Output) -> None:
    rows = [sorted(output("decode", "--from", source, *ENCRYPTION).splitlines()) for source in (snapshot, DUMP)]

    assert rows[0] == rows[1]
    assert len(rows[0]) == 573


def test_what_was_not_checked_is_said_beside_the_answer(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot.write_bytes(snapshot.read_bytes()[:-32])

    assert run(["get", "nodes", "--from", str(snapshot), *NOW]) == 0
    assert capsys.readouterr().err == f"etcdview: {NO_HASH}\n"


def test_a_damaged_file_is_told_and_ends_with_1(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot.write_bytes(snapshot.read_bytes()[:-4096])

    for command in (["get", "pods"], ["decode"], ["export", str(snapshot.with_name("x"))]):
        assert run([*command, "--from", str(snapshot)]) == 1
        assert "is cut short" in capsys.readouterr().err


def test_status_tells_what_a_snapshot_holds(snapshot: Path, output: Output) -> None:
    assert dict(line.split(maxsplit=1) for line in output("snapshot", "status", snapshot).splitlines()) == {
        "size": "2.4 MiB (2,523,168 bytes)",
        "hash": "fits",
        "revision": "1201",
        "oldest": "revision   1",
        "keys": "573",
        "raft": "term 2, index 1266",
        "cluster": "version   3.5.0",
        "member": "d7ee4e7bc2f71e84  cp1  https://127.0.0.1:28379",
        "pages": "616: 605 in use, and the others free (no list of them is kept)",
    }


def test_status_of_a_dump_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["snapshot", "status", str(DUMP)]) == 1
    assert "is a registry dump, not a snapshot" in capsys.readouterr().err


def test_export_makes_a_dump_of_a_snapshot(snapshot: Path, output: Output, tmp_path: Path) -> None:
    whole, part = tmp_path / "all.jsonl.gz", tmp_path / "pods.jsonl"

    assert output("export", whole, "--from", snapshot) == f"Exported 573 keys as of revision 1,201 to {whole}\n"
    output("export", part, "--from", snapshot, "--prefix", "/registry/pods/mon")

    captured = sorted(read_dump(DUMP), key=lambda kv: kv.key)
    assert list(read_dump(whole)) == captured
    assert list(read_dump(part)) == [kv for kv in captured if kv.key.startswith(b"/registry/pods/mon")]


def test_open_serves_the_pages_on_a_snapshot(snapshot: Path) -> None:
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "etcdview", "open", str(snapshot), "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert "etcdview listens on" in process.stderr.readline()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/registry", timeout=20) as answer:
                assert "1,201" in answer.read().decode()
        finally:
            process.terminate()


def test_open_says_what_is_wrong_with_a_file(snapshot: Path) -> None:
    snapshot.write_bytes(b"\1" * 9000)
    command = [sys.executable, "-m", "etcdview", "open", str(snapshot), "--listen", f"127.0.0.1:{free_ports(1)[0]}"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 1
    assert "neither a registry dump nor a snapshot" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "options", "count"),
    [
        ("/registry/pods/mon", (), 7),
        ("pods/mon", (), 7),
        ("/pods/mon", ("--mode", "contains"), 7),
        ("/registry/pods/*/crash*", ("--mode", "glob"), 1),
        ("pods/shop/(crash|init).*p$", ("--mode", "regex"), 1),
    ],
)
def test_search_finds_names_as_the_search_page_does(
    snapshot: Path, output: Output, text: str, options: tuple[str, ...], count: int
) -> None:
    found = output("search", text, *options, "--from", snapshot).splitlines()

    assert len(found) == count
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("words", "told", "hint"),
    [
        (["/nothing"], "No key begins with /nothing.", "Try a shorter part"),
        (["pods imagepull"], "No key contains pods imagepull.", "mode glob: *pods*imagepull*"),
        (["*pull*"], "No key contains *pull*.", "the mode glob."),
        (["^/registry/pods"], "No key contains ^/registry/pods.", "the mode regex."),
        (["IMAGEPULL"], "No key contains IMAGEPULL.", "lower case."),
        (["no*such", "--mode", "glob"], "No key matches the glob no*such.", "Try a shorter part"),
        (["no[s]uch", "--mode", "regex"], "No key matches the regular expression no[s]uch.", "Try a shorter part"),
        (["\x1b[31m"], r"No key contains \x1b[31m.", "Try a shorter part"),
    ],
)
def test_search_that_finds_nothing_says_so_and_ends_with_1(
    words: list[str], told: str, hint: str, snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["search", *words, "--from", str(snapshot)]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[0] == f"etcdview: {told}"
    assert hint in said.err.splitlines()[1]


def test_a_file_cannot_be_watched(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "/", "--from", str(snapshot)]) == 1
    assert "does not change" in capsys.readouterr().err
