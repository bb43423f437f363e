"""Values made to harm: small on disk, large in memory, deep, or slow. 1.5 MB is the most that etcd takes.

`python -m tests.unit.codec.bombs` decodes them all and prints, for each, the most memory that the process had (kB).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cbor2

from etcdview.codec import Codec, Decoded, to_json, to_yaml, wire_tree
from etcdview.codec.cbor import SELF_DESCRIBED
from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.envelope import wrap
from tests.unit.codec.building import KEY, nested

SIZE = 1_500_000
MESSAGE_LIMIT = 1000


def pod(raw: bytes) -> bytes:
    """A Pod of these bytes."""
    return wrap("v1", "Pod", raw)


BOMBS: dict[str, Callable[[], bytes]] = {
    "JSON lists in lists": lambda: b'{"a":' + b"[" * SIZE,
    "JSON objects in objects": lambda: b'{"a":' * (SIZE // 5),
    "JSON closed lists in lists": lambda: b'{"a":' + b"[" * (SIZE // 2) + b"]" * (SIZE // 2) + b"}",
    "JSON of quotes": lambda: b'{"' + b'\\"' * (SIZE // 2),
    "JSON of strings": lambda: b'{"a":[' + b'"",' * (SIZE // 3) + b'""]}',
    "JSON of broken text": lambda: b'{"a":"' + b"\xff" * SIZE + b'"}',
    "JSON of digits": lambda: b'{"a":' + b"9" * SIZE + b"}",
    "CBOR lists in lists": lambda: SELF_DESCRIBED + b"\x81" * SIZE,
    "CBOR open lists": lambda: SELF_DESCRIBED + b"\x9f" * SIZE,
    "CBOR tags in tags": lambda: SELF_DESCRIBED + b"\xc1" * SIZE,
    "CBOR huge list": lambda: SELF_DESCRIBED + b"\x9b\x7f" + b"\xff" * 7,
    "CBOR huge string": lambda: SELF_DESCRIBED + b"\x5b\x7f" + b"\xff" * 7,
    "CBOR empty lists": lambda: SELF_DESCRIBED + b"\xa1\x41a\x9a\x00\x16\xe3\x60" + b"\x80" * SIZE,
    "CBOR shared and cyclic": lambda: SELF_DESCRIBED + b"\xa1\x41a\xd8\x1c\x81\xd8\x1d\x00",
    "CBOR large exponent": lambda: SELF_DESCRIBED + b"\xa1\x41a\xc4\x82\x1b\x7f" + b"\xff" * 7 + b"\x01",
    "CBOR evil pattern": lambda: SELF_DESCRIBED + b"\xa1\x41a" + cbor2.dumps(cbor2.CBORTag(35, "(a+)+$")),
    "protobuf empty containers": lambda: pod(wire.delimited(2, b"\x12\x00" * (SIZE // 2))),
    "protobuf containers of one number": lambda: pod(wire.delimited(2, b"\x12\x03\x88\x01\x01" * (SIZE // 5))),
    "protobuf empty owners": lambda: pod(wire.delimited(1, b"\x6a\x00" * (SIZE // 2))),
    "protobuf owners of an unknown kind": lambda: wrap("x", "X", wire.delimited(1, b"\x6a\x00" * (SIZE // 2))),
    "protobuf groups in groups": lambda: pod(b"\xfb\x01" * (SIZE // 2)),
    "protobuf unknown fields": lambda: pod(b"\xc0\x3e\x05" * (SIZE // 3)),
    "protobuf of broken text": lambda: pod(wire.delimited(1, wire.delimited(1, b"\xff" * SIZE))),
    "protobuf cut short": lambda: pod(wire.delimited(1, wire.delimited(1, b"a" * SIZE)))[: SIZE // 2],
    "protobuf text in text": lambda: pod(nested(1, 60_000)),
    "long kind": lambda: wrap("v1", "K" * SIZE, b""),
    "long provider": lambda: b"k8s:enc:" + b"p" * SIZE,
    "encrypted in encrypted": lambda: b"k8s:enc:aescbc:v1:k:" * (SIZE // 20),
}


def defuse(value: bytes) -> Decoded:
    """Decode the value, and show it wherever it can be shown."""
    decoded = Codec(release="1.36").decode(KEY, value, 1)
    if decoded.object is not None:
        to_yaml(decoded.object)
        to_json(decoded.object)
    wire_tree(decoded)
    return decoded


def _peak_kb() -> int:
    """Of this program alone: getrusage tells the peak of the process that started it where that was larger."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    """One line for each: the peak so far, whether it became an object or an error, and its name."""
    defuse(pod(b""))
    for name, make in (("nothing", bytes), *BOMBS.items()):
        decoded = defuse(make())
        if (decoded.object is None) != (decoded.error is not None):
            raise AssertionError(f"{name}: neither an object nor an error, or both")
        if decoded.error is not None and len(decoded.error.what) > MESSAGE_LIMIT:
            raise AssertionError(f"{name}: a message of {len(decoded.error.what):,} characters")
        print(f"{_peak_kb()} {'object' if decoded.error is None else 'error'} {name}")  # noqa: T201 - the result


if __name__ == "__main__":
    main()
