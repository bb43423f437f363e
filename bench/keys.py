"""Keys as a large cluster has them, with the demo cluster's values under names of their own: the same at every run."""

from __future__ import annotations

import base64
import gzip
import json
import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from etcdview import demo
from etcdview.codec.protobuf.envelope import MAGIC
from etcdview.codec.protobuf.wire import delimited, pieces, text

DATA = Path(demo.__file__).parent / "data" / "registry.jsonl.gz"
_OBJECT = 2  # of runtime.Unknown
_OWN = frozenset({1, 3, 5})  # of ObjectMeta: name, namespace, UID
LARGEST_VALUE = 6_000  # of the values that stand for many; the large object is one of its own

PODS_NAMESPACE = "bench-500-pods"
PODS_IN_IT = 500

# storage prefix -> its share of all keys
SHARES = {
    "configmaps": 0.10,
    "endpointslices": 0.10,
    "events": 0.35,
    "leases": 0.02,
    "pods": 0.20,
    "replicasets": 0.13,
    "secrets": 0.10,
}
# of a large cluster of which a public report tells
MOSTLY_EVENTS = {prefix: 0.99 if prefix == "events" else 0.01 * share / 0.65 for prefix, share in SHARES.items()}
# fmt: off
_WORDS = (
    "api", "auth", "billing", "cache", "cart", "catalog", "checkout", "cron", "data", "edge", "feed", "gateway",
    "graph", "inventory", "jobs", "ledger", "mail", "media", "metrics", "orders", "payments", "portal", "proxy",
    "queue", "reports", "search", "session", "shipping", "stream", "sync", "tax", "users", "web",
)
# fmt: on
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # what Kubernetes makes names of (apimachinery's rand.String)


def names(count: int, shares: Mapping[str, float] = SHARES) -> Iterator[tuple[str, bytes]]:
    """(storage prefix, key) for about `count` keys in 500 namespaces of very different sizes, in no order."""
    chance = random.Random(5)
    namespaces = [f"{chance.choice(_WORDS)}-{n:03d}" for n in range(500)]
    weights = [1 / (n + 10) for n in range(500)]
    for prefix, share in shares.items():
        here = chance.choices(namespaces, weights, k=int(count * share))
        yield from ((prefix, f"/registry/{prefix}/{namespace}/{_name(prefix, chance)}".encode()) for namespace in here)
    yield from (("pods", f"/registry/pods/{PODS_NAMESPACE}/pod-{n:03d}".encode()) for n in range(PODS_IN_IT))


@dataclass(frozen=True, slots=True)
class Template:
    """A stored value without what tells it from others of its type: its name, its namespace and its UID.

    `head` and `tail` are what stands before and behind the object; `fields` is what follows its metadata.
    """

    head: bytes
    metadata: bytes
    fields: bytes
    tail: bytes

    @classmethod
    def of(cls, value: bytes) -> Self:
        """Of a value in protobuf (runtime.Unknown: its object is field 2, whose field 1 is the metadata)."""
        (raw,) = (piece for piece in pieces(value, len(MAGIC), len(value)) if piece.number == _OBJECT)
        metadata = next(pieces(value, raw.value_start, raw.end))
        return cls(
            value[: raw.start],
            _without(value, metadata.value_start, metadata.end, _OWN),
            value[metadata.end : raw.end],
            value[raw.end :],
        )

    def value(self, namespace: str, name: str, uid: str) -> bytes:
        """The value as an object of that name has it."""
        own = text(1, name) + text(3, namespace) + text(5, uid)
        return self.head + delimited(_OBJECT, delimited(1, own + self.metadata) + self.fields) + self.tail


def templates() -> dict[str, list[Template]]:
    """Real values by storage prefix, as the captured cluster holds them."""
    found: dict[str, list[Template]] = {}
    with gzip.open(DATA, "rt") as lines:
        for row in map(json.loads, lines):
            value = base64.b64decode(row["value"])
            if value.startswith(MAGIC) and len(value) <= LARGEST_VALUE:
                found.setdefault(str(row["key"]).split("/")[2], []).append(Template.of(value))
    return found


def named(template: Template, key: bytes, chance: random.Random) -> bytes:
    """The value of a key: it calls itself what the key says, and has a UID of its own."""
    *_, namespace, name = key.decode().split("/")
    return template.value(namespace, name, str(uuid.UUID(int=chance.getrandbits(128), version=4)))


def _without(value: bytes, start: int, end: int, numbers: frozenset[int]) -> bytes:
    """The fields of a message but for these."""
    kept, at = b"", start
    for piece in pieces(value, start, end):
        kept += b"" if piece.number in numbers else value[at : piece.end]
        at = piece.end
    return kept


def _name(prefix: str, chance: random.Random) -> str:
    app = f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}"
    if prefix == "events":
        return f"{app}-{_random(chance, 9)}-{_random(chance, 5)}.{chance.getrandbits(64):016x}"
    if prefix == "pods":
        return f"{app}-{_random(chance, 9)}-{_random(chance, 5)}"
    return f"{app}-{_random(chance, 9)}"


def _random(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(_SUFFIX, k=length))
