"""Protobuf values: what is present, what is unknown, and what is broken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from etcdview.codec import Codec, Detail
from etcdview.codec.protobuf import protobuf, wire
from etcdview.codec.protobuf.envelope import MAGIC, open_envelope, wrap
from tests.unit.codec.building import CONFIG_MAP, KEY, nested, stored, with_extra


def _decode(value: bytes, release: str | None = "1.36") -> Any:
    return Codec(release=release).decode(KEY, value)


def test_resource_version_is_the_mod_revision_and_only_if_there_is_one() -> None:
    codec = Codec()
    value = stored(CONFIG_MAP)
    with_revision = codec.decode(KEY, value, 41).object
    without = codec.decode(KEY, value).object
    assert with_revision is not None
    assert without is not None
    assert with_revision["metadata"]["resourceVersion"] == "41"
    assert "resourceVersion" not in without["metadata"]


def test_an_unknown_kind_still_shows_its_metadata() -> None:
    raw = open_envelope(stored(CONFIG_MAP)).raw
    decoded = _decode(wrap("example.org/v9", "Gadget", raw))
    assert decoded.object is None
    assert "Gadget of example.org/v9" in decoded.error.what
    assert (decoded.storage.format, decoded.storage.kind) == ("protobuf", "Gadget")
    assert decoded.partial["metadata"]["name"] == "settings"
    assert decoded.partial["kind"] == "Gadget"


def test_an_unknown_kind_without_metadata_shows_its_name() -> None:
    decoded = _decode(wrap("example.org/v9", "Gadget", wire.delimited(1, b"\xff\xff")))
    assert decoded.partial == {"apiVersion": "example.org/v9", "kind": "Gadget"}


def test_a_field_of_a_newer_release_is_told_with_its_path_number_type_and_bytes() -> None:
    value = with_extra(stored(CONFIG_MAP), wire.delimited(1, wire.delimited(999, b"new")) + b"\xc0\x3e\x05")
    decoded = _decode(value)
    assert decoded.error is None
    assert decoded.object["metadata"]["name"] == "settings"
    found = [(f.path, f.number, f.wire_type, f.raw) for f in decoded.unknown_fields]
    assert found == [("metadata", 999, "bytes", b"new"), ("", 1000, "varint", b"\x05")]
    assert all(value[f.offset :].startswith(wire.tag(f.number, wire.BYTES)[:2]) for f in decoded.unknown_fields[:1])


def test_unknown_fields_in_lists_say_which_item() -> None:
    reference = wire.delimited(13, wire.text(5, "ReplicaSet") + wire.delimited(77, b"x"))
    value = with_extra(stored(CONFIG_MAP), wire.delimited(1, reference + reference))
    assert [f.path for f in _decode(value).unknown_fields] == [
        "metadata.ownerReferences[0]",
        "metadata.ownerReferences[1]",
    ]


def test_a_field_of_the_wrong_wire_type_is_unknown_not_lost() -> None:
    decoded = _decode(with_extra(stored(CONFIG_MAP), wire.tag(2, wire.VARINT) + b"\x07"))
    assert [(f.number, f.wire_type, f.raw) for f in decoded.unknown_fields] == [(2, "varint", b"\x07")]


def test_what_does_not_encode_to_the_same_bytes_says_so() -> None:
    codec = Codec(release="1.36")
    whole = stored(CONFIG_MAP)
    assert codec.reencodes(codec.decode(KEY, whole)) is True
    assert codec.reencodes(codec.decode(KEY, with_extra(whole, b"\xc0\x3e\x05"))) is False
    assert codec.reencodes(codec.decode(KEY, whole[:-9])) is None


def test_an_object_of_an_older_release_re_encodes_too() -> None:
    node = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n"}, "spec": {"drivers": None}}
    codec = Codec(release="1.37")
    decoded = codec.decode(KEY, stored(node, "1.30"))
    assert codec.reencodes(decoded) is True


def test_a_field_that_the_writer_did_not_know_is_not_invented() -> None:
    """1.37 has CSINode.status; a 1.36 server writes none (docs/decoding.md)."""
    node = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n"}, "spec": {"drivers": None}}
    old = _decode(stored(node, "1.36"), "1.37").object
    new = _decode(stored(node, "1.37"), "1.37").object
    assert "status" not in old
    assert new["status"] == {}


@pytest.mark.parametrize(("release", "timestamp"), [("1.30", {"creationTimestamp": None}), ("1.36", {})])
def test_a_template_has_a_null_timestamp_up_to_1_33(release: str, timestamp: dict[str, Any]) -> None:
    """omitzero came with 1.34; the empty message is on the wire in both."""
    spec = {"selector": None, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": None}}}
    value = stored({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}, release)
    template = _decode(value, release).object["spec"]["template"]
    assert template["metadata"] == {"labels": {"a": "b"}} | timestamp


def test_absent_lists_without_omitempty_are_null_and_others_are_left_out() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    assert _decode(stored(role)).object == role | {"rules": None, "metadata": {"name": "r"}}


def test_text_that_is_no_utf8_comes_out_as_go_serves_it() -> None:
    value = stored(CONFIG_MAP | {"data": {"a": "xyz~"}}).replace(b"xyz~", b"x\xff\xc3z")
    decoded = _decode(value)
    assert decoded.error is None
    assert decoded.object["data"] == {"a": "x\ufffd\ufffdz"}
    assert Codec(release="1.36").reencodes(decoded) is False


def test_a_value_cut_anywhere_gives_what_stands_before_the_cut() -> None:
    value = stored(CONFIG_MAP)
    for length in range(len(MAGIC), len(value) - 4):
        decoded = _decode(value[:length])
        assert decoded.object is None
        assert decoded.error.what
        assert decoded.error.offset <= length
        assert decoded.plain == value[:length]
    nearly = _decode(value[:-5])
    assert nearly.partial["metadata"]["name"] == "settings"
    assert nearly.partial["data"] == {"mode": "liv"}
    assert "inside data" in nearly.error.what


def test_a_value_cut_inside_the_envelope_names_no_kind_but_is_protobuf() -> None:
    decoded = _decode(MAGIC + b"\x0a\x20\x0a")
    assert decoded.storage.format == "protobuf"
    assert "is cut short" in decoded.error.what


def test_an_envelope_as_nobody_writes_it_is_read_all_the_same() -> None:
    found = open_envelope(stored(CONFIG_MAP))
    type_meta = wire.text(2, found.kind) + wire.text(1, found.api_version)
    odd = MAGIC + wire.text(3, "") + wire.delimited(2, found.raw) + wire.delimited(1, type_meta)
    assert _decode(odd).object["metadata"]["name"] == "settings"


def test_raw_json_that_is_none_is_an_error_beside_the_rest_of_the_object() -> None:
    revision = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "r"}, "data": {"a": 1}}
    decoded = _decode(stored(revision).replace(b'{"a":1}', b'{"a":1!'))
    assert decoded.object is None
    assert decoded.error.offset is not None
    assert decoded.partial["metadata"] == {"name": "r"}
    assert decoded.partial["data"] is None


def test_messages_nested_too_deep_are_an_error() -> None:
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "c"}}
    value = stored(crd | {"spec": {"versions": None, "group": "", "scope": "", "names": {}}, "status": {}})
    # spec.versions[0].schema.openAPIV3Schema.not.not.not...
    deep = wire.delimited(2, wire.delimited(7, wire.delimited(4, nested(1, 1, nested(28, 150)))))
    decoded = _decode(with_extra(value, deep))
    assert decoded.object is None
    assert "nested deeper" in decoded.error.what


def test_threads_that_decode_first_all_get_the_same() -> None:
    """Descriptors and plans are made once, whoever comes first."""
    protobuf.protobuf_format.cache_clear()
    codec = Codec(release="1.35")
    value = stored(CONFIG_MAP)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: codec.decode(KEY, value), range(200)))
    assert all(decoded == found[0] for decoded in found)
    assert found[0].object == CONFIG_MAP


def test_an_unmanaged_object_is_the_whole_one_without_managed_fields() -> None:
    metadata = CONFIG_MAP["metadata"] | {"managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}]}
    value = stored(CONFIG_MAP | {"metadata": metadata})
    codec = Codec(release="1.36")
    assert codec.decode(KEY, value, detail=Detail.UNMANAGED).object == CONFIG_MAP
    whole = codec.decode(KEY, value).object
    assert whole is not None
    assert whole["metadata"] == metadata


@pytest.mark.parametrize("detail", Detail)
def test_damage_is_told_also_where_no_cell_would_show_it(detail: Detail) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"tolerations": [{"key": "no-cell-shows-it"}]},
    }
    sound = stored(pod)
    damaged = sound.replace(b"\x10no-cell-shows-it", b"\x7fno-cell-shows-it")
    assert damaged != sound

    decoded = Codec().decode(b"/registry/pods/shop/web", damaged, detail=detail)

    assert decoded.error is not None
    assert "spec.tolerations" in decoded.error.what
