"""How long until the index is there, beside etcdctl, and what it weighs."""

from __future__ import annotations

from bench.etcd import Etcd
from bench.report import Row, percentile, spread
from bench.serving import Served

ROUNDS = 3


def measure(etcd: Etcd, empty: Etcd, count: int) -> list[Row]:
    """etcdctl and etcdview in turn, so that both meet the same weather on the machine; facts have rows of their own."""
    control: list[float] = []
    ready: list[float] = []
    first: list[float] = []
    memory = 0
    for _ in range(ROUNDS):
        control.append(etcd.etcdctl_seconds())
        with Served(etcd.url, "--facts", "off") as served:
            first.append(served.first_page())
            ready.append(served.ready(count))
            memory = max(memory, served.memory_bytes())
    with Served(empty.url, "--facts", "off") as served:
        served.first_page()
        served.ready(0)
        base = served.memory_bytes()
    noise = max(spread(control), spread(ready))
    ratio = percentile(ready, 0.5) / percentile(control, 0.5)
    return [
        Row("index ready / `etcdctl get --prefix --keys-only`", ratio, "x", 1.0, noise, _seconds(ready, control)),
        Row("memory of a key in the index", (memory - base) / count, "B", 200, 0.05, f"{base / 1e6:.0f} MB without"),
        Row("memory of all processes, a key", memory / count, "B", 260 if count >= 1_000_000 else None, 0.02),
        Row("cold start to first page", percentile(first, 0.5), "s", 1.0, spread(first)),
    ]


def _seconds(ready: list[float], control: list[float]) -> str:
    return f"{percentile(ready, 0.5):.1f} s from process start; etcdctl {percentile(control, 0.5):.1f} s"
