"""How far the index is behind while etcd is written to, for minutes, and what it weighs afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.etcd import Etcd
from bench.report import Row

RATE = 1_000
SECONDS = int(os.environ.get("LAG_SECONDS", "300"))


def measure(etcd: Etcd) -> list[Row]:
    """An index in a process of its own, and a writer in another."""
    writer = [sys.executable, "-m", "bench.writer", etcd.url, str(RATE), str(SECONDS)]
    follower = [sys.executable, "-m", "bench.follower", etcd.url]
    with subprocess.Popen(follower, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as following:
        _line(following)  # the index is loaded
        wrote = json.loads(subprocess.run(writer, stdout=subprocess.PIPE, check=True, text=True).stdout)
        saw = json.loads(_line(following, say="done\n"))
    rate = wrote["writes"] / wrote["seconds"]
    return [
        Row(
            f"index lag under {rate:,.0f} writes/s for {wrote['seconds']:.0f} s, p99", saw["p99"] * 1e3, "ms", 100, 0.1
        ),
        Row("index lag, p50", saw["p50"] * 1e3, "ms"),
        Row("puts that the index did not see", wrote["puts"] - saw["seen"], "", 0.0),
        Row("memory after it, over that before", saw["after"] / saw["before"], "x", 1.1, 0.05, _megabytes(saw)),
        Row("index differs from a fresh load after it", float(saw["differs"]), "names", 0.0),
    ]


def _line(process: subprocess.Popen[str], say: str = "") -> str:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the follower was started without pipes")
    process.stdin.write(say)
    process.stdin.flush()
    return process.stdout.readline()


def _megabytes(saw: dict[str, float]) -> str:
    return f"{saw['before'] / 1e6:.0f} MB, then {saw['after'] / 1e6:.0f} MB"


def resident_bytes() -> int:
    """This process' resident memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
