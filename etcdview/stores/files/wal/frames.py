"""The frames of one segment of the log: a length, a walpb.Record and padding; zeros follow the last one.

Layout: etcd's server/storage/wal/encoder.go and decoder.go.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from etcdview.codec.protobuf.wire import BYTES, VARINT, WireError, pieces, varint
from etcdview.errors import FileFormatError
from etcdview.kube.reasons import reason
from etcdview.stores.files.wal.crc import crc32c

METADATA, ENTRY, STATE, CRC, SNAPSHOT = range(1, 6)
SECTOR = 512  # a disk writes one whole, or not at all

_LENGTH_BYTES = 8
_LENGTH = (1 << 56) - 1  # the bits of the length
_PADDED = 1 << 63
_KIND, _CRC, _DATA = 1, 2, 3  # fields of walpb.Record


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
        self.end = 0
        self.fault = ""

    def __iter__(self) -> Iterator[LogFrame]:
        while True:
            head = self._segment.read(self.end, _LENGTH_BYTES)
            field = int.from_bytes(head, "little")
            if not field or len(head) < _LENGTH_BYTES:
                return
            size = field & _LENGTH
            padding = field >> 56 & 7 if field & _PADDED else 0
            if size + padding > self._segment.size_bytes - self.end - _LENGTH_BYTES:
                self.fault = "a record that runs past the end of the file"
                return
            raw = self._segment.read(self.end + _LENGTH_BYTES, size + padding)
            frame = self._parsed(raw, size)
            if frame is None:
                return
            yield frame
            self.end += _LENGTH_BYTES + size + padding

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
