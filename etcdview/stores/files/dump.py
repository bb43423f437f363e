"""A registry dump: gzipped JSON lines, one key a line, the value base64 byte for byte as etcd holds it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from etcdview import private_files
from etcdview.errors import FileFormatError, UsageError
from etcdview.kube.reasons import reason
from etcdview.models import KeyValue
from etcdview.stores.files.etcdctl import answer_keys, is_answer, key_facts
from etcdview.stores.files.large_dump import LargeDump, open_large_dump
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.files.unpacking import is_packed, unpacking

# What a dump may become in memory: so much, and by its own size more. A few bytes of gzip can stand for gigabytes;
# a dump of a real cluster becomes 6 to 15 times its size, and a key of it takes more than 20 bytes.
LONGEST_LINE = 16 << 20  # etcd takes values of 1.5 MB, some are set up for 8
TEXT_BYTES, TIMES_ITS_SIZE = 48 << 20, 20
KEYS, BYTES_OF_A_KEY = 50_000, 8
MEMBERS_OF_A_KEY, MEMBERS_OF_A_LINE = 12, 100_000
CHUNK_BYTES = 1 << 20
# What is raised for a line that is not a key of a dump.
_INVALID = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)


# A dump of more is not held in memory; a packed one may become many times as large.
LARGE_BYTES, LARGE_PACKED_BYTES = 64 << 20, 8 << 20


def open_dump(path: Path) -> StaticStore | LargeDump:
    """Read a dump (.jsonl or .jsonl.gz). Raises FileFormatError that names the line at fault.

    One that is large stays on the disk: see large_dump.py. Of such a one, a value that is not base64 is found when it
    is read.
    """
    with _opened(path) as lines:
        if lines.is_large and not lines.begin_answer():
            return open_large_dump(path, lines.all(), _parse, packed=lines.packed)
    return StaticStore(str(path), read_dump(path))


def read_dump(path: Path) -> Iterator[KeyValue]:
    """The keys of a dump, in its own order; an answer of `etcdctl get --prefix -w json` is one too."""
    with _opened(path) as lines:
        if lines.begin_answer():
            yield from _answer(path, lines.rest())
            return
        for number, line in enumerate(lines.all(), 1):
            if line.strip():
                yield _parse(path, number, line)


@contextmanager
def _opened(path: Path) -> Iterator[_Lines]:
    """The lines of a dump, unpacked. Raises FileFormatError for what goes wrong with the file meanwhile."""
    try:
        with path.open("rb") as file:
            packed = is_packed(file.read(4)) or path.suffix == ".gz"
            size_bytes = os.fstat(file.fileno()).st_size
        with unpacking(path) if packed else path.open("rb") as opened:
            large = size_bytes > (LARGE_PACKED_BYTES if packed else LARGE_BYTES)
            yield _Lines(path, opened, _Room.of(size_bytes), packed=packed, is_large=large)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(
            f"{path} cannot be read: {reason(error)}.", "Give a registry dump (.jsonl or .jsonl.gz)."
        ) from error


@dataclass(frozen=True, slots=True)
class _Room:
    """How many bytes of text and how many lines a file of its size may hold."""

    text_bytes: int
    lines: int

    @classmethod
    def of(cls, size_bytes: int) -> _Room:
        return cls(TEXT_BYTES + TIMES_ITS_SIZE * size_bytes, KEYS + size_bytes // BYTES_OF_A_KEY)


class _Lines:
    """The lines of an open dump, unpacked. Raises FileFormatError where they become more than the file has room for."""

    def __init__(self, path: Path, file: IO[bytes], room: _Room, *, packed: bool, is_large: bool) -> None:
        self.packed = packed
        self.is_large = is_large
        self._path = path
        self._file = file
        self._room = room
        self._bytes = self._count = 0
        self._ahead = b""  # what was looked at, and not taken yet

    def begin_answer(self) -> bool:
        """Whether it is one JSON object of etcdctl's; nothing is taken."""
        self._ahead = self._file.readline(LONGEST_LINE + 1)
        return _begins_answer(self._ahead)

    def all(self) -> Iterator[bytes]:
        """Every line that is left."""
        while line := self.line():
            yield line

    def line(self) -> bytes:
        """The next one with its line feed; empty at the end."""
        found, self._ahead = self._ahead or self._file.readline(LONGEST_LINE + 1), b""
        self._count += 1
        if len(found) > LONGEST_LINE:
            raise self._bomb(f"has a line {self._count:,} of more than {LONGEST_LINE >> 20} MiB")
        return self._counted(self._checked(found, MEMBERS_OF_A_LINE))

    def _checked(self, found: bytes, most: int) -> bytes:
        """Three bytes of JSON, as `[],`, take sixty in memory."""
        if len(found) > most and found.count(b",") + found.count(b"[") + found.count(b"{") > most:
            raise self._bomb(f"has more than {most:,} fields and items")
        return found

    def rest(self) -> bytes:
        """All that follows, which is one JSON object: it takes more memory than lines do, one after the other."""
        most = self._room.text_bytes // 3
        parts, size = [self._ahead], len(self._ahead)
        while part := self._file.read(CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > most:
                raise self._bomb(f"becomes more than {most >> 20:,} MiB when it is unpacked")
        return self._checked(b"".join(parts), self._room.lines * MEMBERS_OF_A_KEY)

    def _counted(self, found: bytes) -> bytes:
        self._bytes += len(found)
        if self._bytes > self._room.text_bytes:
            raise self._bomb(f"becomes more than {self._room.text_bytes >> 20:,} MiB when it is unpacked")
        if self._count > self._room.lines:
            raise self._bomb(f"has more than {self._room.lines:,} lines")
        return found

    def _bomb(self, what: str) -> FileFormatError:
        return FileFormatError(
            f"{self._path} {what}: no dump of its size does.", "Is it a dump? If so, give it unpacked, a key a line."
        )


def write_dump(kvs: Iterable[KeyValue], path: Path) -> int:
    """Write a dump, gzipped where its name ends in .gz, and say how many keys it holds. `path` must not exist.

    It gets its name once it is whole; nobody but its owner may read it. Raises UsageError, and what `kvs` raises.
    """
    if path.exists():
        raise UsageError(f"{path} exists already.", "Choose another name, or remove it.")
    count = 0
    try:
        with (
            private_files.becoming(path) as file,
            gzip.open(file, "wb", 6) if path.suffix == ".gz" else nullcontext(file) as lines,
        ):
            for kv in kvs:
                lines.write(dump_line(kv))
                count += 1
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", "Choose another.") from error
    return count


def dump_line(kv: KeyValue) -> bytes:
    """A key as one line of a dump."""
    row: dict[str, object] = {"key": kv.key.decode("utf-8", "replace")}
    if row["key"] != kv.key.decode("utf-8", "surrogateescape"):
        row["key64"] = base64.b64encode(kv.key).decode("ascii")
    row |= {
        "create_revision": kv.create_revision,
        "mod_revision": kv.mod_revision,
        "version": kv.version,
        "lease": kv.lease,
        "value": base64.b64encode(kv.value).decode("ascii"),
    }
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _begins_answer(line: bytes) -> bool:
    """Whether a file that begins with the line is one JSON object of etcdctl's: on one line, or laid out."""
    text = line.strip()
    return text == b"{" or text.startswith((b'{"header"', b'{"kvs"', b'{ "header"', b'{ "kvs"'))


def _answer(path: Path, text: bytes) -> Iterator[KeyValue]:
    try:
        row = json.loads(text)
        if not is_answer(row):
            raise KeyError("header")
        yield from answer_keys(row)
    except _INVALID as error:
        raise FileFormatError(
            f"{path} is not an answer of etcdctl: {reason(error)}.",
            "Give the whole output of `etcdctl get --prefix / -w json`, or a registry dump.",
        ) from error


def _parse(path: Path, number: int, line: bytes) -> KeyValue:
    try:
        row = json.loads(line)
        return KeyValue(
            key=_key(row),
            **key_facts(row),
            value=base64.b64decode(row["value"], validate=True),
        )
    except _INVALID as error:
        raise FileFormatError(
            f"Line {number} of {path} is not a key of a registry dump: {_why(error)}.",
            'Each line is a JSON object with "key", "mod_revision" and "value" (base64).',
        ) from error


def _why(error: Exception) -> str:
    numbers = isinstance(error, ValueError) and type(error) is ValueError
    return "one of its revisions is not a number" if numbers else reason(error)


def _key(row: dict[str, str]) -> bytes:
    return base64.b64decode(row["key64"], validate=True) if "key64" in row else row["key"].encode("utf-8")
