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
    (fate,) = [line for line in alone.splitlines() if "garbage collection" in line]
    assert fate.startswith("Note: /registry/pods/shop/checkout-")
    assert fate.endswith(" more: none of their owners exists, so garbage collection deletes them.")


def test_a_namespace_that_is_missing_is_said_once_for_all_that_is_in_it(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue
) -> None:
    put(store, backup, but=("/shop",))

    _, out, _ = rescue("configmaps,services", "-n", "shop", "--no-dependencies")

    (note,) = [line for line in out.splitlines() if "their namespace" in line]
    assert note.endswith(" more: their namespace /registry/namespaces/shop is missing. The backup has it.")


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
    whole = rescue("-n", "shop", "-o", str(tmp_path / "whole"), "--show-secrets")

    documents = [yaml.safe_load(path.read_text()) for path in sorted(out.rglob("*.yaml"))]
    assert (status, whole[0]) == (1, 0)  # what is not written must not look like success
    assert documents[0]["kind"] == "Namespace"
    assert "Secret" not in {document["kind"] for document in documents}
    assert not any("uid" in document["metadata"] for document in documents)
    secrets = len(list((tmp_path / "whole").rglob("*.yaml"))) - len(documents)
    assert f"Not in the bundle: {secrets} objects with Secret values (--show-secrets exports them)" in err
    assert "Secret values" not in whole[2]


def config_map(name: str, label: str, text: str) -> bytes:
    metadata = {"name": name, "namespace": "shop", "labels": {"app": label}}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"v": text}}).encode()


def backed_up(file: Path, values: dict[str, bytes]) -> None:
    """The backup holds these keys of the registry instead."""
    from etcdview.stores.files.dump import write_dump

    file.unlink()
    write_dump((KeyValue(f"/registry/{key}".encode(), 5, 5, 1, 0, value) for key, value in values.items()), file)


def test_a_bundle_with_what_differs_has_only_the_objects_with_the_labels(
    store: EtcdStore, rescue: Rescue, file: Path, tmp_path: Path
) -> None:
    backed_up(file, {f"configmaps/shop/{name}": config_map(name, name, "old") for name in "abc"})
    for name in "ab":
        store.put(f"/registry/configmaps/shop/{name}".encode(), config_map(name, name, "new"), mod_revision=0)

    status, out, _ = rescue("-l", "app=a", "--changed", "-o", str(tmp_path / "a bundle"))

    assert status == 0
    assert [path.name for path in (tmp_path / "a bundle").rglob("*.yaml")] == ["a.yaml"]
    assert ["configmaps", "shop", "0", "1"] in [line.split() for line in out.splitlines()]
    assert out.endswith(f"kubectl apply --server-side -R -f '{tmp_path / 'a bundle'}'\n")


def test_a_zip_is_unpacked_before_kubectl_reads_it(
    rescue: Rescue, store: EtcdStore, file: Path, tmp_path: Path
) -> None:
    backed_up(file, {"configmaps/shop/a": config_map("a", "a", "old")})
    _, out, _ = rescue("--as", "zip", "-o", str(tmp_path / "b.zip"))
    where = tmp_path / "b"
    assert f"unzip {where}.zip -d {where} && kubectl apply --server-side -R -f {where}\n" in out


def test_a_difference_that_says_nothing_is_no_reason_for_status_1(store: EtcdStore, rescue: Rescue, file: Path) -> None:
    def node(text: str) -> bytes:
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"a": text}}
        return json.dumps(node).encode()

    backed_up(file, {"minions/n": node("old")})
    store.put(b"/registry/minions/n", node("new"), mod_revision=0)

    status, out, _ = rescue()

    assert status == 0
    assert "The live cluster lacks nothing of it." in out


def test_a_name_that_the_backup_does_not_have_is_said(store: EtcdStore, rescue: Rescue, file: Path) -> None:
    backed_up(file, {"configmaps/shop/a": config_map("a", "a", "old")})
    store.put(b"/registry/configmaps/shop/a", config_map("a", "a", "old"), mod_revision=0)
    assert "Note: The backup has no configmaps/b in the namespace shop." in rescue("cm", "a", "b", "-n", "shop")[1]


def test_a_namespace_that_is_being_deleted_is_said_once(store: EtcdStore, rescue: Rescue, file: Path) -> None:
    backed_up(file, {f"configmaps/shop/{name}": config_map(name, name, "old") for name in "abc"})
    metadata = {"name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    ending = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}).encode()
    store.put(b"/registry/namespaces/shop", ending, mod_revision=0)

    assert rescue()[1].count("Note: /registry/namespaces/shop is being deleted in the live cluster") == 1


def test_what_becomes_of_bytes_in_etcd_is_not_said_of_a_bundle(
    store: EtcdStore, rescue: Rescue, file: Path, tmp_path: Path
) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gone", "uid": "u"}
    metadata = {"name": "a", "ownerReferences": [owner], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    owned = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}).encode()
    backed_up(file, {"configmaps/shop/a": owned})

    planned = rescue()[1]
    _, out, err = rescue("-o", str(tmp_path / "bundle"))

    for word in ("garbage collection deletes it", "Their deletion goes on"):
        assert word in planned
        assert word not in out
    assert "1 owner references (their UIDs will not exist), 1 marks of a deletion in progress" in err


def test_objects_whose_crd_is_gone_can_be_named(store: EtcdStore, rescue: Rescue, file: Path) -> None:
    left = json.dumps({"apiVersion": "example.org/v1", "kind": "Backup", "metadata": {"name": "x"}}).encode()
    backed_up(file, {"example.org/backups/shop/x": left})
    assert "+ backups.example.org/shop/x" in rescue("backups.example.org")[1]


def test_a_value_that_etcd_does_not_take_keeps_no_other_back(store: EtcdStore, rescue: Rescue, file: Path) -> None:
    sizes = {"a": 1, "big": 2_000_000, "c": 1}
    backed_up(file, {f"configmaps/shop/{n}": config_map(n, n, "x" * size) for n, size in sizes.items()})

    status, out, err = rescue("--into-etcd", "--allow-writes", "--yes")

    assert status == 1
    assert "Created 2 keys" in out
    assert "/registry/configmaps/shop/big was not created. etcd refuses the request" in err
    assert stored(store).keys() == {b"/registry/configmaps/shop/a", b"/registry/configmaps/shop/c"}


def test_where_it_stopped_is_said(store: EtcdStore, rescue: Rescue, file: Path, tmp_path: Path) -> None:
    backed_up(file, {f"configmaps/shop/{name}": config_map(name, name, "old") for name in "abc"})

    status, out, err = rescue("--into-etcd", "--allow-writes", "--yes", "--audit-log", str(tmp_path))

    assert status == 1
    assert out.endswith("Created 0 keys.\n")
    assert "It stopped at /registry/configmaps/shop/a; 2 keys after it not tried." in err


def test_deleted_keys_are_no_backup_of_their_own(rescue: Rescue) -> None:
    assert rescue("--deleted")[0] == 2  # they are in the backup as of an earlier revision: FILE@REV


def test_a_namespace_that_the_backup_does_not_have_is_no_namespace_that_lacks_nothing(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue
) -> None:
    put(store, backup, but=())

    assert rescue("-n", "shpo") == (1, "", "etcdview: There is no namespace 'shpo'.\n  Did you mean 'shop'?\n")


def test_what_is_left_of_a_namespace_without_an_object_of_its_own_is_found(
    rescue: Rescue, file: Path, store: EtcdStore
) -> None:
    store.put(b"/registry/namespaces/other", b"{}", mod_revision=0)
    backed_up(file, {"configmaps/gone/a": config_map("a", "a", "old"), "namespaces/other": b"{}"})

    status, out, _ = rescue("-n", "gone")

    assert status == 1
    assert "configmap" in out.lower()


def test_a_bundle_of_nothing_is_not_made(
    store: EtcdStore, backup: dict[bytes, KeyValue], rescue: Rescue, tmp_path: Path
) -> None:
    put(store, backup, but=())

    status, out, _ = rescue("-n", "shop", "-o", str(tmp_path / "missing"))

    assert status == 0
    assert out.endswith(f"There is nothing to write: {tmp_path / 'missing'} is not made.\n")
    assert not (tmp_path / "missing").exists()
