"""How long pages, searches, tables and large objects take over HTTP, with the index loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import quote

from bench.etcd import Etcd
from bench.keys import PODS_IN_IT, PODS_NAMESPACE
from bench.report import Row, halves, percentile
from bench.serving import Served
from etcdview.codec import Codec, StorageFormat

TIMES = 200
FEW_TIMES = 30
LARGE_KEY = b"/registry/configmaps/bench-500-pods/large"
LARGE_BYTES = 1_450_000

TREES = {
    "overview": "/",
    "tree": "/registry",
    "tree as JSON": "/api/v1/resources",
    "namespaces of a type": f"/registry?resource=leases&namespace={PODS_NAMESPACE}",
}
PREFIXES = (
    "/registry/pods/",
    "/registry/events/web-0",
    f"/registry/pods/{PODS_NAMESPACE}/pod-1",
    "/none",
    "/registry/",
)
PARTS = ("checkout-checkout", "x2", "zzzz", "pod-123", "api", "ledger-tax-b", "-", "/registry/pods", "5d2f")

Figure = Callable[[Sequence[float]], float]
P50: Figure = partial(percentile, part=0.5)
P99: Figure = partial(percentile, part=0.99)


def measure(etcd: Etcd, served: Served) -> list[Row]:
    """All pages, from outside: what a browser waits for, less its own drawing."""
    rows: list[Row] = []
    for name, path in TREES.items():
        times = page_times(served, [path], TIMES)
        rows += [page_row(f"{name} page, p50", times, P50, 10), page_row(f"{name} page, p99", times, P99, 50)]
    rows.append(page_row("prefix search, p99", _search(served, "prefix", PREFIXES), P99, 20))
    rows.append(page_row("substring search, p99", _search(served, "contains", PARTS), P99, 150))
    pods = page_times(served, [f"/registry?resource=pods&namespace={PODS_NAMESPACE}&limit={PODS_IN_IT}"], FEW_TIMES)
    rows.append(page_row(f"table of {PODS_IN_IT} pods, decoded, p50", pods, P50, 50))
    return [*rows, _large_object(etcd, served)]


def _search(served: Served, mode: str, texts: Sequence[str]) -> list[float]:
    return page_times(served, [f"/api/v1/keys?{mode}={quote(text)}&limit=50" for text in texts], TIMES)


def _large_object(etcd: Etcd, served: Served) -> Row:
    etcd.put(LARGE_KEY, _large_value())
    times = page_times(served, [f"/api/v1/object?key={quote(LARGE_KEY.decode())}"], FEW_TIMES)
    read = etcd.read_seconds(LARGE_KEY, FEW_TIMES)
    return page_row(f"object of {LARGE_BYTES / 1e6:.1f} MB over its read, p50", [t - read for t in times], P50, 50)


def _large_value() -> bytes:
    data = {f"part-{n:04d}": "x" * 990 for n in range(LARGE_BYTES // 1000)}
    metadata = {"name": "large", "namespace": PODS_NAMESPACE, "uid": "1", "creationTimestamp": "2026-01-01T00:00:00Z"}
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    return Codec().encode(obj, StorageFormat(format="protobuf", api_version="v1", kind="ConfigMap"), LARGE_KEY)


def page_times(served: Served, paths: Sequence[str], times: int) -> list[float]:
    """How long each of so many requests took, in seconds, the paths in turn."""
    took: list[float] = []
    for n in range(times + len(paths)):
        answer = served.client.get(paths[n % len(paths)])
        if answer.status != 200:
            raise RuntimeError(f"{paths[n % len(paths)]} answered {answer.status}: {answer.body[:300]!r}")
        took.append(answer.seconds)
    return took[len(paths) :]  # the first of each warms up


def page_row(what: str, times: Sequence[float], figure: Figure, goal_ms: float) -> Row:
    """A figure of such times in milliseconds."""
    return Row(what, figure(times) * 1000, "ms", goal_ms, min(halves(times, figure), 1.0))
