"""`etcdview get pods -A` beside kubectl, which asks a kube-apiserver on the same etcd.

Both are built with Go once, by `make conformance`; without them nothing is measured. The etcd has pods alone: of a
million objects of all types, an API server keeps 16 GB in memory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.etcd import Etcd
from bench.report import Row
from bench.values import get_pods
from tools.conformance.programs import PROGRAMS, is_built, provide
from tools.conformance.servers import Lab

_LIST_SECONDS = 900  # for kubectl: it asks again and again where the API server cannot answer
_NEEDED = ("kube-apiserver", "kubectl")


def measure(etcd: Etcd) -> list[Row]:
    """How long both take for all pods, one after the other, twice: the quicker run of each."""
    missing = [name for name in _NEEDED if not is_built(PROGRAMS[name])]
    if missing:
        print(f"{' and '.join(missing)} are not built: `make conformance` does", file=sys.stderr, flush=True)
        return []
    with tempfile.TemporaryDirectory(prefix="etcdview-bench-") as name, Lab(Path(name)) as lab:
        kubeconfig = lab.start_api(etcd.url, plain=True).kubeconfig(Path(name, "kubeconfig"))
        runs = [(get_pods(etcd), _kubectl(kubeconfig)) for _ in range(2)]
    ours, theirs = min(ours.seconds for ours, _ in runs), min(seconds for _, (_, seconds) in runs)
    lines = {count for ours, (count, _) in runs for count in (ours.lines, count)}
    if len(lines) != 1:
        raise RuntimeError(f"etcdview and kubectl print other numbers of lines: {lines}")
    note = f"{ours:.1f} s, kubectl {theirs:.1f} s, {runs[0][0].lines:,} rows"
    return [Row("`etcdview get pods -A` / `kubectl get pods -A`", ours / theirs, "x", 1.0, 0.1, note)]


def _kubectl(kubeconfig: Path) -> tuple[int, float]:
    """Its lines, and how long it took."""
    command = [str(provide("kubectl")), "--kubeconfig", str(kubeconfig), "get", "pods", "-A", "--no-headers"]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=_LIST_SECONDS)
    return done.stdout.count(b"\n"), time.perf_counter() - began
