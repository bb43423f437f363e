"""Values made to harm: small on disk, large in memory, deep, or slow. 1.5 MB is the most that etcd takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from etcdview.codec import Codec, cbor, rawjson, to_json, to_yaml, wire_tree
from etcdview.codec.protobuf import repair, unknown, wire
from etcdview.codec.protobuf.wire_tree import MAX_NODES
from tests.unit.codec.bombs import BOMBS, SIZE, pod
from tests.unit.codec.building import KEY

ROOT = Path(__file__).parent.parent.parent.parent
# A hundred times the largest value.
LIMIT_KB = 100 * SIZE // 1024


def test_no_value_raises_or_uses_memory_out_of_proportion() -> None:
    """Measured from outside, as the parsers' own memory is none of Python's."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.codec.bombs"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1000:]
    rows = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert [name for _, _, name in rows] == ["nothing", *BOMBS]
    before_kb = int(rows[0][0])
    assert [name for peak_kb, _, name in rows if int(peak_kb) - before_kb > LIMIT_KB] == []
    harmless = {name for _, outcome, name in rows if outcome == "object"}
    assert harmless == {"JSON of strings", "JSON of broken text", "CBOR large exponent", "CBOR shared and cyclic"} | {
        "CBOR evil pattern",
        "protobuf unknown fields",
        "protobuf of broken text",
        "protobuf text in text",
    }


def test_what_is_refused_for_its_size_still_names_the_object() -> None:
    metadata = wire.delimited(1, wire.text(1, "bomb"))
    decoded = Codec(release="1.36").decode(KEY, pod(metadata + wire.delimited(2, b"\x12\x00" * (SIZE // 2))))
    assert decoded.error is not None
    assert "more than 100,000 messages" in decoded.error.what
    assert decoded.partial is not None
    assert decoded.partial["metadata"] == {"name": "bomb"}


def test_as_many_messages_as_are_allowed_are_decoded() -> None:
    value = pod(wire.delimited(2, b"\x12\x00" * (repair.MAX_MESSAGES - 1)))
    assert Codec(release="1.36").decode(KEY, value).error is None


def test_a_cbor_value_of_much_text_is_no_bomb() -> None:
    text = "文" * 400_000
    value = cbor.dump({"a": text})
    assert cbor.parse(value) == {"a": text}


def test_unknown_fields_beyond_a_thousand_are_told_as_one() -> None:
    decoded = Codec(release="1.36").decode(KEY, pod(b"\xc0\x3e\x05" * 1500))
    assert len(decoded.unknown_fields) == unknown.LIMIT + 1
    last = decoded.unknown_fields[-1]
    assert (last.wire_type, len(last.raw)) == ("more", 3 * 500)


def test_a_tree_has_an_end() -> None:
    tree = wire_tree(Codec(release="1.36").decode(KEY, pod(b"\xc0\x3e\x05" * (MAX_NODES + 5))))
    nodes = tree[1].children
    assert len(nodes) <= MAX_NODES
    assert nodes[-1].wire_type == "more"


def test_the_deepest_json_allowed_is_printed() -> None:
    depth = rawjson.MAX_DEPTH - 1
    obj = Codec().decode(KEY, b'{"a":' * depth + b"{}" + b"}" * depth).object
    assert obj is not None
    assert to_yaml(obj).count("a:") == depth
    assert to_json(obj).count('"a"') == depth
