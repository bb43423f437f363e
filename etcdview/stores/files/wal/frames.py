"""The frames of one segment of the log: a length, a walpb.Record and padding; zeros follow the last one.

Layout: etcd's server/storage/wal/encoder.go and decoder.go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from etcdview.codec.protobuf.wire import BYTES, VARINT, WireError, delimited, encode_varint, pieces, tag, varint
from etcdview.errors import FileFormatError
from etcdview.kube.reasons import reason
from etcdview.stores.files.wal.crc import crc32c

METADATA, ENTRY, STATE, CRC, SNAPSHOT = range(1, 6)
SECTOR = 512  # a disk writes one whole, or not at all

_LENGTH_BYTES = 8
_LENGTH = (1 << 56) - 1  # the bits of the length
_PADDED = 1 << 63
_KIND, _CRC, _DATA = 1, 2, 3  # fields of walpb.Record
_ALIGNED = 8  # every frame begins at a multiple of it
_BEGINS = re.compile(rb"\x08[\x01-\x05]\x10")  # a walpb.Record, behind its length
_BLOCK = 1 << 20
_ZEROS = bytes(_BLOCK)
_TRIES = 10_000  # places in one file at which a record may begin
_TRIED_BYTES = 32 << 20  # of records there, which take seconds


class LogFrame(NamedTuple):
    """One record: its `data` stands at `position` in the segment, `crc` is what the record says of itself."""

    kind: int
    crc: int
    data: bytes
    position: int
    start: int  # of the frame
    raw: bytes

    def fits(self, before: int) -> bool:
        """Whether the checksum is right, behind a record whose checksum is `before`."""
        return crc32c(self.data, before) == self.crc


def frame_of(kind: int, data: bytes, before: int) -> bytes:
    """One record in its frame, as etcd writes it behind a record whose checksum is `before`."""
    numbers = tag(_KIND, VARINT) + encode_varint(kind) + tag(_CRC, VARINT) + encode_varint(crc32c(data, before))
    record = numbers + delimited(_DATA, data)
    padding = -len(record) % _ALIGNED
    length = len(record) | (_PADDED | padding << 56 if padding else 0)
    return length.to_bytes(_LENGTH_BYTES, "little") + record + bytes(padding)


class Segment:
    """One open file of the log. Any thread may call `read`. Raises FileFormatError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDONLY)
            self.size_bytes = os.fstat(self._fd).st_size
        except OSError as error:
            raise self._unreadable(error) from error

    def read(self, position: int, size: int) -> bytes:
        """Up to so many bytes: fewer at the end of the file."""
        try:
            return os.pread(self._fd, size, position)
        except (OSError, OverflowError) as error:
            raise self._unreadable(error) from error

    def close(self) -> None:
        """Let go of the file; it may be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _unreadable(self, error: Exception) -> FileFormatError:
        return FileFormatError(f"{self.path} cannot be read: {reason(error)}.", "Check the path and its permissions.")


class LogFrames:
    """Iterates over the frames of a segment, up to the end or the first that cannot be one.

    `fault` then says what is wrong, "" at a proper end; `end` is the first byte behind the good frames.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._tries = self._tried_bytes = 0
        self.end = 0
        self.fault = ""

    def __iter__(self) -> Iterator[LogFrame]:
        while True:
            size, padding = self._length(self.end)
            if not size + padding:
                self.fault = "zeros in place of a record" if self._goes_on() else ""
                return
            if size + padding > self._segment.size_bytes - self.end - _LENGTH_BYTES:
                self.fault = "a record that runs past the end of the file"
                return
            if (size + padding) % _ALIGNED:
                self.fault = "a record of a length that none has"
                return
            raw = self._segment.read(self.end + _LENGTH_BYTES, size + padding)
            frame = self._parsed(raw, size)
            if frame is None:
                return
            yield frame
            self.end += _LENGTH_BYTES + size + padding

    def resume(self) -> bool:
        """Go on behind a fault, at the next record that the one behind it proves to be one; False where none is."""
        for place in self._places(self.end + _ALIGNED):
            found = LogFrames(self._segment)
            found.end = place
            frames = iter(found)
            frame, following = next(frames, None), next(frames, None)
            if frame is None or following is None:
                continue
            self._tried_bytes += len(following.data)
            if self._tried_bytes > _TRIED_BYTES:
                return False
            if following.fits(frame.crc):
                self.end, self.fault = place, ""
                return True
        return False

    def stated_crc(self) -> int | None:
        """The checksum that the record at `end` gives itself, where that much of it can be read."""
        head = self._segment.read(self.end + _LENGTH_BYTES, 16)
        try:
            return varint(head, 3, len(head))[0] & 0xFFFFFFFF if _BEGINS.match(head) else None
        except WireError:
            return None

    def _length(self, position: int) -> tuple[int, int]:
        """The size of the record there, and of its padding; nothing at the end of the file."""
        head = self._segment.read(position, _LENGTH_BYTES)
        field = int.from_bytes(head, "little") if len(head) == _LENGTH_BYTES else 0
        return field & _LENGTH, field >> 56 & 7 if field & _PADDED else 0

    def _places(self, position: int) -> Iterator[int]:
        """Where a record may begin whose length and whose successor's are possible, from `position` on."""
        for start in range(position, self._segment.size_bytes, _BLOCK):
            block = self._segment.read(start, _BLOCK + _LENGTH_BYTES + 3)
            for match in _BEGINS.finditer(block, _LENGTH_BYTES):
                place = start + match.start() - _LENGTH_BYTES
                if place % _ALIGNED or place >= start + _BLOCK:
                    continue
                self._tries += 1
                if self._tries > _TRIES:
                    return
                behind = place + _LENGTH_BYTES + sum(self._length(place))
                if _BEGINS.match(self._segment.read(behind + _LENGTH_BYTES, 3)):
                    yield place

    def is_last(self) -> bool:
        """Whether nothing but zeros follows the record at `end`."""
        behind = LogFrames(self._segment)
        behind.end = self.end + _LENGTH_BYTES + sum(self._length(self.end))
        return not behind._goes_on()

    def _goes_on(self) -> bool:
        """Whether anything but zeros follows."""
        for start in range(self.end, self._segment.size_bytes, _BLOCK):
            block = self._segment.read(start, _BLOCK)
            if block != _ZEROS[: len(block)]:
                return True
        return False

    def _parsed(self, raw: bytes, size: int) -> LogFrame | None:
        kind = crc = at = end = 0
        try:
            for piece in pieces(raw, 0, size):
                if piece.number == _DATA and piece.wire_type == BYTES:
                    at, end = piece.value_start, piece.end
                elif piece.wire_type == VARINT:
                    number, _ = varint(raw, piece.value_start, piece.end)
                    kind, crc = (
                        number if piece.number == _KIND else kind,
                        number & 0xFFFFFFFF if piece.number == _CRC else crc,
                    )
        except WireError:
            self.fault = torn_or(raw, self.end, "a record that is not protobuf")
            return None
        return LogFrame(kind, crc, raw[at:end], self.end + _LENGTH_BYTES + at, self.end, raw)


TORN = "a record that was written in part"


def torn_or(raw: bytes, start: int, otherwise: str) -> str:
    """TORN where a sector of the frame at `start` has zeros only, as a disk leaves it; else what is said of it."""
    first = SECTOR - (start + _LENGTH_BYTES) % SECTOR
    sectors = [raw[:first], *(raw[at : at + SECTOR] for at in range(first, len(raw), SECTOR))]
    return TORN if any(sector and not sector.strip(b"\0") for sector in sectors) else otherwise
