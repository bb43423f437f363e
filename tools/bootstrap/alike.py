"""Makes what differs between two runs of one API server the same: UIDs, times, and what is of one machine."""

from __future__ import annotations

import re

TIME = 1_700_000_000  # seconds; as many bytes of a varint as the times of today
_UID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TEXT_TIME = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Of a Timestamp, after its length and the tag of its first field.
_SECONDS = re.compile(rb"(?<=[\x05-\x10]\x08)[\x80-\xff]{4}[\x00-\x7f]")
# Changed by the clock, or of the machine: who holds them, its addresses, ports and certificates.
LEFT_OUT = ("masterleases/", "peerserverleases/", "leases/", "events/", "configmaps/", "ranges/", "services/")


def alike(value: bytes, since: int, until: int) -> bytes:
    """The value with the UIDs and the times of a run, which are between two moments (seconds), replaced in place."""

    def replaced(found: re.Match[bytes]) -> bytes:
        return _varint(TIME) if since <= _number(found[0]) <= until else found[0]

    value = _UID.sub(b"00000000-0000-0000-0000-000000000000", value)
    return _SECONDS.sub(replaced, _TEXT_TIME.sub(b"2023-11-14T22:13:20Z", value))


def _number(varint: bytes) -> int:
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(varint))


def _varint(number: int) -> bytes:
    parts = [number >> 7 * place & 0x7F for place in range(5)]
    return bytes([*(part | 0x80 for part in parts[:-1]), parts[-1]])
