"""Looking for a text in stored bytes leaves out no value that decoding would find it in."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, StoredText, load_encryption_config, why_decoded
from etcdview.kube.redaction import Redactor
from etcdview.models import KeyValue
from etcdview.objects.predicates import predicate_for
from etcdview.stores.files.dump import read_dump

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
KVS = list(read_dump(CAPTURE / "registry.jsonl.gz"))
CODEC = Codec(encryption=load_encryption_config(CAPTURE / "encryption-config.yaml"))
OBJECTS = [(kv, Redactor().mask(obj)) for kv in KVS if (obj := CODEC.decode(kv.key, kv.value).object) is not None]
TEXTS = (
    *("nginx", "Registry.Example.org", "cart-", "zzz-not-there", "app=web", "-----BEGIN", "f:metadata", '"name"'),
    *("LS0tLS1CRUdJTiBD", "k:{", "<none>", "a/b", "https://", "\\", "shop", "crash", " ", "&&", "{}", "needle", "qq"),
)


def skipped(kv: KeyValue, text: str) -> bool:
    plain = list(CODEC.plain_values(kv.key, kv.value))
    return bool(plain) and not any(map(StoredText(text).may_be_in, plain))


def check(text: str) -> int:
    """How many values hold the text; none of them may have been skipped."""
    look = predicate_for("text", text)
    found = [kv for kv, obj in OBJECTS if look(obj)]
    assert not [kv.key for kv in found if skipped(kv, text)]
    return len(found)


@pytest.mark.parametrize("text", [text for text in TEXTS if text.strip() and not why_decoded(text)])
def test_no_hit_is_skipped(text: str) -> None:
    check(text)


def test_no_hit_is_skipped_of_texts_taken_from_the_objects() -> None:
    chance = random.Random(7)  # noqa: S311 - the same texts each time
    found = 0
    for _, obj in chance.sample(OBJECTS, 15):
        said = json.dumps(obj, ensure_ascii=False)
        at = chance.randrange(len(said))
        text = said[at : at + chance.randrange(4, 12)]
        if text.strip() and not why_decoded(text):
            found += check(text)
    assert found > 15


def value(obj: Any) -> bytes:
    return json.dumps(obj).encode()


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (b'{"a":"n\\u0065edle"}', "needle"),
        (b'{"a":"say \\"x\\""}', 'say "x"'),
        (b'{"a":"x\\/y"}', "x/y"),
        (b'{"a":"x \\u003c y"}', "x < y"),
        ('{"a":"mas\u017f-x"}'.encode(), "mass-x"),
        ('{"a":"\u212aube-x"}'.encode(), "kube-x"),
        ('{"a":"stra\u00dfe-x"}'.encode(), "STRASSE-X"),
        (b"\xd9\xd9\xf7\xa1aax", "anything-x"),
    ],
)
def test_what_stands_otherwise_in_bytes_is_decoded(stored: bytes, text: str) -> None:
    assert not why_decoded(text)
    assert StoredText(text).may_be_in(stored)


def test_base64_of_bytes_is_looked_for_where_a_kind_has_bytes() -> None:
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    text = base64.b64encode(b"some bytes here").decode()
    storage = CODEC.decode(b"", KVS[0].value).storage
    plain = [
        CODEC.encode({**held, **more}, type(storage)("protobuf", api_version="v1", kind="ConfigMap"), b"")
        for more in ({"binaryData": {"b": text}}, {"data": {"b": "x"}})
    ]

    assert [StoredText(text).may_be_in(one) for one in plain] == [True, False]


@pytest.mark.parametrize("text", ["12", "-1", "1.5e", "2026-11-23T", "15:57", "ru", "NaN", "replicas", "é", "imag"])
def test_what_is_rendered_cannot_be_looked_for_in_bytes(text: str) -> None:
    assert why_decoded(text)


@pytest.mark.parametrize("text", ["mass-x", "kube-x", "zzz-not", "<x"])
def test_many_values_at_once_hold_what_one_of_them_holds(text: str) -> None:
    values = [kv.value for kv in KVS] + ["mas\u017f-x \u212aube-x".encode()]
    look = StoredText(text)

    assert look.may_be_in_any(values) is any(map(look.may_be_in, values))


def test_every_character_that_folds_to_ascii_is_known() -> None:
    folding = [chr(c) for c in range(0x80, 0x110000) if any(f < "\x80" for f in chr(c).casefold())]
    for char in folding:
        for letter in (f for f in char.casefold() if f < "\x80"):
            assert StoredText(f"{letter}-").may_be_in(f"{char}-".encode()) or not char.casefold().endswith(letter)
            assert StoredText(f"-{letter}").may_be_in(f"-{char}".encode()) or not char.casefold().startswith(letter)


def test_a_text_of_no_value_lets_nearly_all_be_skipped() -> None:
    assert sum(skipped(kv, "zzz-not-there") for kv in KVS) > 0.9 * len(KVS)
