"""A dump that is too large for the memory: its lines stay on the disk, in the order of their keys, found by offsets.

A dump whose keys are in order is read where it is. One that is packed is unpacked into a temporary file, and one in
another order is sorted into one, in runs that fit the memory. What is held is sixteen bytes a key.
"""

from __future__ import annotations

import heapq
import os
import re
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import IO

from etcdview.errors import CompactedError, FileFormatError, FutureRevisionError
from etcdview.kube.reasons import reason
from etcdview.models import KeyValue, NamesPiece, Range, RangeResult
from etcdview.stores.key_past import KeyPast, PastRequest

Parse = Callable[[Path, int, bytes], KeyValue]
RUN_BYTES = 64 << 20  # lines that are sorted at a time
_BLOCK_BYTES = 1 << 20
_HEAD_BYTES = 1024  # of a line, in which its key mostly is
# A key of a line as `etcdview export` and others write it, without escapes and without key64; others are parsed.
_KEY = re.compile(rb'\{\s*(?:"create_revision":\s*\d+,\s*)?"key":\s*"([^"\\]*)",\s*"(?!key64")')
_REVISION = re.compile(rb'"mod_revision":\s*"?(\d{1,19})[",}]')


class LargeDump:
    """The Store protocol over the lines of a file; see StaticStore. Any thread may read it."""

    live = False
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, file: IO[bytes], found: _Found, parse: Parse) -> None:
        self.name = str(path)
        self.revision = found.revision
        self._path = path
        self._file = file
        self._offsets = found.offsets
        self._sizes = found.sizes
        self._parse = parse

    def range(self, request: Range) -> RangeResult:
        """See Store.range; the only revision there is, is the file's. Raises FileFormatError."""
        self._check(request.revision)
        first, last = self._bounds(request.start, request.end)
        if request.count_only:
            return RangeResult(self.revision, count=last - first)
        stop = min(last, first + request.limit) if request.limit else last
        lines = enumerate(self._lines(first, stop), first)
        kvs = tuple(self._parse(self._path, number + 1, line) for number, line in lines)
        if request.keys_only:
            kvs = tuple(replace(kv, value=b"") for kv in kvs)
        return RangeResult(self.revision, kvs, count=last - first, more=stop < last)

    def list_names(self, request: Range, timeout_seconds: float = 0.0) -> NamesPiece:
        """See NameLister.list_names: no value is decoded."""
        self._check(request.revision)
        first, last = self._bounds(request.start, request.end)
        stop = min(last, first + request.limit) if request.limit else last
        names = [self._key_in(number, line) for number, line in enumerate(self._lines(first, stop), first)]
        return NamesPiece(self.revision, names, last - first, stop < last)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        found = (self.range(Range(key, revision=revision, keys_only=keys_only)).kvs for key in keys)
        return {kvs[0].key: kvs[0] for kvs in found if kvs}

    def rows(self, start: bytes, end: bytes, revision: int = 0) -> Iterator[tuple[bytes, bytes]]:
        """The keys of [start, end) with their lines, in order. Equal lines hold equal keys and values.

        Raises CompactedError or FutureRevisionError for any revision but the file's.
        """
        self._check(revision)
        return self._rows(*self._bounds(start, end))

    def all_rows(self) -> Iterator[tuple[bytes, bytes]]:
        """All of them in the order of the file."""
        return self._rows(0, len(self._offsets))

    def parsed(self, line: bytes) -> KeyValue:
        """What a line of `rows` says. Raises FileFormatError."""
        return self._parse(self._path, 0, line)

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """See KeepsPast.key_past: what is held has no past."""
        return KeyPast(oldest=self.revision)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _rows(self, first: int, last: int) -> Iterator[tuple[bytes, bytes]]:
        for number, line in enumerate(self._lines(first, last), first):
            yield self._key_in(number, line), line

    def _check(self, revision: int) -> None:
        if revision not in (0, self.revision):
            error = CompactedError if revision < self.revision else FutureRevisionError
            raise error(f"{self.name} holds revision {self.revision} only, not {revision}.", "Leave the revision out.")

    def _bounds(self, start: bytes, end: bytes) -> tuple[int, int]:
        first = self._first_from(start, 0)
        if end == b"\0":
            return first, len(self._offsets)
        return first, self._first_from(end or start + b"\0", first)

    def _first_from(self, key: bytes, low: int) -> int:
        high = len(self._offsets)
        while low < high:
            middle = (low + high) // 2
            if self._key(middle) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _key(self, number: int) -> bytes:
        size = self._sizes[number]
        match = _KEY.match(self._read(self._offsets[number], min(size, _HEAD_BYTES)))
        return match[1] if match else self._key_in(number, self._read(self._offsets[number], size))

    def _key_in(self, number: int, line: bytes) -> bytes:
        match = _KEY.match(line)
        return match[1] if match else self._parse(self._path, number + 1, line).key

    def _lines(self, first: int, stop: int) -> Iterator[bytes]:
        """So many lines, read in blocks: what is between two of them (an empty line) is read too."""
        while first < stop:
            start, last = self._offsets[first], first
            while last < stop and self._offsets[last] + self._sizes[last] - start <= _BLOCK_BYTES:
                last += 1
            last = max(last, first + 1)
            block = self._read(start, self._offsets[last - 1] + self._sizes[last - 1] - start)
            for number in range(first, last):
                begin = self._offsets[number] - start
                yield block[begin : begin + self._sizes[number]]
            first = last

    def _read(self, position: int, size: int) -> bytes:
        try:
            data = os.pread(self._file.fileno(), size, position)
        except (OSError, ValueError) as error:
            raise FileFormatError(f"{self.name} cannot be read: {reason(error)}.", "Copy it again.") from error
        if len(data) != size:
            raise FileFormatError(f"{self.name} has become shorter since it was opened.", "Open it again.")
        return data


class _Found:
    """Where the lines are, whether their keys are in order, and the newest revision of them."""

    def __init__(self) -> None:
        self.offsets = array("Q")
        self.sizes = array("L")
        self.revision = 0
        self.in_order = True
        self._last = b""

    def add(self, key: bytes, revision: int, position: int, size: int) -> None:
        """One more line."""
        self.in_order = self.in_order and self._last <= key
        self._last = key
        self.revision = max(self.revision, revision)
        self.offsets.append(position)
        self.sizes.append(size)


def open_large_dump(path: Path, lines: Iterable[bytes], parse: Parse, *, packed: bool) -> LargeDump:
    """The dump at `path`, of which these are all lines, unpacked. Raises FileFormatError."""
    with ExitStack() as opened:
        copy = opened.enter_context(_Copy(path)) if packed else None
        file = copy.file if copy is not None else opened.enter_context(path.open("rb"))
        found = _scanned(path, lines, parse, copy)
        if not found.in_order:
            file, found = _sorted(path, LargeDump(path, file, found, parse), parse)
        else:
            opened.pop_all()
        return LargeDump(path, file, found, parse)


class _Copy:
    """A temporary file that its owner closes; with an error around it, it is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - see above
        except OSError as error:
            raise self._no_room(error) from error

    def __enter__(self) -> _Copy:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def write(self, data: bytes) -> None:
        """More of it. Raises FileFormatError where there is no room."""
        try:
            self.file.write(data)
        except OSError as error:
            raise self._no_room(error) from error

    def done(self) -> IO[bytes]:
        """The file, to be read from its beginning."""
        try:
            self.file.flush()
        except OSError as error:
            raise self._no_room(error) from error
        self.file.seek(0)
        return self.file

    def _no_room(self, error: OSError) -> FileFormatError:
        return FileFormatError(
            f"{self._path} cannot be unpacked or sorted in {tempfile.gettempdir()}: {reason(error)}.",
            "Set TMPDIR to a folder with room for it.",
        )


def _scanned(path: Path, lines: Iterable[bytes], parse: Parse, copy: _Copy | None) -> _Found:
    found, position = _Found(), 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            key, revision = _told(path, number, line, parse)
            found.add(key, revision, position, len(line))
        if copy is not None:
            copy.write(line)
        position += len(line)
    if copy is not None:
        copy.done()
    return found


def _told(path: Path, number: int, line: bytes, parse: Parse) -> tuple[bytes, int]:
    """The key and revision of a line, without decoding its value where its beginning is as usual."""
    match = _KEY.match(line)
    revision = _REVISION.search(line, match.end(1)) if match else None
    if match is None or revision is None:
        kv = parse(path, number, line)
        return kv.key, kv.mod_revision
    return match[1], int(revision[1])


def _sorted(path: Path, dump: LargeDump, parse: Parse) -> tuple[IO[bytes], _Found]:
    """A copy in the order of the keys: runs that fit the memory are sorted, and merged."""
    with ExitStack() as runs, ExitStack() as opened:
        copy, ordered, position = opened.enter_context(_Copy(path)), _Found(), 0
        files = [_run(runs.enter_context(_Copy(path)), part) for part in _parts(dump)]
        for key, line in heapq.merge(*(_keyed(path, run, parse) for run in files), key=itemgetter(0)):
            ordered.add(key, 0, position, len(line))
            copy.write(line)
            position += len(line)
        ordered.revision = dump.revision
        file = copy.done()
        opened.pop_all()
        return file, ordered


def _keyed(path: Path, run: IO[bytes], parse: Parse) -> Iterator[tuple[bytes, bytes]]:
    return ((_told(path, 0, line, parse)[0], line) for line in run)


def _parts(dump: LargeDump) -> Iterator[list[tuple[bytes, bytes]]]:
    part: list[tuple[bytes, bytes]] = []
    size = 0
    for key, line in dump.all_rows():
        whole = line if line.endswith(b"\n") else line + b"\n"
        part.append((key, whole))
        size += len(whole)
        if size > RUN_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _run(copy: _Copy, part: list[tuple[bytes, bytes]]) -> IO[bytes]:
    for _, line in sorted(part, key=itemgetter(0)):
        copy.write(line)
    return copy.done()
