"""Snapshots and data directories of a real etcd: what is read from the file is what etcd itself answered."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.cluster.sources import open_file
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import CompactedError, EtcdviewError, FileFormatError
from etcdview.maintenance import operations
from etcdview.maintenance.snapshot_stream import save
from etcdview.models import KeyValue, Range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.database import NO_HASH, SnapshotStore
from etcdview.stores.files.file_space import FileSpace
from etcdview.stores.protocols import Store

Etcdctl = Callable[..., str]


def fill(etcdctl: Etcdctl) -> int:
    """Many puts, updates and deletions, some in one transaction; the revision before the last third of them."""
    for number in range(60):
        etcdctl("put", f"/registry/configmaps/shop/c{number % 25}", stdin=b"%d" % number * 40)
    etcdctl("put", "/registry/large", stdin=b"x" * 100_000)
    etcdctl("put", "no/leading/slash", "\n".join("xyz"))
    etcdctl("txn", stdin=b"\n\nput /registry/a 1\nput /registry/b 2\ndel /registry/configmaps/shop/c3\n\n\n")
    etcdctl("del", "/registry/configmaps/shop/c1", "--prefix")
    middle: int = json.loads(etcdctl("get", "x", "-w", "json"))["header"]["revision"]
    etcdctl("put", "/registry/configmaps/shop/c1", "again")
    etcdctl("del", "/registry/large")
    for number in range(20):
        etcdctl("put", "/registry/leases/kube-system/busy", str(number))
    etcdctl("put", "/registry/masterleases/10.0.0.1", "x", f"--lease={etcdctl('lease', 'grant', '600').split()[1]}")
    return middle


def everything(store: Store, revision: int = 0) -> tuple[KeyValue, ...]:
    return store.range(Range(b"\0", b"\0", revision=revision)).kvs


def check_equal(file: Path, live: EtcdStore, oldest: int) -> None:
    """Every revision from `oldest` on is in the file as etcd tells it."""
    store = open_file(file)
    newest = live.range(Range(b"x")).revision
    assert store.revision == newest
    assert store.range(Range(b"x")).revision == newest
    assert everything(store) == everything(live)
    for revision in range(oldest, newest + 1):
        assert everything(store, revision) == everything(live, revision), revision
    store.close()


def test_a_snapshot_is_equal_to_etcd_at_every_revision(
    plain_etcd: LocalCluster, plain_etcdctl: Etcdctl, tmp_path: Path
) -> None:
    middle = fill(plain_etcdctl)
    live = EtcdStore(plain_etcd.endpoints, plain_etcd.tls)
    plain_etcdctl("snapshot", "save", str(tmp_path / "before.db"))
    check_equal(tmp_path / "before.db", live, middle - 20)

    plain_etcdctl("compact", str(middle), "--physical=true")
    plain_etcdctl("snapshot", "save", str(tmp_path / "after.db"))
    check_equal(tmp_path / "after.db", live, middle)
    store = open_file(tmp_path / "after.db")
    with pytest.raises(CompactedError, match=f"Its oldest revision is {middle:,}"):
        store.range(Range(b"/registry/a", revision=middle - 1))
    live.close()


def test_all_compacted_away_leaves_the_revision(
    plain_etcd: LocalCluster, plain_etcdctl: Etcdctl, tmp_path: Path
) -> None:
    plain_etcdctl("put", "/a", "x")
    plain_etcdctl("del", "/a")
    live = EtcdStore(plain_etcd.endpoints, plain_etcd.tls)
    newest = live.range(Range(b"x")).revision
    plain_etcdctl("compact", str(newest), "--physical=true")
    plain_etcdctl("snapshot", "save", str(tmp_path / "s.db"))
    live.close()

    store = open_file(tmp_path / "s.db")

    assert (store.revision, everything(store)) == (newest, ())


def test_a_dead_members_data_directory_is_read_and_a_living_ones_is_refused(tmp_path: Path) -> None:
    with LocalCluster(tmp_path, ("one",)) as running:
        live = EtcdStore(running.endpoints, running.tls)
        for number in range(30):
            live.put(b"/registry/configmaps/shop/c%d" % number, b"v", mod_revision=0)
        there, data = everything(live), running.members[0].data
        with pytest.raises(FileFormatError, match="An etcd is running on"):
            open_file(data)
        live.close()
        process = running.members[0].process
        assert process is not None
        process.terminate()  # it writes what it has to its database as it ends
        process.wait()

        store = open_file(data)

        assert everything(store) == there
        assert store.notes == (NO_HASH,)
        assert isinstance(store, SnapshotStore)
        assert [m.name for m in store.facts().members] == ["one"]
        store.close()
        shutil.copy(data / "member" / "snap" / "db", tmp_path / "copy.db")
        assert everything(open_file(tmp_path / "copy.db")) == there


def test_what_snapshot_save_writes_can_be_got_from(
    plain_etcd: LocalCluster, plain_etcdctl: Etcdctl, tmp_path: Path
) -> None:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}, "data": {"k": "v"}}
    plain_etcdctl("put", "/registry/configmaps/shop/a", stdin=json.dumps(obj).encode())
    file = str(tmp_path / "s.db")
    etcdview = [sys.executable, "-m", "etcdview"]
    subprocess.run(
        [*etcdview, "snapshot", "save", file, "--endpoints", plain_etcd.endpoints[0]], check=True, capture_output=True
    )

    status = subprocess.run([*etcdview, "snapshot", "status", file], text=True, capture_output=True, check=True)
    reported = dict(line.split(maxsplit=1) for line in status.stdout.splitlines())
    assert (reported["hash"], reported["keys"]) == ("fits", "1")
    assert "plain" in reported["member"]

    done = subprocess.run([*etcdview, "get", "cm", "-n", "shop", "--from", file], text=True, capture_output=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].split()[:2] == ["a", "1"]


def test_alarms_are_in_the_file(tmp_path: Path) -> None:
    with LocalCluster(tmp_path, ("one",), options=("--quota-backend-bytes=1000000",)) as running:
        live = EtcdStore(running.endpoints, running.tls)
        with pytest.raises(EtcdviewError, match="database is full"):
            # until it says so: etcd knows its size as of its last commit, up to 100 ms ago
            all(live.put(b"/a%d" % number, b"x" * 100_000, mod_revision=0) for number in itertools.count())
        live.close()
        save(operations.snapshot(EtcdStore(running.endpoints, running.tls)), tmp_path / "s.db")

    store = open_file(tmp_path / "s.db")

    assert isinstance(store, SnapshotStore)
    assert [alarm.kind for alarm in store.facts().alarms] == ["NOSPACE"]


def test_the_space_of_a_file_is_what_compaction_and_defragmentation_give_back(
    plain_etcd: LocalCluster, plain_etcdctl: Etcdctl, tmp_path: Path
) -> None:
    def saved(name: str) -> FileSpace:
        plain_etcdctl("snapshot", "save", str(tmp_path / name))
        store = open_file(tmp_path / name)
        assert isinstance(store, SnapshotStore)
        found = store.space()
        store.close()
        return found

    for number in range(30):
        plain_etcdctl("put", f"/registry/configmaps/shop/c{number % 3}", stdin=b"x" * 60_000)
    before = saved("before.db")
    revision = json.loads(plain_etcdctl("get", "x", "-w", "json"))["header"]["revision"]
    plain_etcdctl("compact", str(revision), "--physical=true")
    compacted = saved("compacted.db")
    plain_etcdctl("defrag")
    after = saved("after.db")

    assert before.history.bytes > 27 * 60_000
    assert (compacted.history.records, compacted.live) == (0, before.live)
    assert compacted.free_bytes - before.free_bytes > 0.9 * before.history.bytes
    assert compacted.size_bytes - after.size_bytes > 0.9 * compacted.free_bytes
