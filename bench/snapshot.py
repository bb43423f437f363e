"""`etcdview snapshot save` beside `etcdctl snapshot save`: the same member, taken in turns. MB=200 chooses the size."""

from __future__ import annotations

import os
import secrets
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.maintenance import operations, snapshot_stream
from etcdview.stores.etcd.client import EtcdStore

ROUNDS = 5


def main() -> None:
    """Print both medians and their ratio; at least 0.9 is wanted."""
    with tempfile.TemporaryDirectory() as folder, LocalCluster(Path(folder), ("one",), options=(_QUOTA,)) as cluster:
        store = EtcdStore(cluster.endpoints, cluster.tls)
        for n in range(int(os.environ.get("MB", "200"))):
            store.put(b"/bench/%d" % n, secrets.token_bytes(1 << 20), mod_revision=0)
        ours, theirs, size = [], [], 0
        for turn in range(ROUNDS):
            theirs.append(_etcdctl(cluster, Path(folder) / f"theirs-{turn}.db"))
            begun = time.monotonic()
            size = snapshot_stream.save(operations.snapshot(store), Path(folder) / f"ours-{turn}.db").size_bytes
            ours.append(time.monotonic() - begun)
        store.close()
    our, their = (size / statistics.median(times) / 1e6 for times in (ours, theirs))
    print(
        f"snapshot of {size / 1e6:.0f} MB: etcdview {our:.0f} MB/s, etcdctl {their:.0f} MB/s, ratio {our / their:.2f}"
    )


_QUOTA = "--quota-backend-bytes=8589934592"


def _etcdctl(cluster: LocalCluster, file: Path) -> float:
    command = [str(find_program("etcdctl")), "--endpoints", cluster.endpoints[0], "snapshot", "save", str(file)]
    begun = time.monotonic()
    subprocess.run(command, env={"ETCDCTL_API": "3"}, capture_output=True, check=True)
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
