"""How long until the facts of all values are there, beside etcdctl, what they weigh, and how quickly pages answer."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.etcd import Etcd
from bench.pages import P50, P99, page_row, page_times
from bench.report import Row
from bench.serving import Served
from etcdview.index.facts.reading import FactReader, Wanted

TIMES = 30
PAGES = {
    "unhealthy by namespace": "/namespaces",
    "storage": "/storage",
    "encryption": "/encryption",
    "space": "/space",
    "events": "/registry?resource=events",
    "pods by size": "/registry?resource=pods&size=1&sort=-size",
}
MEANWHILE = ("/", "/registry", "/registry?resource=leases&namespace=bench-500-pods")
_SUMS = "/api/v1/space?by=resource"
_BETWEEN_SECONDS = 0.2
_PAGES_A_SECOND = 10  # as a hundred browsers ask; as many as go would measure a server that is busy with pages
LABELS = "/registry?resource=pods&labels=k8s-app%3Dkube-dns"


def measure(etcd: Etcd, count: int) -> list[Row]:
    """One server that is told to keep facts, from its start."""
    before = etcd.cpu_seconds()
    control = etcd.etcdctl_seconds(values=True)
    control_cpu = etcd.cpu_seconds() - before
    with Served(etcd.url, "--facts", "off") as served:
        served.ready(count)
        without = served.memory_bytes()
    with Served(etcd.url, "--facts", "on") as served:
        served.ready(count)
        before = etcd.cpu_seconds()
        meanwhile = _pages_until_ready(served)
        ready = served.facts_ready()
        cpu = etcd.cpu_seconds() - before
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
        page_row(f"pages while facts are read, {_PAGES_A_SECOND} a second, p99", meanwhile, P99, 50),
        Row("etcd's processor time for it / `etcdctl get --prefix`", cpu / control_cpu, "x", 1.5, 0.1),
        Row("facts of a key, database and memory", weight / count, "B", 200, 0.05, _weights(memory, database)),
        *pages,
    ]


def differs(etcd: Etcd, follower: Served) -> Row:
    """After writes: of how many keys the facts that followed the watch are not those of a fresh scan."""
    revision = etcd.put(b"/registry/configmaps/bench-churn/last", b"{}")
    while follower.client.get(_SUMS).json()["revision"] < revision:
        time.sleep(_BETWEEN_SECONDS)
    followed = _digests(follower)
    with Served(etcd.url, "--facts", "on") as fresh:
        fresh.facts_ready()
        scanned = _digests(fresh)
    return Row("facts differ from a fresh scan after it", float(len(followed ^ scanned)), "facts", 0.0)


def _digests(served: Served) -> set[int]:
    """A number for all that is kept of each key."""
    (folder,) = _folders(served)
    reader = FactReader(folder / "facts.db")
    types = {total.resource for total in reader.totals()}
    found = {hash(repr(fact)) for each in types for fact in reader.facts(Wanted(resource=each), order="any")}
    reader.close()
    return found


def _pages_until_ready(served: Served) -> list[float]:
    """How long pages took while the facts were read."""
    took: list[float] = []
    while not served.client.get("/api/v1/resources").json()["factsComplete"]:
        for path in MEANWHILE:
            took.append(served.client.get(path).seconds)
            time.sleep(1 / _PAGES_A_SECOND)
    return took or [0.0]


def _weights(memory: int, database: int) -> str:
    return f"database {database / 1e6:.0f} MB, memory {memory / 1e6:.0f} MB"


def _database_bytes(served: Served) -> int:
    return sum(path.stat().st_size for folder in _folders(served) for path in folder.iterdir())


def _folders(served: Served) -> list[Path]:
    """Where the server's processes keep facts."""
    folders = Path(tempfile.gettempdir()).glob("etcdview-facts-*")
    return [folder for folder in folders if int(folder.name.split("-")[2]) in served.processes()]
