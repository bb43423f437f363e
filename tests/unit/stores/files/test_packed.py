"""A snapshot that is packed is told as what it is, with the command that unpacks it."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.cluster.sources import open_file
from etcdview.errors import FileFormatError

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
BODY = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())[:-32]


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("on-demand-host-1700000000", BODY)
    return made.getvalue()


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo("s.db")
        entry.size = len(BODY)
        archive.addfile(entry, io.BytesIO(BODY))
    return made.getvalue()


PACKED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "zip": (zipped, "is a zip archive, as k3s and RKE2 write", "unzip "),
    "empty zip": (lambda: b"PK\x05\x06" + bytes(18), "is an empty zip archive", "unzip "),
    "gzip": (lambda: gzip.compress(BODY, 1), "is a snapshot compressed with gzip", "gunzip -k "),
    "tar": (tarred, "is a tar archive", "tar -xf "),
    "tar.gz": (lambda: gzip.compress(tarred(), 1), "is a tar archive compressed with gzip", "tar -xzf "),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd" + bytes(50), "is compressed with zstd", "zstd -d "),
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


@pytest.mark.parametrize("name", ["gzip", "tar", "tar.gz"])
def test_the_command_that_is_told_unpacks_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"s.db.{name if name == 'tar' else 'gz'}"
    path.write_bytes(PACKED[name][0]())
    with pytest.raises(FileFormatError) as caught:
        open_file(path)
    command = caught.value.remedy.rpartition(": ")[2]

    subprocess.run(command, shell=True, cwd=tmp_path, check=True)  # noqa: S602  # the command is one for a shell

    assert (tmp_path / "s.db").read_bytes() == BODY
