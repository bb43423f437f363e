"""Fuzzing of the codec: whatever the bytes, it answers, soon, with an object or an error that says why.

`make fuzz` runs a million cases (tools/fuzz.py); test_codec.py less than a minute's worth.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from etcdview.codec import Codec, Decoded, load_encryption_config, to_json, to_yaml, wire_tree
from etcdview.codec.cbor import SELF_DESCRIBED
from etcdview.codec.protobuf.envelope import MAGIC, wrap

CAPTURE = Path(__file__).parent.parent / "testdata" / "cluster-shop"
BATCH = 50


@functools.cache
def seeds() -> tuple[tuple[bytes, bytes], ...]:
    """Keys and values to start from: one of each resource type and form, the encrypted ones all."""
    chosen: dict[tuple[str, bytes], tuple[bytes, bytes]] = {}
    with gzip.open(CAPTURE / "registry.jsonl.gz") as lines:
        for row in map(json.loads, lines):
            value = base64.b64decode(row["value"])
            chosen.setdefault((row["key"].split("/")[2], value[:16]), (row["key"].encode(), value[:6000]))
    return tuple(chosen.values())


@functools.cache
def codec() -> Codec:
    """Knows the capture's keys."""
    return Codec(encryption=load_encryption_config(CAPTURE / "encryption-config.yaml"), release="1.36")


Edit = Callable[[bytes, int, int], bytes]
_EDITS: tuple[Edit, ...] = (
    lambda value, at, byte: value[:at] + bytes([byte]) + value[at + 1 :],
    lambda value, at, byte: value[:at],
    lambda value, at, byte: value[:at] + value[at + byte :],
    lambda value, at, byte: value[:at] + bytes([byte]) * (byte % 9) + value[at:],
    lambda value, at, byte: value[:at] + value[at : at + byte] * 3 + value[at:],
    lambda value, at, byte: value[:at] + b"\xff\xff\xff\xff\x0f" + value[at:],
    lambda value, at, byte: value[:at] + bytes([value[at] ^ (1 << byte % 8)]) + value[at + 1 :] if value else value,
)


Case = tuple[bytes, bytes]
_HEADS = (MAGIC, SELF_DESCRIBED, b"{", b'{"a":', b"k8s:enc:", b"k8s:enc:aescbc:v1:key-2026:", b"k8s:enc:kms:v2:p:", b"")


def damaged(chance: Random) -> Case:
    """A captured value with a few bytes changed, cut, doubled or put in."""
    key, value = chance.choice(seeds())
    for _ in range(chance.randint(1, 4)):
        value = chance.choice(_EDITS)(value, chance.randrange(max(len(value), 1)), chance.randrange(256))
    return key, value


def invented(chance: Random) -> Case:
    """Bytes behind the first ones of each form, so that each parser sees them."""
    body = chance.randbytes(chance.randint(0, 60))
    head = chance.choice(_HEADS)
    if head == MAGIC:
        return b"/registry/pods/a/b", wrap("v1", chance.choice(("Pod", "Secret", "Event", "X")), body)
    if head.startswith(b"{"):
        body = bytes(chance.choice(b'{}[]",:0123456789.eE-+tfn\\u ad\xff') for _ in body)
    return b"/registry/secrets/a/b", head + body


def check(case: Case) -> None:
    """What holds for every value there is."""
    key, value = case
    decoded = codec().decode(key, value, 7)
    _is_consistent(decoded)
    for shown in (decoded.object, decoded.partial):
        if shown is not None:
            to_json(shown).encode("utf-8")
    if decoded.object is not None and len(value) % 16 == 0:
        _is_shown_everywhere(decoded)


def _is_consistent(decoded: Decoded) -> None:
    assert (decoded.object is None) == (decoded.error is not None)
    assert decoded.object is None or isinstance(decoded.object, dict)
    assert decoded.partial is None or decoded.error is not None
    if decoded.error is not None:
        assert decoded.error.what
        assert decoded.error.offset is None or 0 <= decoded.error.offset <= len(decoded.plain)


def _is_shown_everywhere(decoded: Decoded) -> None:
    """The costlier half, of every sixteenth value."""
    assert decoded.object is not None
    to_yaml(decoded.object).encode("utf-8")
    to_json(codec().as_served(decoded.object))
    codec().reencodes(decoded)
    for node in wire_tree(decoded):
        assert 0 <= node.offset <= node.offset + node.length <= len(decoded.plain)


def fuzz(cases: int) -> Iterator[str]:
    """Run so many cases; says what was run. Raises what was found, with the seed that finds it again."""
    for make in (damaged, invented):
        _run(make, cases // 2)
        yield f"{cases // 2:,} {make.__name__} values: an object or an error for each"


def _run(make: Callable[[Random], Case], cases: int) -> None:
    """hypothesis chooses the seeds, and makes a failing one small; each is good for BATCH cases."""

    @settings(
        max_examples=max(cases // BATCH, 1),
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**32))
    def run(seed: int) -> None:
        for number in range(BATCH):
            check(make(Random(seed * BATCH + number)))  # noqa: S311 - the same ones each time

    run()
