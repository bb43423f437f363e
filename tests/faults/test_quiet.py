"""A healthy cluster under load gives no finding: neither in the first seconds, nor in two minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Ring = Any
Lab = Any


@contextmanager
def load(ring: Ring) -> Iterator[None]:
    """Writes, reads, deletions and compactions through every member, as fast as two writers go."""
    over = threading.Event()

    def work(writer: int) -> None:
        number = 0
        while not over.is_set():
            node = ring.nodes[number % len(ring.nodes)]
            ring.etcdctl("put", f"/registry/load/{writer}/{number % 500}", stdin=b"x" * 4000, nodes=[node])
            ring.etcdctl("get", "/registry/load/", "--prefix", "--limit=100", "--keys-only", nodes=[node])
            number += 1
            if number % 50 == 0:
                ring.etcdctl("del", f"/registry/load/{writer}/1", "--prefix", nodes=[node])

    workers = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        over.set()
        for worker in workers:
            worker.join()


def stays_quiet(ring: Ring, lab: Lab, seconds: float) -> None:
    """Every verdict until then is healthy; what is seen otherwise is told."""
    ring.wait_ready()
    with load(ring), lab.look(ring.store(), interval_seconds=5.0) as eye:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            verdict = eye.monitor.latest().verdict
            wrong = [f"{f.id}: {f.evidence}" for f in verdict.findings if f.severity != "info"]
            assert (verdict.status, wrong) == ("healthy", [])
            time.sleep(0.5)


def test_no_false_finding_for_a_quarter_of_a_minute_under_load(lab: Lab) -> None:
    stays_quiet(lab.cluster(3), lab, 15)


@pytest.mark.long
def test_no_false_finding_for_two_minutes_under_load(lab: Lab) -> None:
    stays_quiet(lab.cluster(3), lab, 120)
