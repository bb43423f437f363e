"""Stored values made by hand, from wire primitives."""

from __future__ import annotations

from typing import Any

from etcdview.codec import Codec, StorageFormat
from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.envelope import open_envelope, wrap

KEY = b"/registry/x"


def stored(obj: dict[str, Any], release: str = "1.36") -> bytes:
    """The object as protobuf."""
    form = StorageFormat("protobuf", api_version=obj["apiVersion"], kind=obj["kind"])
    return Codec(release=release).encode(obj, form, KEY)


def with_extra(value: bytes, extra: bytes) -> bytes:
    """The value with more fields at the end of its object's message."""
    found = open_envelope(value)
    return wrap(found.api_version, found.kind, found.raw + extra)


def nested(number: int, depth: int, inside: bytes = b"") -> bytes:
    """A message in a message in a message."""
    for _ in range(depth):
        inside = wire.delimited(number, inside)
    return inside


CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "shop", "labels": {"a": "1"}},
    "data": {"mode": "live"},
}
