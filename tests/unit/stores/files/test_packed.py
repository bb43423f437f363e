"""A snapshot in gzip, zstd or zip is read; packed in another way it is told with the command that unpacks it."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from etcdview.cli.main import run
from etcdview.cluster.sources import open_file
from etcdview.errors import FileFormatError
from etcdview.models import Range
from etcdview.stores.files import unpacking

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
BODY = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())[:-32]


DUMP = gzip.decompress((CAPTURE / "registry.jsonl.gz").read_bytes())


def zipped(data: bytes, *more: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.mkdir("snapshots")
        for number, content in enumerate((data, *more)):
            archive.writestr(f"snapshots/on-demand-host-170000000{number}", content)
    return made.getvalue()


def frames(data: bytes) -> bytes:
    """zstd in two frames, as pzstd makes them."""
    half = len(data) // 2
    return zstandard.compress(data[:half], 1) + zstandard.compress(data[half:], 1)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 1),
    "zip": zipped,
    "zstd": lambda data: zstandard.compress(data, 1),
    "zstd frames": frames,
}


def keys_of(path: Path) -> int:
    store = open_file(path)
    try:
        assert store.revision == 1201
        return store.range(Range(b"", b"\0", count_only=True)).count
    finally:
        store.close()


@pytest.mark.parametrize("name", PACKERS)
def test_a_packed_snapshot_and_a_packed_dump_are_read_whatever_their_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "snapshot").write_bytes(PACKERS[name](BODY))
    (tmp_path / "dump").write_bytes(PACKERS[name](DUMP))

    assert (keys_of(tmp_path / "snapshot"), keys_of(tmp_path / "dump")) == (573, 573)


@pytest.mark.parametrize("content", [b"something else", bytes(4096)])
@pytest.mark.parametrize("name", PACKERS)
def test_a_packed_file_with_something_else_in_it_says_so_and_how_to_unpack_it(
    tmp_path: Path, name: str, content: bytes
) -> None:
    packed, command = {"gzip": ("a gzip file", "gunzip -k"), "zip": ("a zip archive", "unzip")}.get(
        name, ("a zstd file", "zstd -d")
    )
    path = tmp_path / "two words.packed"
    path.write_bytes(PACKERS[name](content))

    with pytest.raises(FileFormatError, match=f"is {packed}, and what is in it is neither a registry dump") as error:
        open_file(path)
    assert f"{command} '{path}'" in error.value.remedy


@pytest.mark.parametrize("name", PACKERS)
def test_a_packed_file_that_is_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(PACKERS[name](BODY)[:-5000])

    with pytest.raises(FileFormatError, match=r"cannot be read|is cut short"):
        open_file(path)


def test_a_small_file_that_becomes_a_large_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(unpacking, "TIMES_ITS_SIZE", 1)
    for name, pack in PACKERS.items():
        (tmp_path / name).write_bytes(pack(BODY + bytes(20 << 20)))
        with pytest.raises(FileFormatError, match="MiB when it is unpacked: no snapshot of its size does"):
            open_file(tmp_path / name)


def test_a_zip_archive_of_several_files_or_with_a_password_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    path.write_bytes(zipped(BODY, BODY))
    with pytest.raises(FileFormatError, match="is a zip archive of 2 files"):
        open_file(path)

    encrypted = bytearray(zipped(BODY))
    for at in (encrypted.rindex(b"PK\x03\x04") + 6, encrypted.rindex(b"PK\x01\x02") + 8):
        encrypted[at] |= 1
    path.write_bytes(encrypted)
    with pytest.raises(FileFormatError, match=r"cannot be read: .*encrypted"):
        open_file(path)


def test_of_a_folder_with_snapshots_the_newest_is_opened_and_all_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.db").write_bytes(BODY)
    (tmp_path / "newest.zst").write_bytes(zstandard.compress(BODY, 1))
    (tmp_path / "damaged.db").write_bytes(BODY[:20_000])
    (tmp_path / "notes.txt").write_text("not a snapshot")
    (tmp_path / "today.db").write_bytes(b"")  # the disk was full
    for name in ("now.db.part", "backup.lock", ".keep"):  # what others are writing, or keep there
        (tmp_path / name).write_bytes(b"")
    for age, name in enumerate(("newest.zst", "old.db", "damaged.db")):
        os.utime(tmp_path / name, (1_700_000_000 - age, 1_700_000_000 - age))

    assert keys_of(tmp_path) == 573
    assert "holds 3 snapshots; this is the newest, newest.zst" in open_file(tmp_path).notes[1]
    assert sum("passed over" in note for note in open_file(tmp_path).notes) == 1
    assert open_file(tmp_path).notes[0] == f"{tmp_path / 'today.db'} is passed over: it is empty."
    assert run(["snapshot", "status", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()] == ["damaged.db", "old.db", "newest.zst"]
    assert printed.out.count("revision 1,201  573 keys") == 2
    assert "damaged.db is cut short" in printed.err
    assert "today.db is passed over: it is empty." in printed.err


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo("s.db")
        entry.size = len(BODY)
        archive.addfile(entry, io.BytesIO(BODY))
    return made.getvalue()


PACKED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty zip": (lambda: b"PK\x05\x06" + bytes(18), "is an empty zip archive", "unzip "),
    "tar": (tarred, "is a tar archive", "tar -xf "),
    "tar.gz": (lambda: gzip.compress(tarred(), 1), "is a tar archive compressed with gzip", "tar -xzf "),
    "xz": (lambda: b"\xfd7zXZ\0" + bytes(50), "is compressed with xz", "xz -dk "),
    "bzip2": (lambda: b"BZh9" + bytes(50), "is compressed with bzip2", "bunzip2 -k "),
    "lz4": (lambda: b"\x04\x22\x4d\x18" + bytes(50), "is compressed with lz4", "lz4 -d "),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(50), "is a 7-Zip archive", "7z x "),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_snapshot_is_told_with_the_command_that_unpacks_it(tmp_path: Path, name: str) -> None:
    make, what, command = PACKED[name]
    path = tmp_path / "a snapshot"
    path.write_bytes(make())

    with pytest.raises(FileFormatError) as caught:
        open_file(path)

    assert caught.value.what.startswith(f"{path} {what}")
    assert f"{command}'{path}'" in caught.value.remedy


@pytest.mark.parametrize("name", ["tar", "tar.gz"])
def test_the_command_that_is_told_unpacks_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"s.db.{name if name == 'tar' else 'gz'}"
    path.write_bytes(PACKED[name][0]())
    with pytest.raises(FileFormatError) as caught:
        open_file(path)
    command = caught.value.remedy.rpartition(": ")[2]

    subprocess.run(command, shell=True, cwd=tmp_path, check=True)  # noqa: S602  # the command is one for a shell

    assert (tmp_path / "s.db").read_bytes() == BODY


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty: it has 0 bytes"), (gzip.compress(b"", mtime=0), "is a gzip file with nothing in it"),
     (b"\n \n", "holds no key"), (gzip.compress(b"\n", mtime=0), "holds no key")],
    ids=["nothing", "nothing, packed", "a blank line", "a blank line, packed"],
)  # fmt: skip
def test_a_file_without_a_key_is_not_shown_as_an_empty_cluster(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "backup.db"
    path.write_bytes(content)

    with pytest.raises(FileFormatError, match=says):
        open_file(path)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(FileFormatError, match="is not a file, but a pipe or a device"):
            open_file(path)
