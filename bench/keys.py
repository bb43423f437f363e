"""Keys as a large cluster has them, with the demo cluster's values: the same at every run."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from etcdview import demo

DATA = Path(demo.__file__).parent / "data" / "registry.jsonl.gz"
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


def values() -> dict[str, list[bytes]]:
    """Real values by storage prefix, as the captured cluster holds them."""
    found: dict[str, list[bytes]] = {}
    with gzip.open(DATA, "rt") as lines:
        for row in map(json.loads, lines):
            value = base64.b64decode(row["value"])
            if value.startswith(b"k8s\0") and len(value) <= LARGEST_VALUE:
                found.setdefault(str(row["key"]).split("/")[2], []).append(value)
    return found


def _name(prefix: str, chance: random.Random) -> str:
    app = f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}"
    if prefix == "events":
        return f"{app}-{_random(chance, 9)}-{_random(chance, 5)}.{chance.getrandbits(64):016x}"
    if prefix == "pods":
        return f"{app}-{_random(chance, 9)}-{_random(chance, 5)}"
    return f"{app}-{_random(chance, 9)}"


def _random(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(_SUFFIX, k=length))
