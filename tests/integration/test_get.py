"""`etcdview get`, `search` and `watch` on a real etcd: over mutual TLS, at one revision, and watching."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import IO, Any

from etcdview.demo.cluster import LocalCluster

Etcdctl = Callable[..., str]
DEADLINE_SECONDS = 20


def config_map(name: str, entries: int, **labels: str) -> tuple[str, bytes]:
    metadata = {"name": name, "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z", "labels": labels}
    data = {f"k{i}": "v" for i in range(entries)}
    obj: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    return f"/registry/configmaps/shop/{name}", json.dumps(obj).encode()


def etcdview(cluster: LocalCluster, name: str, *arguments: str) -> list[str]:
    tls = cluster.tls
    files = ["--cacert", tls.cacert, "--cert", tls.cert, "--key", tls.key] if tls.given else []
    return [sys.executable, "-m", "etcdview", name, "--endpoints", ",".join(cluster.endpoints), *files, *arguments]


def command(cluster: LocalCluster, *arguments: str) -> list[str]:
    return etcdview(cluster, "get", "--now", "2026-01-01T00:01:00Z", *arguments)


def test_objects_are_listed_over_mutual_tls(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    for key, value in (config_map("a", 1), config_map("b", 2)):
        etcdctl("put", key, stdin=value)

    done = subprocess.run(command(cluster, "cm", "-n", "shop"), capture_output=True, text=True, check=True)

    assert done.stdout == "NAME   DATA   AGE\na      1      60s\nb      2      60s\n"


@contextmanager
def watching(cluster: LocalCluster, *arguments: str) -> Iterator[IO[str]]:
    """The lines of `get --watch`."""
    with running(command(cluster, *arguments, "--watch")) as lines:
        yield lines


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[IO[str]]:
    """What a command says; it is killed when it says nothing for too long, so that reading ends."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
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


def test_a_watch_goes_on_with_what_changes_in_the_same_columns(
    plain_etcd: LocalCluster, plain_etcdctl: Etcdctl
) -> None:
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


def test_a_deletion_is_shown_as_it_was(plain_etcd: LocalCluster, plain_etcdctl: Etcdctl) -> None:
    key, value = config_map("deleted", 4)
    plain_etcdctl("put", key, stdin=value)

    with watching(plain_etcd, "cm", "-A", "--no-headers") as lines:
        assert lines.readline() == "shop   deleted   4     60s\n"
        plain_etcdctl("del", key)
        assert lines.readline() == "shop   deleted   4     60s\n"


def test_without_quorum_one_member_is_read_and_told_so(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
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


def test_changes_below_a_prefix_are_printed_as_they_come(plain_etcd: LocalCluster, plain_etcdctl: Etcdctl) -> None:
    both = {"stderr": subprocess.STDOUT}
    with running(etcdview(plain_etcd, "watch", "/registry/configmaps/"), **both) as lines:
        assert lines.readline().startswith(
            "etcdview: from revision "
        )  # it may begin a moment later, and misses nothing
        for words in (("put", "/registry/configmaps/a", "xyz"), ("put", "/registry/pods/a", "no")):
            plain_etcdctl(*words)
        plain_etcdctl("put", "/registry/configmaps/a", "xyz!")
        plain_etcdctl("del", "/registry/configmaps/a")

        reported = [lines.readline().split()[1:] for _ in range(3)]

    assert reported == [
        ["created", "/registry/configmaps/a", "3"],
        ["changed", "/registry/configmaps/a", "4"],
        ["deleted", "/registry/configmaps/a"],
    ]


def test_names_are_searched_in_pieces(plain_etcd: LocalCluster, plain_etcdctl: Etcdctl) -> None:
    for batch in range(100):
        puts = "".join(f"put /registry/events/ns/e{batch * 100 + i:05} x\n" for i in range(100))
        plain_etcdctl("txn", stdin=f"\n{puts}\n\n".encode())

    done = subprocess.run(etcdview(plain_etcd, "search", "77"), capture_output=True, text=True, check=True)

    assert done.stdout.split() == [f"/registry/events/ns/e{i:05}" for i in range(10_000) if "77" in f"{i:05}"]
