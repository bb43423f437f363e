"""Room that runs out, data that comes apart."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from etcdview.demo.programs import find_program

Ring = Any
Lab = Any

MIB = 1024 * 1024


def fill(ring: Ring, count: int, size: int = MIB) -> None:
    for number in range(count):
        ring.etcdctl("put", f"/fill/{number}", stdin=b"x" * size)


def fill_up(ring: Ring) -> None:
    """Write until etcd refuses: how much that takes is etcd's to say, which knows its size as of its last commit."""
    with pytest.raises(AssertionError, match="database space exceeded"):
        all(ring.etcdctl("put", f"/fill/{number}", stdin=b"x" * MIB) == "OK\n" for number in itertools.count())


def test_a_quota_that_comes_near_and_is_then_full(lab: Lab) -> None:
    ring = lab.cluster(1, quota_backend_bytes=str(64 * MIB))
    with lab.look(ring.store()) as eye:
        number = 0
        while "quota-near" not in [f.id for f in eye.monitor.latest().verdict.findings]:
            ring.etcdctl("put", f"/near/{number}", stdin=b"x" * (MIB // 4))
            number += 1
        assert "of 64.0 MiB" in eye.finds("quota-near").evidence
        fill_up(ring)
        eye.finds("alarm-space")
        eye.says("degraded")


def test_quotas_that_differ(lab: Lab) -> None:
    ring = lab.ring()
    ring.add_node()
    ring.add_node(quota_backend_bytes=str(4096 * MIB))
    ring.boot()
    with lab.look(ring.store()) as eye:
        eye.finds("quota-differs")


def test_a_database_that_is_mostly_empty(lab: Lab) -> None:
    ring = lab.cluster(1)
    with lab.look(ring.store()) as eye:
        fill(ring, 120)
        ring.etcdctl("del", "/fill/", "--prefix")
        (reported,) = json.loads(ring.etcdctl("endpoint", "status", "-w", "json"))
        ring.etcdctl("compact", str(reported["Status"]["header"]["revision"]), "--physical")
        fill(ring, 5, 10)  # pages become free with the writes that follow
        eye.finds("fragmented")


def tampered(lab: Lab, **flags: str) -> Ring:
    """A cluster of three made from snapshots, one of which holds another value under the same revision."""
    single = lab.cluster(1)
    single.etcdctl("put", "/registry/configmaps/a/b", "right")
    single.etcdctl("snapshot", "save", str(single.root / "right.db"))
    single.stop()
    right = (single.root / "right.db").read_bytes()
    at = right.rindex(b"right", 0, len(right) - 32)
    (single.root / "wrong.db").write_bytes(right[:at] + b"wrong" + right[at + 5 :])
    ring = lab.ring()
    nodes = [ring.add_node(**flags) for _ in range(3)]
    everyone = ",".join(f"{n.name}={n.peer_url}" for n in nodes)
    for node, snapshot in zip(nodes, ("right", "right", "wrong"), strict=True):
        words = [
            "snapshot",
            "restore",
            str(single.root / f"{snapshot}.db"),
            "--skip-hash-check",
            f"--data-dir={node.data}",
            f"--name={node.name}",
            f"--initial-cluster={everyone}",
            f"--initial-advertise-peer-urls={node.peer_url}",
        ]
        subprocess.run([str(find_program("etcdutl")), *words], check=True, capture_output=True)
    return ring.boot()


def test_a_member_whose_data_was_tampered_with(lab: Lab) -> None:
    ring = tampered(lab)
    with lab.look(ring.store()) as eye:
        finding = eye.finds("data-differs")
        assert ring.nodes[2].name in finding.evidence
        eye.says("degraded")


def test_corruption_that_etcd_finds_itself(lab: Lab) -> None:
    reported = subprocess.run([str(find_program("etcd")), "--help"], capture_output=True, check=False)
    old = "--experimental-corrupt-check-time" in (reported.stdout + reported.stderr).decode()  # until 3.6
    ring = tampered(lab, **{"experimental_corrupt_check_time" if old else "corrupt_check_time": "1s"})
    with lab.look(ring.store()) as eye:
        eye.finds("alarm-corrupt", within=30)  # etcd has to find it first


def test_a_member_that_may_open_few_files(lab: Lab) -> None:
    ring = lab.cluster(1)
    pid = ring.nodes[0].pid
    opened = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={opened + 4}:4096"], check=True)
    with lab.look(ring.store()) as eye:
        eye.finds("files-near")
