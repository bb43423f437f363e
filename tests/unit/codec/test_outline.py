"""Outlines: what a value says of an object beside its content, taken the quick way and the long way alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etcdview.codec import Codec
from etcdview.codec.outline import LAST_APPLIED, Owner, of_decoded
from etcdview.models import KeyValue
from etcdview.stores.files.dump import read_dump

CODEC = Codec()


@pytest.fixture(scope="module")
def captured(capture: Path) -> list[KeyValue]:
    """Every value of a real cluster."""
    return list(read_dump(capture / "registry.jsonl.gz"))


def test_the_quick_outline_of_every_captured_value_equals_the_one_of_its_object(captured: list[KeyValue]) -> None:
    # in protobuf and JSON they have other sizes; the body leaves things out
    apart = ("managed_bytes", "body", "shared")
    for kv in captured:
        quick = CODEC.outline(kv.key, kv.value, lambda api_version, kind: False)
        long = of_decoded(CODEC.decode(kv.key, kv.value))
        for field in quick._fields:
            if field not in (*apart, "data_bytes"):
                assert getattr(quick, field) == getattr(long, field), (kv.key, field)
        assert bool(quick.managed_bytes) == bool(long.managed_bytes), kv.key
        assert bool(quick.data_bytes) == bool(long.data_bytes), kv.key


def test_an_object_of_any_shape_has_an_outline() -> None:
    for metadata in (None, [], "x", 7, {"labels": []}, {"ownerReferences": [1, {"uid": 4}]}, {"managedFields": {}}):
        value = json.dumps({"apiVersion": "a/v1", "kind": "B", "metadata": metadata}).encode()
        outline = CODEC.outline(b"/k", value, lambda api_version, kind: True)
        assert (outline.error, outline.name, dict(outline.labels)) == ("", "", {})


def test_what_was_last_applied_is_not_counted_among_the_annotations() -> None:
    annotations = {"a": "xyz", LAST_APPLIED: "{}"}
    value = json.dumps({"apiVersion": "v1", "kind": "B", "metadata": {"annotations": annotations}}).encode()

    outline = CODEC.outline(b"/k", value, lambda api_version, kind: False)

    assert (outline.annotation_bytes, outline.last_applied_bytes) == (4, len(LAST_APPLIED) + 2)


def test_who_wrote_last_is_the_manager_of_the_newest_entry() -> None:
    managers = [
        {"manager": "old", "time": "2026-01-01T00:00:00Z"},
        {"manager": "new", "time": "2026-02-01T00:00:00Z"},
        {"manager": "odd", "time": "yesterday"},
    ]
    owners = [{"uid": "u", "controller": True}, {"uid": "w"}]
    metadata = {"managedFields": managers, "ownerReferences": owners, "finalizers": ["f"]}
    value = json.dumps({"apiVersion": "a/v1", "kind": "B", "metadata": metadata}).encode()

    outline = CODEC.outline(b"/k", value, lambda api_version, kind: False)

    assert (outline.manager, outline.managed_at) == ("new", 1769904000)
    assert outline.owners == (Owner("u", True), Owner("w"))
    assert outline.finalizers == ("f",)


@pytest.mark.parametrize(
    "value", [b"", b"x", b"k8s\0", b"k8s\0\x0a\xff", b"{", b"\xd9\xd9\xf7\xff", b"k8s:enc:aescbc:v1:k:x"]
)
def test_a_value_that_cannot_be_decoded_says_why(value: bytes) -> None:
    outline = CODEC.outline(b"/k", value, lambda api_version, kind: True)

    assert outline.error
    assert outline.body is None


def test_what_only_the_managed_fields_break_is_told_by_an_outline_too(captured: list[KeyValue]) -> None:
    value = next(kv.value for kv in captured if b'{"f:' in kv.value and kv.value.startswith(b"k8s"))

    broken = value.replace(b'{"f:', b"{#f:", 1)

    assert CODEC.decode(b"/k", broken).error is not None
    assert CODEC.outline(b"/k", broken, lambda api_version, kind: False).error


@pytest.mark.parametrize("seconds", [2**63 - 1, -(2**63), -62135596800, 253402300800])
def test_a_time_that_no_calendar_has_is_none(seconds: int) -> None:
    metadata = field(1, b"a") + field(8, b"\x08" + varint(seconds % 2**64))
    type_meta = field(1, b"v1") + field(2, b"ConfigMap")
    value = b"k8s\0" + field(1, type_meta) + field(2, field(1, metadata)) + field(3, b"") + field(4, b"")

    outline = CODEC.outline(b"/k", value, lambda api_version, kind: False)

    assert (outline.error, outline.name, outline.created) == ("", "a", None)


def field(number: int, content: bytes) -> bytes:
    """A short field as protobuf writes it."""
    return bytes([number << 3 | 2, len(content)]) + content


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])
