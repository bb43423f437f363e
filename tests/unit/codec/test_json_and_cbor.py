"""JSON and CBOR values, as custom resources, CRDs and APIServices are stored."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from etcdview.codec import Codec, cbor, rawjson
from etcdview.codec.cbor import SELF_DESCRIBED
from etcdview.errors import DecodeError

KEY = b"/registry/example.org/backups/shop/nightly"


def _cbor(value: Any) -> bytes:
    return SELF_DESCRIBED + cbor2.dumps(value)


def test_json_is_as_stored_numbers_untouched() -> None:
    decoded = Codec().decode(
        KEY, b'{"apiVersion":"example.org/v1","kind":"Backup","a":1.0,"b":1e2,"c":9007199254740993}'
    )
    assert decoded.object == {"apiVersion": "example.org/v1", "kind": "Backup", "a": 1.0, "b": 100.0, "c": 2**53 + 1}
    assert (decoded.storage.format, decoded.storage.kind) == ("json", "Backup")


@pytest.mark.parametrize(
    ("raw", "offset"),
    [(b'{"a":1', 6), (b"{", 1), (b'{"\xff\xff":!}', 6), (b'{"a":1}x', 7), ('{"ü":!}'.encode(), 6)],
)
def test_broken_json_says_at_which_byte(raw: bytes, offset: int) -> None:
    decoded = Codec().decode(KEY, raw)
    assert decoded.error is not None
    assert (decoded.storage.format, decoded.error.offset) == ("json", offset)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_numbers_that_json_has_not_are_refused(number: str) -> None:
    assert Codec().decode(KEY, f'{{"a":{number}}}'.encode()).error is not None


def test_broken_text_in_json_is_replaced_as_go_does() -> None:
    decoded = Codec().decode(KEY, b'{"a":"x\xff","\\ud800":"\\ud83d\\ude00"}')
    assert decoded.object == {"a": "x\ufffd", "\ufffd": "😀"}


def test_json_up_to_the_limit_of_nesting_is_read_and_beyond_refused() -> None:
    deep = b'{"a":' * (rawjson.MAX_DEPTH - 1) + b"{}" + b"}" * (rawjson.MAX_DEPTH - 1)
    assert rawjson.parse(deep)
    with pytest.raises(DecodeError, match="nested deeper"):
        rawjson.parse(b"[" + deep + b"]")


@pytest.mark.parametrize("text", ['"[[[[{{{{"', r'"\"[[[["', r'"\\"'])
def test_brackets_in_text_are_no_nesting(text: str) -> None:
    many = "[" + ",".join([text] * rawjson.MAX_DEPTH) + "]"
    assert len(rawjson.parse(many.encode())) == rawjson.MAX_DEPTH


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (b"text", "text"),
        ("text", "text"),
        (b"\xff", "\ufffd"),
        (1.0, 1),
        (0.5, 0.5),
        (1e20, 10**20),
        (-3, -3),
        (None, None),
        (True, True),
        ([b"a", {b"b": []}], ["a", {"b": []}]),
        (cbor2.CBORTag(22, b"\x00\x01"), "AAE="),
        (cbor2.CBORTag(21, b"\xfb\xff"), "-_8"),
        (cbor2.CBORTag(23, b"\xab"), "AB"),
        (cbor2.CBORTag(1234, b"x"), "x"),
    ],
)
def test_cbor_is_shown_as_its_json(stored: Any, shown: Any) -> None:
    decoded = Codec().decode(KEY, _cbor({b"kind": b"Backup", b"v": stored}))
    assert decoded.object is not None
    value = decoded.object["v"]
    assert (value, type(value)) == (shown, type(shown))


@pytest.mark.parametrize(
    "stored",
    [float("nan"), float("inf"), cbor2.undefined, cbor2.CBORSimpleValue(99)],
    ids=["nan", "inf", "undefined", "simple"],
)
def test_cbor_without_a_json_form_is_refused(stored: Any) -> None:
    decoded = Codec().decode(KEY, _cbor({b"v": stored}))
    assert decoded.object is None
    assert decoded.storage.format == "cbor"


@pytest.mark.parametrize("tag", [0, 1, 2, 4, 5, 25, 28, 29, 30, 35, 36, 37, 256, 258, 260])
def test_no_tag_builds_anything_of_cbor2s_own(tag: int) -> None:
    """Patterns, cycles and dates are not in Kubernetes' CBOR; a cycle would never end."""
    assert cbor.parse(_cbor([cbor2.CBORTag(tag, b"x")])) == ["x"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xa1",
        b"\xbf",
        b"\xa1\x41a",
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xa0\xa0",
        b"\xa2\x41a\x01\x41a\x02",
    ],
    ids=["empty", "map", "open map", "no value", "huge", "two", "twice the same key"],
)
def test_broken_cbor_says_where(raw: bytes) -> None:
    decoded = Codec().decode(KEY, SELF_DESCRIBED + raw)
    assert decoded.error is not None
    assert decoded.error.offset is not None
    assert 3 <= decoded.error.offset <= 3 + len(raw)


def test_json_and_cbor_that_are_no_objects_are_said_so() -> None:
    assert Codec().decode(KEY, _cbor([1])).error is not None
    assert Codec().decode(KEY, b"[1]").storage.format == "unknown"


@pytest.mark.parametrize("value", [b"", b"\x00", b"compact_rev_key", b"k8", b"\xff" * 20])
def test_what_is_in_no_form_of_kubernetes_is_unknown_with_its_bytes(value: bytes) -> None:
    decoded = Codec().decode(b"\xff\x00", value)
    assert decoded.storage.format == "unknown"
    assert decoded.error is not None
    assert decoded.plain == value
