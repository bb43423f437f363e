"""`etcdview rescue`: a deleted namespace comes back from a backup, byte for byte, and only where nothing is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from etcdview.cli.main import run
from etcdview.demo.cluster import LocalCluster
from etcdview.models import KeyValue, Range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.dump import read_dump
from etcdview.writes.undo import UndoFile

CAPTURE = Path(__file__).parents[1] / "testdata" / "cluster-shop"
DUMP = CAPTURE / "registry.jsonl.gz"
ENCRYPTION = ("--encryption-config", str(CAPTURE / "encryption-config.yaml"))
KEPT = ("/apiextensions.k8s.io/", "/configmaps/", "/deployments/", "/replicasets/shop/", "/pods/", "/persistentvolume",
        "/example.org/backups/", "/events/", "/namespaces/", "/secrets/shop/")  # fmt: skip
Rescue = Callable[..., tuple[int, str, str]]


@pytest.fixture
def backup() -> dict[bytes, KeyValue]:
    return {kv.key: kv for kv in read_dump(DUMP) if any(part in kv.key.decode() for part in KEPT)}


@pytest.fixture
def store(plain_etcd: LocalCluster) -> Iterator[EtcdStore]:
    opened = EtcdStore(plain_etcd.endpoints, plain_etcd.tls)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path, backup: dict[bytes, KeyValue]) -> Path:
    from etcdview.stores.files.dump import write_dump

    path = tmp_path / "backup.jsonl.gz"
    write_dump(backup.values(), path)
    return path


@pytest.fixture
def rescue(plain_etcd: LocalCluster, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Rescue:
    def call(*arguments: str) -> tuple[int, str, str]:
        flags = ("--endpoints", ",".join(plain_etcd.endpoints), "--from", str(file), *ENCRYPTION)
        status = run(["rescue", *arguments, *flags, "--undo-file", str(tmp_path / "undo.jsonl")])
        return status, *capsys.readouterr()

    return call


def put(store: EtcdStore, kvs: dict[bytes, KeyValue], *, but: tuple[str, ...]) -> set[bytes]:
    """All of them but those whose keys have one of these parts, which are given."""
    left_out = {key for key in kvs if any(part in key.decode() for part in but)}
    for key in kvs.keys() - left_out:
        store.put(key, kvs[key].value, mod_revision=0)
    return left_out


def stored(store: EtcdStore) -> dict[bytes, bytes]:
    return {kv.key: kv.value for kv in store.range(Range(b"\0", b"\0")).kvs}


def test_a_deleted_namespace_comes_back_byte_for_byte_and_can_be_taken_back(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue, tmp_path: Path
) -> None:
    gone = put(store, backup, but=("/shop/", "/namespaces/shop"))
    wanted = {key for key in gone if b"/events/" not in key}

    assert rescue("-n", "shop", "--into-etcd", "--yes")[0] == 2  # writing is off
    status, out, _ = rescue("-n", "shop", "--into-etcd", "--allow-writes", "--yes", "--audit-log", str(tmp_path / "a"))

    assert status == 0
    assert f"Created {len(wanted)} keys" in out
    assert "+ namespaces/shop  (namespace of /registry/" in out
    assert out.index("+ namespaces/shop") < out.index("+ deployments.apps/shop/cart")
    assert {key: value for key, value in stored(store).items() if key in gone} == {
        key: backup[key].value for key in wanted
    }
    key = b"/registry/deployments/shop/cart"
    assert [change.before for change in UndoFile(tmp_path / "undo.jsonl").changes_of(key)] == [None]
    actions = [json.loads(line)["action"] for line in (tmp_path / "a").read_text().splitlines()]
    assert actions == ["rescue"] * len(wanted)
    assert rescue("-n", "shop")[0] == 0


def test_what_is_there_is_never_replaced_and_a_difference_is_said(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue
) -> None:
    key = b"/registry/configmaps/shop/app-config"
    put(store, backup, but=("/configmaps/shop/app-config", "/deployments/shop/cart"))
    mine = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-config"}}).encode()
    store.put(key, mine, mod_revision=0)

    status, out, _ = rescue("-n", "shop")
    rows = [line.split() for line in out.splitlines()]
    rescue("-n", "shop", "--into-etcd", "--allow-writes", "--yes")

    assert status == 1
    assert ["configmaps", "shop", "0", "1"] in rows
    assert ["deployments.apps", "shop", "1", "0"] in rows
    assert stored(store)[key] == mine
    assert b"/registry/deployments/shop/cart" in stored(store)


def test_an_object_brings_what_it_needs_and_its_fate_is_said(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue
) -> None:
    put(store, backup, but=("/example.org/backups/shop/second-2", "customresourcedefinitions/backups", "/replicasets/",
                            "/deployments/shop/checkout", "/pods/shop/checkout"))  # fmt: skip

    _, custom, _ = rescue("backups.example.org", "-n", "shop")
    _, with_owners, _ = rescue("pods", "-n", "shop")
    _, alone, _ = rescue("pods", "-n", "shop", "--no-dependencies")

    assert "+ customresourcedefinitions.apiextensions.k8s.io/backups.example.org  (CRD of " in custom
    assert "+ replicasets.apps/shop/checkout-" in with_owners
    assert "+ deployments.apps/shop/checkout  (owner of /registry/replicasets/shop/" in with_owners
    assert "garbage collection" not in with_owners
    assert "none of its owners exists, so garbage collection deletes it." in alone


def test_a_uid_that_another_object_has_is_not_written_twice(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue
) -> None:
    key = b"/registry/configmaps/shop/app-config"
    put(store, backup, but=("/configmaps/shop/app-config",))
    store.put(key + b"-renamed", backup[key].value, mod_revision=0)

    _, out, _ = rescue("configmaps", "-n", "shop", "--into-etcd", "--allow-writes", "--yes")

    assert f"{key.decode()} is left out: another object has its UID" in out
    assert key not in stored(store)


def test_a_bundle_can_be_applied_and_has_no_secret(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue, tmp_path: Path
) -> None:
    put(store, backup, but=("/shop/", "/namespaces/shop"))
    out = tmp_path / "bundle"

    status, _, err = rescue("-n", "shop", "-o", str(out))

    documents = [yaml.safe_load(path.read_text()) for path in sorted(out.rglob("*.yaml"))]
    assert status == 0
    assert documents[0]["kind"] == "Namespace"
    assert "Secret" not in {document["kind"] for document in documents}
    assert not any("uid" in document["metadata"] for document in documents)
    assert "objects with Secret values (--show-secrets exports them)" in err
