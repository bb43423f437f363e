"""The protobuf of a value as a tree, for the wire view."""

from __future__ import annotations

from etcdview.codec import Codec, WireNode, wire_tree
from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.envelope import MAGIC
from tests.unit.codec.building import CONFIG_MAP, KEY, stored, with_extra


def _tree(value: bytes) -> tuple[WireNode, ...]:
    return wire_tree(Codec(release="1.36").decode(KEY, value))


def _find(nodes: tuple[WireNode, ...], *path: str) -> WireNode:
    for name in path:
        node = next(node for node in nodes if node.name == name)
        nodes = node.children
    return node


def _flat(nodes: tuple[WireNode, ...]) -> list[WireNode]:
    return [found for node in nodes for found in (node, *_flat(node.children))]


def test_names_values_and_offsets_are_those_of_the_bytes() -> None:
    value = stored(CONFIG_MAP)
    tree = _tree(value)
    assert [node.name for node in tree] == ["typeMeta", "raw", "contentEncoding", "contentType"]
    assert _find(tree, "typeMeta", "kind").value == "ConfigMap"
    name = _find(tree, "raw", "metadata", "name")
    assert (name.number, name.wire_type, name.value) == (1, "bytes", "settings")
    assert value[name.offset : name.offset + name.length] == wire.text(1, "settings")
    entry = _find(tree, "raw", "data")
    assert [(node.name, node.value) for node in entry.children] == [("key", "mode"), ("value", "live")]
    assert entry.repeated


def test_children_fill_their_parents_without_gaps() -> None:
    value = stored(CONFIG_MAP)
    tree = _tree(value)
    assert tree[0].offset == len(MAGIC)
    assert tree[-1].offset + tree[-1].length == len(value)
    for node in _flat(tree):
        for one, other in zip(node.children, node.children[1:], strict=False):
            assert one.offset + one.length == other.offset
        if node.children:
            last = node.children[-1]
            assert last.offset + last.length == node.offset + node.length


def test_unknown_fields_and_broken_ends_are_in_it() -> None:
    value = with_extra(stored(CONFIG_MAP), b"\xc0\x3e\x05")
    unknown = [node for node in _flat(_tree(value)) if not node.known]
    assert [(node.number, node.name, node.value) for node in unknown] == [(1000, "", "5")]
    broken = [node for node in _flat(_tree(value[:-12])) if node.wire_type == "broken"]
    assert broken


def test_numbers_booleans_and_bytes_are_shown_as_what_they_are() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "generation": -1}, "immutable": True}
    tree = _tree(stored(secret | {"data": {"k": "AAE="}}))
    assert _find(tree, "raw", "metadata", "generation").value == "-1"
    assert _find(tree, "raw", "immutable").value == "true"
    assert _find(tree, "raw", "data", "value").value == "00 01"


def test_other_forms_have_no_tree() -> None:
    assert _tree(b'{"kind":"X"}') == ()
    assert _tree(b"") == ()
