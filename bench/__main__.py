"""`python -m bench`: fill an etcd, measure, print the table, write it to bench/results, fail where a goal is missed.

KEYS= how many keys (1,000,000), LAG_SECONDS= how long to write (300), SHAPE=events: 99 % of the keys are events.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bench import beside_kubectl, facts, keys, lag, loading, pages, report, sessions, values
from bench.etcd import Etcd
from bench.report import Row
from bench.serving import Served
from etcdview.demo.programs import find_program
from tools.given import arguments

T = TypeVar("T")
KEYS = int(os.environ.get("KEYS", "1000000"))
SHARES = keys.MOSTLY_EVENTS if os.environ.get("SHAPE") == "events" else keys.SHARES


def main() -> int:
    """The exit status: 0 when every row is met."""
    version = subprocess.run([str(find_program("etcd")), "--version"], capture_output=True, text=True, check=True)
    machine = report.machine(version.stdout.split()[2])
    with tempfile.TemporaryDirectory(prefix="etcdview-bench-") as folder:
        root = Path(folder)
        with Etcd(root / "full") as etcd, Etcd(root / "empty") as empty:
            rows = _measure(etcd, empty)
        with Etcd(root / "pods") as etcd:
            etcd.fill(int(KEYS * SHARES["pods"]), {"pods": 1.0})
            rows += _printed(_step("pods beside kubectl", lambda: beside_kubectl.measure(etcd)))
    print(report.table(rows))
    path = report.write(rows, machine, KEYS, datetime.now().astimezone())
    missed = [row.what for row in rows if not row.met]
    print(f"\nWritten to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}.")
    print("Every goal is met." if not missed else "Missed: " + "; ".join(missed))
    return 1 if missed else 0


def _measure(etcd: Etcd, empty: Etcd) -> list[Row]:
    count = _step(f"filling etcd with {KEYS:,} keys", lambda: etcd.fill(KEYS, SHARES))
    rows = _printed(_step("the index beside etcdctl", lambda: loading.measure(etcd, empty, count)))
    rows += _printed(_step("the facts of all values", lambda: facts.measure(etcd, count)))
    with Served(etcd.url, "--facts", "on") as served:
        served.ready(count)
        rows += _printed(_step("pages and searches", lambda: pages.measure(etcd, served)))
        served.facts_ready()  # they are read beside the pages
        rows += _printed(_step("all values", lambda: values.measure(etcd, served, count)))
        rows += _printed(_step("browsers", lambda: sessions.measure(etcd, served)))
    with Served(etcd.url, "--facts", "on") as served:
        served.facts_ready()
        rows += _printed(_step(f"{lag.SECONDS} s of writes", lambda: lag.measure(etcd)))
        rows += _printed(_step("the facts after them", lambda: [facts.differs(etcd, served)]))
    return rows


def _printed(rows: list[Row]) -> list[Row]:
    """The rows so far, for whoever waits."""
    print(report.table(rows), file=sys.stderr, flush=True)
    return rows


def _step(what: str, work: Callable[[], T]) -> T:
    print(f"... {what}", file=sys.stderr, flush=True)
    return work()


if __name__ == "__main__":
    arguments(__doc__, takes_any=False)
    sys.exit(main())
