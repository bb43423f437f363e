"""Every value of a real 1.36.3 cluster, against what its API server answered."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from etcdview.codec import Codec, EncryptionConfig, to_json, to_yaml, wire_tree
from etcdview.kube.release import Release, evidence
from tests.unit.codec.conftest import Stored, canonical

# Stored otherwise than served, all of them, and how.
STORED_DIFFERENTLY = {
    "/registry/apiextensions.k8s.io/customresourcedefinitions/backups.example.org": "v1beta1, served as v1",
    "/registry/apiextensions.k8s.io/customresourcedefinitions/zones.example.org": "v1beta1, served as v1",
    "/registry/persistentvolumeclaims/payments/block": "without status.phase, served as Pending",
    "/registry/statefulsets/payments/orders-db": "volumeClaimTemplates[0] without apiVersion and kind",
}
UNSERVED = {"masterleases", "peerserverleases", "ranges"}


def _differing(codec: Codec, stored: tuple[Stored, ...], served: dict[str, Any], *, as_served: bool) -> set[str]:
    differing = set()
    for row in stored:
        if row.key not in served:
            continue
        obj = codec.decode(row.key.encode(), row.value, row.mod_revision).object
        assert obj is not None, row.key
        shown = codec.as_served(obj) if as_served else obj
        if canonical(shown) not in map(canonical, served[row.key]):
            differing.add(row.key)
    return differing


def test_566_of_570_served_objects_are_stored_exactly_so_and_the_other_four_are_known(
    codec: Codec, stored: tuple[Stored, ...], served: dict[str, Any]
) -> None:
    assert len(served) == 570
    assert _differing(codec, stored, served, as_served=False) == set(STORED_DIFFERENTLY)
    print("served objects: 566 of 570 exact as stored, 4 known to be stored otherwise")  # noqa: T201 - the counts, shown by -rP


def test_all_570_served_objects_are_exact_with_what_the_api_server_adds(
    codec: Codec, stored: tuple[Stored, ...], served: dict[str, Any]
) -> None:
    assert _differing(codec, stored, served, as_served=True) == set()
    print("served objects: 570 of 570 exact as served")  # noqa: T201 - the counts, shown by -rP


def test_without_a_release_the_same_objects_come_out(
    encryption: EncryptionConfig, stored: tuple[Stored, ...], served: dict[str, Any]
) -> None:
    assert _differing(Codec(encryption=encryption), stored, served, as_served=False) == set(STORED_DIFFERENTLY)


def test_every_key_decodes_the_three_unserved_ones_too(codec: Codec, stored: tuple[Stored, ...]) -> None:
    decoded = {row.key: codec.decode(row.key.encode(), row.value) for row in stored}
    assert len(decoded) == 573
    assert not [key for key, d in decoded.items() if d.error is not None or d.unknown_fields]
    unserved = {key.split("/")[2]: d.storage.kind for key, d in decoded.items() if key.split("/")[2] in UNSERVED}
    assert unserved == {"masterleases": "Endpoints", "peerserverleases": "Endpoints", "ranges": "RangeAllocation"}


def test_the_stored_forms_are_counted_as_the_capture_says(codec: Codec, stored: tuple[Stored, ...]) -> None:
    forms = (codec.decode(row.key.encode(), row.value).storage for row in stored)
    assert Counter((form.format, form.provider) for form in forms) == {
        ("protobuf", ""): 512,
        ("json", ""): 43,
        ("cbor", ""): 8,
        ("protobuf", "aescbc"): 3,
        ("protobuf", "aesgcm"): 3,
        ("protobuf", "secretbox"): 4,
    }


def test_every_value_re_encodes_to_equal_bytes(codec: Codec, stored: tuple[Stored, ...]) -> None:
    counts: Counter[str] = Counter()
    for row in stored:
        key = row.key.encode()
        decoded = codec.decode(key, row.value, row.mod_revision)
        assert decoded.object is not None
        written = codec.encode(decoded.object, decoded.storage, key)
        if decoded.storage.provider:
            # Encryption is randomised: what it holds must be equal, under the same provider and key.
            assert written != row.value
            again = codec.decode(key, written)
            assert (again.plain, again.storage) == (decoded.plain, decoded.storage), row.key
            counts["encrypted"] += 1
        else:
            assert written == row.value, row.key
            counts[decoded.storage.format] += 1
    assert counts == {"protobuf": 512, "json": 43, "cbor": 8, "encrypted": 10}
    print("re-encoded to equal bytes: 573 of 573")  # noqa: T201 - the counts, shown by -rP


def test_every_value_is_said_to_re_encode(codec: Codec, stored: tuple[Stored, ...]) -> None:
    assert all(codec.reencodes(codec.decode(row.key.encode(), row.value)) for row in stored)


def test_the_release_is_found_from_the_objects(codec: Codec, stored: tuple[Stored, ...]) -> None:
    objects = [codec.decode(row.key.encode(), row.value).object or {} for row in stored]
    found = evidence(objects)
    assert found is not None
    assert found.release == Release(1, 36)


def test_every_object_has_yaml_and_json_and_every_protobuf_a_tree(codec: Codec, stored: tuple[Stored, ...]) -> None:
    for row in stored:
        decoded = codec.decode(row.key.encode(), row.value)
        assert "\nkind: " in to_yaml(decoded.object)
        assert to_json(decoded.object).startswith('{\n    "a')
        assert bool(wire_tree(decoded)) == (decoded.storage.format == "protobuf")


@pytest.mark.parametrize("release", ["1.20", "1.30", "1.36", "1.37", "1.99"])
def test_no_release_makes_it_fail(release: str, encryption: EncryptionConfig, stored: tuple[Stored, ...]) -> None:
    codec = Codec(encryption=encryption, release=release)
    assert not [row.key for row in stored if codec.decode(row.key.encode(), row.value).error]
