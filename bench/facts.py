"""How long until the facts of all values are there, beside etcdctl, what they weigh, and how quickly pages answer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.etcd import Etcd
from bench.pages import P50, page_row, page_times
from bench.report import Row
from bench.serving import Served

TIMES = 30
PAGES = {
    "unhealthy by namespace": "/namespaces",
    "storage": "/storage",
    "encryption": "/encryption",
    "space": "/space",
}
LABELS = "/registry?resource=pods&labels=k8s-app%3Dkube-dns"


def measure(etcd: Etcd, count: int) -> list[Row]:
    """One server that is told to keep facts, from its start."""
    control = etcd.etcdctl_seconds(values=True)
    with Served(etcd.url, "--facts", "off") as served:
        served.ready(count)
        without = served.memory_bytes()
    with Served(etcd.url, "--facts", "on") as served:
        served.ready(count)
        ready = served.facts_ready()
        memory, database = served.memory_bytes() - without, _database_bytes(served)
        pages = [
            page_row(f"{name} page by facts, p50", page_times(served, [path], TIMES), P50, 50)
            for name, path in PAGES.items()
        ]
        pages.append(page_row("pods by label, by facts, p50", page_times(served, [LABELS], TIMES), P50, 200))
    weight = memory + database
    goal = 90 if count >= 1_000_000 else None
    note = f"{ready:.1f} s from process start; etcdctl {control:.1f} s"
    return [
        Row("facts ready", ready, "s", goal),
        Row("facts ready / `etcdctl get --prefix`", ready / control, "x", note=note),
        Row("facts of a key, database and memory", weight / count, "B", 200, 0.05, _weights(memory, database)),
        *pages,
    ]


def _weights(memory: int, database: int) -> str:
    return f"database {database / 1e6:.0f} MB, memory {memory / 1e6:.0f} MB"


def _database_bytes(served: Served) -> int:
    folders = Path(tempfile.gettempdir()).glob("etcdview-facts-*")
    mine = [folder for folder in folders if int(folder.name.split("-")[2]) in served.processes()]
    return sum(path.stat().st_size for folder in mine for path in folder.iterdir())
