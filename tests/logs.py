"""Writes the log of an etcd member, byte for byte as etcd does: for logs that no etcd would leave behind.

Nothing of the product's: what it reads is not made by what reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

METADATA, ENTRY, STATE, CRC, SNAPSHOT = range(1, 6)
NODE = 0xD7EE4E7BC2F71E84  # the one member of the captured cluster


def number(field: int, value: int) -> bytes:
    """A field that is a number."""
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    """A field of bytes, or a message."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """A number of 64 bits."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def crc32c(data: bytes, crc: int = 0) -> int:
    """Castagnoli's checksum, a bit at a time."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def put(key: bytes, value: bytes = b"", lease: int = 0, *more: bytes) -> bytes:
    """The fields of a PutRequest."""
    return text(1, key) + (text(2, value) if value else b"") + (number(3, lease) if lease else b"") + b"".join(more)


def delete(key: bytes, end: bytes = b"") -> bytes:
    """The fields of a DeleteRangeRequest."""
    return text(1, key) + (text(2, end) if end else b"")


def request(field: int, message: bytes) -> bytes:
    """An InternalRaftRequest with its header."""
    return text(100, number(1, 7)) + text(field, message)


PUT, DELETE, TXN, COMPACTION, GRANT, REVOKE, ALARM = range(4, 11)


class LogWriter:
    """One segment; `bytes` is what is in it so far."""

    def __init__(self, node: int = NODE, crc: int = 0) -> None:
        self.bytes = b""
        self._crc = 0
        self.record(CRC, b"", crc=crc)
        self._crc = crc
        self.record(METADATA, number(1, node) + number(2, 5))

    @property
    def crc(self) -> int:
        """What the next segment begins with."""
        return self._crc

    def record(self, kind: int, data: bytes, crc: int | None = None) -> None:
        """One frame."""
        self._crc = crc32c(data, self._crc) if crc is None else crc
        record = number(1, kind) + number(2, self._crc) + (text(3, data) if data else b"")
        padding = -len(record) % 8
        length = len(record) | (0x80 | padding) << 56 if padding else len(record)
        self.bytes += length.to_bytes(8, "little") + record + b"\0" * padding

    def entry(self, index: int, data: bytes, kind: int = 0, term: int = 2) -> None:
        """An entry of raft."""
        self.record(ENTRY, number(1, kind) + number(2, term) + number(3, index) + text(4, data))

    def entries(self, first: int, requests: Iterable[bytes], commit: int | None = None) -> int:
        """One behind the other from an index on, and that they are committed; gives the last index."""
        last = first - 1
        for last, data in enumerate(requests, first):
            self.entry(last, data)
        self.state(last if commit is None else commit)
        return last

    def state(self, commit: int, term: int = 2) -> None:
        """A HardState."""
        self.record(STATE, number(1, term) + number(2, NODE) + number(3, commit))


def data_directory(folder: Path, database: bytes, *segments: bytes, first: int = 0) -> Path:
    """A member's data directory with a database and files of a log; the rest of each is zeros, as etcd makes them."""
    (folder / "member" / "snap").mkdir(parents=True)
    (folder / "member" / "wal").mkdir()
    (folder / "member" / "snap" / "db").write_bytes(database)
    for sequence, data in enumerate(segments):
        name = f"{sequence:016x}-{first if sequence else 0:016x}.wal"
        (folder / "member" / "wal" / name).write_bytes(data + b"\0" * 4096)
    return folder
