"""Files that are compressed: unpacked into a temporary file that has no name, so that nobody else can open it.

A few bytes can stand for gigabytes: what becomes more than MOST_BYTES and TIMES_ITS_SIZE times its size is refused.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import shlex
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from etcdview.errors import FileFormatError
from etcdview.kube.reasons import reason

MOST_BYTES, TIMES_ITS_SIZE = 64 << 20, 100
LARGEST_WINDOW = 64 << 20  # bytes of memory that zstd may take; its highest level needs more

_CHUNK_BYTES = 1 << 20
_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so can be unpacked here: gzip, zstd and zip."""
    return head.startswith((_GZIP, _ZSTD, _ZIP))


_COMMANDS = {"a gzip file": "gunzip -k", "a zstd file": "zstd -d", "a zip archive": "unzip"}
_NAMES = dict(zip((_GZIP, _ZSTD, _ZIP), _COMMANDS, strict=True))


def packing_name(head: bytes) -> str:
    """What a file is called that begins so; "" for one that is not packed."""
    return next((name for magic, name in _NAMES.items() if head.startswith(magic)), "")


def unpacking_command(path: Path, name: str) -> str:
    """The command that unpacks what is called so."""
    return f"{_COMMANDS[name]} {shlex.quote(str(path))}"


@contextmanager
def unpacking(path: Path) -> Iterator[IO[bytes]]:
    """The content of a file that is packed, to be read from its beginning on.

    Raises FileFormatError, also from within, where the data is damaged, encrypted, or there are several files in it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            with _opened(path, file, head) as content:
                yield content
    except FileFormatError:
        raise
    except _BROKEN as error:
        said = error.args[0] if type(error) in (RuntimeError, NotImplementedError) and error.args else reason(error)
        raise FileFormatError(
            f"{path} cannot be read: {said}.", "Copy it again, or unpack it, and give what was in it."
        ) from error


def unpacked(path: Path) -> int:
    """The descriptor of a file with the content of a packed one, which ends with it. Raises FileFormatError."""
    most = MOST_BYTES + TIMES_ITS_SIZE * path.stat().st_size
    with unpacking(path) as content, tempfile.TemporaryFile() as file:
        size = 0
        while data := content.read(_CHUNK_BYTES):
            size += len(data)
            if size > most:
                raise FileFormatError(
                    f"{path} becomes more than {most >> 20:,} MiB when it is unpacked: no snapshot of its size does.",
                    "Is it a snapshot? If so, unpack it, and give what was in it.",
                )
            _write(path, file, data)
        file.flush()
        return os.dup(file.fileno())


def _write(path: Path, file: IO[bytes], data: bytes) -> None:
    try:
        file.write(data)
    except OSError as error:
        raise FileFormatError(
            f"{path} cannot be unpacked into {tempfile.gettempdir()}: {reason(error)}.",
            "Set TMPDIR to a folder with room for it, or unpack it yourself, and give what was in it.",
        ) from error


def _opened(path: Path, file: IO[bytes], head: bytes) -> Any:
    """What is packed in an open file, as a context manager of a file to read."""
    if head.startswith(_ZIP):
        return _zipped(path, file)
    return _zstd(path, file) if head.startswith(_ZSTD) else gzip.open(file)


@contextmanager
def _zipped(path: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(file) as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(files) != 1:
            raise FileFormatError(
                f"{path} is a zip archive of {len(files):,} files.",
                f"Unpack it, and give one of them: unzip {shlex.quote(str(path))}.",
            )
        with archive.open(files[0]) as content:
            yield content


@contextmanager
def _zstd(path: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    # here, because few files need it
    import zstandard

    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
        with decompressor.stream_reader(file, read_across_frames=True, closefd=False) as content:
            yield io.BufferedReader(content)
    except zstandard.ZstdError as error:
        quoted_path = shlex.quote(str(path))
        raise FileFormatError(
            f"{path} cannot be read: its zstd data is damaged, cut short, or needs more memory than "
            f"{LARGEST_WINDOW >> 20} MiB.",
            f"Unpack it, and give what was in it: zstd -d --long=31 {quoted_path}.",
        ) from error
