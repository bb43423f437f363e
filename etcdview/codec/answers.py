"""Protobuf as the API server answers it: the same messages and the same envelope as in etcd."""

from __future__ import annotations

import functools

from etcdview.codec.encoding import protobuf_message
from etcdview.codec.model import Decoded, Object
from etcdview.codec.protobuf import envelope, wire
from etcdview.codec.served.parts import IN_PARTS
from etcdview.codec.served.serving import leaves_alone
from etcdview.kube.release import Release

_EMPTY_REST = wire.delimited(2, b"") + wire.text(3, "") + wire.text(4, "")  # of an envelope without a message
_METADATA, _RESOURCE_VERSION = 1, 6  # of an object, and of ObjectMeta
_LIST_ITEMS, _LIST_VERSION, _LIST_CONTINUE, _LIST_REMAINING = 2, 2, 3, 4


def stored_message(decoded: Decoded, api_version: str, kind: str, mod_revision: int) -> bytes | None:
    """The stored message with the revision in it, where the API server would answer just that; else None."""
    storage = decoded.storage
    if (storage.format, storage.api_version, storage.kind) != ("protobuf", api_version, kind):
        return None
    if not decoded.plain or not leaves_alone(api_version, kind):
        return None
    opened = envelope.open_envelope(decoded.plain)
    if opened.fault is not None or decoded.error is not None:
        return None
    # A field that comes twice is merged: all that etcd does not hold is the revision.
    return opened.raw + wire.delimited(_METADATA, wire.text(_RESOURCE_VERSION, str(mod_revision)))


@functools.lru_cache(maxsize=1024)
def beginning(api_version: str, kind: str) -> bytes:
    """What every stored value begins with of which `stored_message` gives the message; b"" where it never does."""
    return envelope.wrap(api_version, kind, b"")[: -len(_EMPTY_REST)] if leaves_alone(api_version, kind) else b""


@functools.lru_cache(maxsize=1024)
def beginning_in_parts(api_version: str, kind: str) -> bytes:
    """What every stored value begins with whose JSON `Codec.served_text` may give; b"" where it never does."""
    return envelope.wrap(api_version, kind, b"")[: -len(_EMPTY_REST)] if (api_version, kind) == IN_PARTS else b""


def made_message(obj: Object, release: Release | None) -> bytes:
    """An object's message, made of its JSON. Raises EncodeError."""
    return protobuf_message(obj, release)


def in_envelope(api_version: str, kind: str, message: bytes) -> bytes:
    """An object as it is sent."""
    return envelope.wrap(api_version, kind, message)


def list_item(message: bytes) -> bytes:
    """One object of a list."""
    return wire.delimited(_LIST_ITEMS, message)


def list_ends(
    api_version: str, kind: str, items_bytes: int, revision: str, continues: str, remaining: int
) -> tuple[bytes, bytes]:
    """What stands before and behind the items of a list, which take so many bytes."""
    metadata = wire.text(1, "") + wire.text(_LIST_VERSION, revision) + wire.text(_LIST_CONTINUE, continues)
    if remaining:
        metadata += wire.tag(_LIST_REMAINING, wire.VARINT) + wire.encode_varint(remaining)
    head = wire.delimited(_METADATA, metadata)
    whole = envelope.wrap(api_version, kind, b"")
    empty, tail = wire.delimited(2, b""), whole[len(whole) - 4 :]
    before = whole[: len(whole) - len(tail) - len(empty)]
    return before + wire.tag(2, wire.BYTES) + wire.encode_varint(len(head) + items_bytes) + head, tail
