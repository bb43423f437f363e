"""Members that get too little of their machine: what they count of themselves shows it after some seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

Ring = Any
Lab = Any


@contextmanager
def starved(node: Any, stopped: float, running: float) -> Iterator[None]:
    """The process gets to run only now and then, as on a machine or a disk that others keep busy."""
    over = threading.Event()

    def pulse() -> None:
        while not over.is_set():
            node.pause()
            time.sleep(stopped)
            node.resume()
            time.sleep(running)

    thread = threading.Thread(target=pulse)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def writing(ring: Ring) -> Iterator[None]:
    """Small writes, one after the other."""
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            ring.etcdctl("put", f"/w/{number % 100}", "x", ok=False)
            number += 1

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_member_that_is_slow_to_write_its_log(lab: Lab, tmp_path: Path) -> None:
    ring = lab.ring()
    for _ in range(3):
        ring.add_node()
    node = ring.nodes[2]
    node.flags["data-dir"] = str(tmp_path / "data")  # on a disk: memory is never slow to write
    ring.boot()
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        with starved(node, 0.05, 0.02), writing(ring):
            eye.finds("fsync-slow", within=60, member=node.name)


def test_a_member_whose_peers_wait_for_it(lab: Lab) -> None:
    ring = lab.cluster(3)
    node = ring.followers()[0]
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        with starved(node, 0.3, 0.03):
            eye.finds("peers-slow", within=150)


def test_writes_that_fail_for_want_of_a_quorum(lab: Lab) -> None:
    ring = lab.cluster(3)
    first, second = ring.followers()
    with lab.look(ring.store()) as eye:
        eye.sees_no_harm()
        time.sleep(11)  # the metrics are read every ten seconds; the failures lie between two readings
        first.pause()
        second.pause()
        leader = [n for n in ring.nodes if n not in (first, second)]
        ring.etcdctl("put", "/w", "x", "--command-timeout=8s", nodes=leader, ok=False)
        first.resume()
        second.resume()
        eye.finds("proposals-failed", within=30)
