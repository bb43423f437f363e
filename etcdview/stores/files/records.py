"""What etcd keeps under a revision: mvccpb.KeyValue, read by hand: grpc's modules take longer to load than a file.

Source: mvccpb/kv.proto. Fields of other numbers are passed over, as protobuf does.
"""

from __future__ import annotations

from etcdview.models import KeyValue

_KEY, _CREATE_REVISION, _MOD_REVISION, _VERSION, _VALUE, _LEASE = range(1, 7)
KEY_TAG = _KEY << 3 | 2  # bytes
_SIGN = 1 << 63
_FIXED_BYTES = {1: 8, 5: 4}  # of fields of these kinds


def record_name(record: memoryview) -> bytes:
    """The key that a record is of; its first field, as Go writes it. Raises ValueError."""
    if len(record) < 2 or record[0] != KEY_TAG:
        raise ValueError("no key in front")
    size, at = (record[1], 2) if record[1] < 0x80 else _varint(record, 1)
    if not size or at + size > len(record):
        raise ValueError("a key that runs past the end")
    return bytes(record[at : at + size])


def parse_record(record: bytes) -> KeyValue:
    """The whole of it. Raises ValueError."""
    numbers, texts = parse_fields(record)
    return KeyValue(
        key=texts.get(_KEY, b""),
        create_revision=_signed(numbers.get(_CREATE_REVISION, 0)),
        mod_revision=_signed(numbers.get(_MOD_REVISION, 0)),
        version=_signed(numbers.get(_VERSION, 0)),
        lease=_signed(numbers.get(_LEASE, 0)),
        value=texts.get(_VALUE, b""),
    )


def lease_at_end(tail: bytes) -> int:
    """The lease that a record ends with, if it has one: the last field that etcd writes. 0: surely none.

    A value may end with the same bytes by chance: parse the record.
    """
    at = len(tail) - 1
    while at > 0 and tail[at - 1] >= 0x80:
        at -= 1
    if at < 1 or tail[at] >= 0x80 or tail[at - 1] != _LEASE << 3:
        return 0
    number, _ = _varint(tail, at)
    return _signed(number)


def parse_fields(message: bytes) -> tuple[dict[int, int], dict[int, bytes]]:
    """The fields of a message by number: those that are numbers, and those that are bytes. Raises ValueError."""
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:  # a number
            numbers[tag >> 3], at = _varint(message, at)
        elif kind == 2:  # bytes
            size, at = _varint(message, at)
            texts[tag >> 3] = message[at : at + size]
            at += size
        elif kind in _FIXED_BYTES:
            at += _FIXED_BYTES[kind]
        else:
            raise ValueError(f"a field of kind {kind}")
    if at > len(message):
        raise ValueError("a field that runs past the end")
    return numbers, texts


def _varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    if at < len(data) and data[at] < 0x80:  # most of them
        return data[at], at + 1
    found = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("a number that runs past the end")
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found & (1 << 64) - 1, at
    raise ValueError("a number of more than ten bytes")


def _signed(number: int) -> int:
    return number - 2 * _SIGN if number & _SIGN else number
