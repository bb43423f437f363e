"""What a changed value says: fields that matter, noise, and nothing where only its encryption is another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, StorageFormat, load_encryption_config
from etcdview.kube.keys import KeySpace
from etcdview.kube.redaction import Redactor
from etcdview.models import KeyValue
from etcdview.recovery.comparison import SAME_OBJECT, ChangeCounts, ChangeFilter, Comparer, KeyChange

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
SECRET = b"/registry/secrets/shop/s"
CONFIG = b"/registry/configmaps/shop/c"
ENCRYPTED = StorageFormat("json", "secretbox", "key2", "v1", "Secret")


@pytest.fixture
def codec() -> Codec:
    return Codec(encryption=load_encryption_config(CAPTURE / "encryption-config.yaml"))


def kv(key: bytes, value: bytes, revision: int = 5) -> KeyValue:
    return KeyValue(key, 1, revision, 1, 0, value)


def body(kind: str, **fields: Any) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, **fields}).encode()


def change(codec: Codec, key: bytes, old: bytes | None, new: bytes | None, **wanted: Any) -> KeyChange | None:
    pair = (old and kv(key, old, 5), new and kv(key, new, 6))
    return Comparer(codec, KeySpace(), Redactor().mask).change(pair, ChangeFilter(**wanted))  # type: ignore[arg-type]


def written(found: KeyChange | None) -> list[tuple[str, Any, Any]]:
    assert found is not None
    return [(field.written, field.old, field.new) for field in found.fields]


def encrypted(codec: Codec, obj: dict[str, Any]) -> bytes:
    provider = next(key for key in codec.encryption.all_keys())
    form = StorageFormat("json", provider.provider, provider.name, "v1", "Secret")
    return codec.encode(obj, form, SECRET)


def test_one_plain_text_under_two_nonces_is_the_same(codec: Codec) -> None:
    obj = json.loads(body("Secret", data={"a": "Yg=="}))
    old, new = encrypted(codec, obj), encrypted(codec, obj)

    assert old != new
    assert change(codec, SECRET, old, new) is None


def test_without_the_key_encrypted_values_differ_and_nothing_of_them_is_shown(codec: Codec) -> None:
    obj = json.loads(body("Secret", data={"a": "Yg=="}))

    found = change(Codec(), SECRET, encrypted(codec, obj), encrypted(codec, obj))

    assert found is not None
    assert found.note.startswith("The values differ, but cannot be compared. This value is encrypted by")
    assert found.fields == ()


def test_secret_values_are_fingerprints_that_differ_as_the_values_do() -> None:
    old, new = body("Secret", data={"a": "Yg==", "same": "eA=="}), body("Secret", data={"a": "Yw==", "same": "eA=="})

    [(path, before, after)] = written(change(Codec(), SECRET, old, new))

    assert path == "data.a"
    assert before != after
    assert all("1 byte · fingerprint" in text for text in (before, after))


def test_status_is_noise_until_all_fields_are_wanted() -> None:
    old, new = body("ConfigMap", status={"a": 1}), body("ConfigMap", status={"a": 2})

    found, whole = (change(Codec(), CONFIG, old, new, all_fields=wanted) for wanted in (False, True))

    assert found is not None
    assert (found.is_noise, set(found.noise), found.fields) == (True, {"status", "resourceVersion"}, ())
    assert ("status.a", 1, 2) in written(whole)
    assert whole is not None
    assert whole.is_noise


def test_noise_beside_a_change_is_counted_and_not_listed() -> None:
    old, new = body("ConfigMap", status={"a": 1}, data={"k": "1"}), body("ConfigMap", status={"a": 2}, data={"k": "2"})

    found = change(Codec(), CONFIG, old, new)

    assert written(found) == [("data.k", "1", "2")]
    assert found is not None
    assert (found.is_noise, "status" in found.noise) == (False, True)


@pytest.mark.parametrize(
    "key", [b"/registry/leases/kube-system/x", b"/registry/events/shop/x", b"compact_rev_key"]
)  # fmt: skip
@pytest.mark.parametrize("values", [(b"{}", b'{"spec":{}}'), (None, b"{}"), (b"{}", None)])
def test_leases_and_events_are_noise_whatever_happens_to_them(
    key: bytes, values: tuple[bytes | None, bytes | None]
) -> None:
    found = change(Codec(), key, *values)

    assert found is not None
    assert found.is_noise


def test_one_object_in_other_bytes_is_a_change_that_says_so() -> None:
    found = change(Codec(), CONFIG, body("ConfigMap"), body("ConfigMap") + b" ")

    assert found is not None
    assert (found.note, found.is_noise) == (SAME_OBJECT, False)


def test_what_cannot_be_decoded_differs_and_says_why() -> None:
    found = change(Codec(), CONFIG, b"\1", b"\2")

    assert found is not None
    assert "cannot be compared. This value is not protobuf" in found.note


def test_a_namespace_and_labels_leave_the_others_out() -> None:
    value = body("ConfigMap")

    assert change(Codec(), CONFIG, None, value, namespace="other") is None
    assert change(Codec(), CONFIG, None, value, keeps=lambda _: False) is None
    assert change(Codec(), CONFIG, None, value, namespace="shop", keeps=lambda _: True) is not None


def test_counts_are_by_type_and_namespace() -> None:
    counts = ChangeCounts()
    for one in (change(Codec(), CONFIG, None, b"{}"), change(Codec(), b"strange", b"1", None)):
        assert one is not None
        counts.count(one)

    assert (counts.whole.added, counts.whole.removed, counts.whole.changed) == (1, 1, 0)
    assert [row[:2] for row in counts.rows()] == [("(unrecognised keys)", ""), ("configmaps", "shop")]
