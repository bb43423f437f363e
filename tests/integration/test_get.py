"""`etcdview get` on a real etcd: over mutual TLS, at one revision, and watching."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import IO, Any

from etcdview.demo.cluster import Cluster

Etcdctl = Callable[..., str]
DEADLINE_SECONDS = 20


def config_map(name: str, entries: int, **labels: str) -> tuple[str, bytes]:
    metadata = {"name": name, "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z", "labels": labels}
    data = {f"k{i}": "v" for i in range(entries)}
    obj: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    return f"/registry/configmaps/shop/{name}", json.dumps(obj).encode()


def command(cluster: Cluster, *arguments: str) -> list[str]:
    tls = cluster.tls
    files = ["--cacert", tls.cacert, "--cert", tls.cert, "--key", tls.key] if tls.given else []
    where = ["--endpoints", ",".join(cluster.endpoints), *files]
    now = ["--now", "2026-01-01T00:01:00Z"]
    return [sys.executable, "-m", "etcdview", "get", *where, *now, *arguments]


def test_objects_are_listed_over_mutual_tls(cluster: Cluster, etcdctl: Etcdctl) -> None:
    for key, value in (config_map("a", 1), config_map("b", 2)):
        etcdctl("put", key, stdin=value)

    done = subprocess.run(command(cluster, "cm", "-n", "shop"), capture_output=True, text=True, check=True)

    assert done.stdout == "NAME   DATA   AGE\na      1      60s\nb      2      60s\n"


@contextmanager
def watching(cluster: Cluster, *arguments: str) -> Iterator[IO[str]]:
    """The lines of a running watch; it is killed when it says nothing for too long, so that reading ends."""
    process = subprocess.Popen(command(cluster, *arguments, "--watch"), stdout=subprocess.PIPE, text=True)
    timer = Timer(DEADLINE_SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        yield process.stdout
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_watch_goes_on_with_what_changes_in_the_same_columns(plain_etcd: Cluster, plain_etcdctl: Etcdctl) -> None:
    key, value = config_map("a-rather-long-name", 1, app="web")
    plain_etcdctl("put", key, stdin=value)

    with watching(plain_etcd, "cm", "-n", "shop", "-l", "app=web") as lines:
        assert [lines.readline(), lines.readline()] == [
            "NAME                 DATA   AGE\n",
            "a-rather-long-name   1      60s\n",
        ]
        for key, value in (config_map("other", 1), config_map("b", 3, app="web")):
            plain_etcdctl("put", key, stdin=value)
        assert lines.readline() == "b                    3      60s\n"
        plain_etcdctl("put", key, stdin=config_map("b", 5, app="web")[1])
        assert lines.readline() == "b                    5      60s\n"


def test_a_deletion_is_shown_as_it_was(plain_etcd: Cluster, plain_etcdctl: Etcdctl) -> None:
    key, value = config_map("deleted", 4)
    plain_etcdctl("put", key, stdin=value)

    with watching(plain_etcd, "cm", "-A", "--no-headers") as lines:
        assert lines.readline() == "shop   deleted   4     60s\n"
        plain_etcdctl("del", key)
        assert lines.readline() == "shop   deleted   4     60s\n"


def test_without_quorum_one_member_is_read_and_told_so(cluster: Cluster, etcdctl: Etcdctl) -> None:
    key, value = config_map("a", 1)
    etcdctl("put", key, stdin=value)
    revision = json.loads(etcdctl("get", "x", "-w", "json"))["header"]["revision"]
    cluster.wait_ready(cluster.members[:1])  # by a linearizable read: it has applied the put
    for member in cluster.members[1:]:
        member.kill()

    done = subprocess.run(command(cluster, "cm,secrets", "-n", "shop"), capture_output=True, text=True, check=True)

    assert done.stdout == "NAME          DATA   AGE\nconfigmap/a   1      60s\n"
    assert "has lost its quorum" in done.stderr
    assert f"revision {revision:,}" in done.stderr
