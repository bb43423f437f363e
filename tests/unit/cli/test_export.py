"""`etcdview export --as ...`: objects of a file as YAML, complete and without what an API server assigns."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from etcdview.cli.main import run
from etcdview.stores.files.dump import read_dump

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
DUMP = str(CAPTURE / "registry.jsonl.gz")
SOURCE = ("--from", DUMP, "--encryption-config", str(CAPTURE / "encryption-config.yaml"))
ASSIGNED = ("\n  uid:", "\n  resourceVersion:", "managedFields:", "\nstatus:")

Export = Callable[..., tuple[str, str]]


@pytest.fixture
def export(capsys: pytest.CaptureFixture[str]) -> Export:
    """What a command that must succeed prints on both outputs, or one that ends with `status`."""

    def call(*arguments: object, status: int = 0) -> tuple[str, str]:
        assert run(["export", *map(str, arguments), *SOURCE]) == status
        return capsys.readouterr()

    return call


def test_an_archive_for_apply_has_nothing_that_the_api_server_assigns_and_says_what_it_lacks(
    export: Export, tmp_path: Path
) -> None:
    out = tmp_path / "out.zip"

    said = export(out, "--as", "zip", "--for-apply", status=1)  # it lacks Secrets

    with zipfile.ZipFile(out) as packed:
        texts = [packed.read(name).decode() for name in packed.namelist()]
    assert said[0] == f"Exported {len(texts)} objects as of revision 1,201 to {out}\n"
    assert len(texts) >= 300
    assert not [word for text in texts for word in ASSIGNED if word in text]
    assert f"{len(texts)} uid, " in said[1]
    assert "131 events, " in said[1]
    assert "14 objects with Secret values (--show-secrets exports them)" in said[1]


def test_a_namespace_is_what_is_in_it_and_its_own_object(export: Export) -> None:
    documents = list(yaml.safe_load_all(export("-", "--as", "stream", "--for-apply", "-n", "shop", status=1)[0]))

    assert documents[0]["kind"] == "Namespace"
    assert documents[0]["metadata"]["name"] == "shop"
    assert {document["metadata"].get("namespace") for document in documents[1:]} == {"shop"}
    assert {"Deployment", "Service", "Backup", "ConfigMap"} <= {document["kind"] for document in documents}


def test_a_crd_that_is_stored_in_an_old_version_is_exported_as_it_is_served(export: Export) -> None:
    documents = list(yaml.safe_load_all(export("-", "crd", "--as", "stream", "--for-apply")[0]))

    assert {document["apiVersion"] for document in documents} == {"apiextensions.k8s.io/v1"}
    assert not any("status" in document for document in documents)


def test_types_labels_and_fields_choose(export: Export) -> None:
    by_label = yaml.safe_load(export("-", "deployments,svc", "--as", "list", "-l", "app=cart")[0])["items"]
    by_field = yaml.safe_load(
        export("-", "pods", "--as", "list", "-n", "shop", "--field-selector", "metadata.name=crashloop")[0]
    )["items"]  # fmt: skip

    assert [(one["kind"], one["metadata"]["name"]) for one in by_label] == [("Service", "cart"), ("Deployment", "cart")]
    assert [one["metadata"]["name"] for one in by_field] == ["crashloop"]
    assert "status" in by_field[0]


def test_secrets_are_masked_left_out_or_shown(export: Export) -> None:
    masked = export("-", "secrets", "--as", "stream", "-n", "shop")[0]
    applied = export("-", "secrets", "--as", "stream", "-n", "shop", "--for-apply", status=1)[0]
    shown = export("-", "secrets", "--as", "stream", "-n", "shop", "--for-apply", "--show-secrets")[0]

    assert "fingerprint" in masked
    assert applied == ""
    assert "fingerprint" not in shown
    assert {document["kind"] for document in yaml.safe_load_all(shown)} == {"Secret"}


def test_a_dump_of_a_type_has_its_keys_as_they_are_stored(export: Export, tmp_path: Path) -> None:
    out = tmp_path / "pods.jsonl.gz"

    export(out, "pods", "-n", "shop")

    assert list(read_dump(out)) == [kv for kv in sorted(read_dump(Path(DUMP)), key=lambda kv: kv.key)
                                    if kv.key.startswith(b"/registry/pods/shop/")]  # fmt: skip


def test_what_cannot_be_decrypted_is_named_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"

    assert run(["export", str(out), "secrets", "-n", "shop", "--as", "dir", "--from", DUMP]) == 1

    assert "/registry/secrets/shop/vault-aescbc-0 is not exported. This value is encrypted" in capsys.readouterr().err
