"""`etcdview snapshot verify --live`: whether a backup is of this cluster, and what the cluster has that it lacks."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.demo.cluster import LocalCluster
from etcdview.stores.etcd.client import EtcdStore

VALUE = b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"shop"}}'
CAPTURE = Path(__file__).parents[1] / "testdata" / "cluster-shop"


def test_a_backup_of_this_cluster_says_what_it_lacks_and_one_of_another_is_not_good(
    plain_etcd: LocalCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--endpoints", ",".join(plain_etcd.endpoints)]
    store = EtcdStore(plain_etcd.endpoints, plain_etcd.tls)
    store.put(b"/registry/configmaps/shop/a", VALUE, mod_revision=0)
    assert run(["snapshot", "save", str(tmp_path / "own.db"), *flags]) == 0
    store.put(b"/registry/configmaps/shop/b", VALUE, mod_revision=0)
    store.close()
    (tmp_path / "other.db").write_bytes(gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes()))
    decrypting = ["--encryption-config", str(CAPTURE / "encryption-config.yaml")]
    capsys.readouterr()

    own = run(["snapshot", "verify", str(tmp_path / "own.db"), "--live", *flags])
    said = capsys.readouterr().out
    other = run(["snapshot", "verify", str(tmp_path / "other.db"), "--live", *flags, *decrypting])

    assert own == 0
    assert "1 of 1 live members are in the backup" in said
    assert "1 key that the backup lacks, 0 with other values, 0 fewer" in said
    assert other == 1
    assert "It is not of this cluster: they have no member in common." in capsys.readouterr().err
