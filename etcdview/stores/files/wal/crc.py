"""CRC-32C (Castagnoli), with which etcd chains the records of its log. Python's zlib has the other polynomial only."""

from __future__ import annotations

import sys
from array import array
from functools import cache

_POLYNOMIAL = 0x82F63B78  # its bits in reverse, as RFC 3720 computes it
_ALL = 0xFFFFFFFF


def crc32c(data: bytes, before: int = 0) -> int:
    """The checksum of `data` behind what `before` is the checksum of."""
    crc = before ^ _ALL
    low, high = _pairs()
    whole = len(data) & ~3
    words = array("I", data[:whole])
    if sys.byteorder == "big":
        words.byteswap()
    for word in words:
        word ^= crc
        crc = low[word & 0xFFFF] ^ high[word >> 16]
    bytewise = _tables()[0]
    for byte in data[whole:]:
        crc = bytewise[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ _ALL


@cache
def _tables() -> tuple[list[int], ...]:
    """What a byte adds to the checksum when 0, 1, 2 and 3 more bytes follow it."""
    first = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ _POLYNOMIAL * (crc & 1)
        first.append(crc)
    tables = [first]
    for _ in range(3):
        tables.append([first[crc & 0xFF] ^ crc >> 8 for crc in tables[-1]])
    return tuple(tables)


@cache
def _pairs() -> tuple[list[int], list[int]]:
    """The same for the lower and the upper two bytes of a word: half as many steps as with one table a byte."""
    one, two, three, four = _tables()
    return (
        [four[pair & 0xFF] ^ three[pair >> 8] for pair in range(1 << 16)],
        [two[pair & 0xFF] ^ one[pair >> 8] for pair in range(1 << 16)],
    )
