"""How quickly all values of a type are printed, and all values of the cluster searched, beside etcdctl and grep."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.etcd import Etcd
from bench.report import Row
from bench.serving import Served, status_bytes

_LINES_A_LOOK = 1_000  # at its memory
ABSENT = "zzz-not-there"
_ORDER = "/api/v1/table?resource=pods&sort=-restarts"  # a column that facts do not know
_MOST_REQUESTS = 100  # until all pods are in order
_CONTENT = f"/api/v1/content?kind=text&q={ABSENT}"


@dataclass(frozen=True, slots=True)
class Got:
    """One run of `etcdview get`: its lines, its processor time and its memory at the most."""

    lines: int
    seconds: float
    cpu_seconds: float
    memory_bytes: int


def measure(etcd: Etcd, served: Served, count: int) -> list[Row]:
    """`get` of all pods, their order by any column, and a search in content for a text that is nowhere."""
    got = get_pods(etcd)
    grep = etcd.grep_seconds(ABSENT)
    answer = served.client.get(_CONTENT)
    if answer.status != 200:
        raise RuntimeError(f"the search in content answered {answer.status}: {answer.body[:300]!r}")
    found = answer.json()
    searched = answer.seconds * found["total"] / max(found["looked"], 1)  # as it would go on, where its time was over
    note = f"{answer.seconds:.1f} s for {found['looked']:,} of {found['total']:,}; etcdctl and grep {grep:.1f} s"
    return [
        Row("`etcdview get pods -A`, a row", got.seconds / got.lines * 1e6, "\u00b5s", 100, 0.1, f"{got.lines:,} rows"),
        Row("its processor time, a row", got.cpu_seconds / got.lines * 1e6, "\u00b5s"),
        Row("its memory", got.memory_bytes / 1e6, "MB", 150),
        *_order(served, count),
        Row("search in content / `etcdctl get --prefix | grep`", searched / grep, "x", 1.0, 0.1, note),
        Row("search in content", searched, "s", 30 if count <= 1_000_000 else None, 0.05),
    ]


def _order(served: Served, count: int) -> list[Row]:
    """How long until all pods are in the order of a column, each request going on where the one before ended."""
    seconds, requests, complete = 0.0, 0, False
    while not complete:
        answer = served.client.get(_ORDER)
        seconds, requests = seconds + answer.seconds, requests + 1
        if answer.status != 200 or requests > _MOST_REQUESTS:
            raise RuntimeError(f"pods in order: {answer.status} after {requests} requests, {answer.body[:300]!r}")
        complete = answer.json()["complete"]
    again = served.client.get(_ORDER).seconds
    note = f"{requests} {'request' if requests == 1 else 'requests'}"
    return [
        Row("pods in the order of RESTARTS", seconds, "s", 5 if count <= 1_000_000 else None, 0.1, note),
        Row("the same again", again, "s"),
    ]


def get_pods(etcd: Etcd) -> Got:
    """`etcdview get pods -A`, its lines counted. What wait4 tells of memory would be this process's own, too."""
    command = [sys.executable, "-m", "etcdview", "get", "pods", "-A", "--no-headers", "--endpoints", etcd.url]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if process.stdout is None:
        raise RuntimeError("it was started without a pipe")
    lines = memory = 0
    with process.stdout:
        for _ in process.stdout:
            lines += 1
            if lines % _LINES_A_LOOK == 1:
                memory = max(memory, status_bytes(process.pid, "VmHWM"))
    _, _, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = 0
    return Got(lines, seconds, used.ru_utime + used.ru_stime, memory)
