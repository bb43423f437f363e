"""`etcdview diff`: counts, objects and fields of two files; a file at two revisions; what cannot be read."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etcdview.cli.main import run
from etcdview.models import KeyValue
from etcdview.stores.files.dump import read_dump, write_dump

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
DUMP = CAPTURE / "registry.jsonl.gz"
ENCRYPTION = ("--encryption-config", str(CAPTURE / "encryption-config.yaml"))
BINDING = b"/registry/clusterrolebindings/jane"

Diff = Callable[..., tuple[int, str]]


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str]) -> Diff:
    """The exit status, and what is printed."""

    def call(*arguments: object) -> tuple[int, str]:
        status = run(["diff", *map(str, arguments), *ENCRYPTION])
        return status, capsys.readouterr().out

    return call


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    path.write_bytes(gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes()))
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The capture with three pods less, a copy of a ConfigMap more, one of them changed, and a right more."""
    kvs = list(read_dump(DUMP))
    pods = sorted(kv.key for kv in kvs if b"/pods/" in kv.key)[:3]
    one = next(kv for kv in kvs if kv.key == b"/registry/configmaps/shop/kube-root-ca.crt")
    changed = [_changed(kv) if kv is one else kv for kv in kvs if kv.key not in pods]
    path = tmp_path / "other.jsonl.gz"
    write_dump([*changed, replace(one, key=one.key + b"-copy"), replace(one, key=BINDING, value=_binding())], path)
    return path


def _changed(kv: KeyValue) -> KeyValue:
    at = max(kv.value.rfind(letter) for letter in b"aeo")
    return replace(kv, value=kv.value[:at] + b"u" + kv.value[at + 1 :], mod_revision=kv.mod_revision + 9)


def _binding() -> bytes:
    role = {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}
    obj: dict[str, Any] = {"kind": "ClusterRoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1"}
    obj |= {"metadata": {"name": "jane"}, "roleRef": role, "subjects": [{"kind": "User", "name": "jane"}]}
    return json.dumps(obj).encode()


def test_json_has_counts_objects_and_fields(diff: Diff, other: Path) -> None:
    status, text = diff(DUMP, other, "-o", "json")

    found = json.loads(text)
    assert status == 1
    assert found["counts"] == {"added": 2, "removed": 3, "changed": 1}
    assert found["from"] == {"source": str(DUMP), "revision": 1201}
    assert {change["change"] for change in found["changes"]} == {"added", "removed", "changed"}
    [changed] = [change for change in found["changes"] if change["change"] == "changed"]
    assert (changed["resource"], changed["namespace"]) == ("configmaps", "shop")
    [field] = changed["fields"]
    assert field["from"] != field["to"]
    [gained] = found["rights"]["gained"]
    assert gained["subject"] == "User jane"
    assert found["rights"]["lost"] == []


def test_text_has_counts_first_then_rights_then_objects(diff: Diff, other: Path) -> None:
    status, text = diff(DUMP, other)

    lines = text.splitlines()
    assert status == 1
    assert lines.index("Rights") < lines.index("Objects")
    [total] = [line.split() for line in lines if line.startswith("total")]
    assert total == ["total", "2", "3", "1", "0"]
    assert "~ configmaps/shop/kube-root-ca.crt" in lines
    assert "+ configmaps/shop/kube-root-ca.crt-copy" in lines


def test_a_file_is_the_same_as_itself_and_as_the_snapshot_it_was_made_of(diff: Diff, snapshot: Path) -> None:
    for pair in ((DUMP, DUMP), (snapshot, snapshot), (snapshot, DUMP)):
        status, text = diff(*pair)
        assert (status, text.splitlines()[-1]) == (0, "No difference.")


def test_a_snapshot_is_compared_at_two_revisions(diff: Diff, snapshot: Path) -> None:
    status, text = diff(f"{snapshot}@600", snapshot, "deployments", "-n", "shop")

    assert status == 1
    assert text.splitlines()[0] == f"from  {snapshot}@600  revision 600"
    assert "~ deployments.apps/shop/cart\n    spec.replicas: 1 -> 3\n" in text
    assert "spec.template.spec.containers[checkout].image: registry.example.org/checkout:2.8.0 -> " in text


def test_both_ways_lead_to_the_same_changes(diff: Diff, snapshot: Path, tmp_path: Path) -> None:
    """By revisions within one file, and by values between two."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(snapshot.read_bytes())
    one, two = (json.loads(diff(f"{snapshot}@600", new, "-o", "json")[1]) for new in (snapshot, copy))

    assert one["changes"] == two["changes"]


def test_labels_and_prefixes_choose(diff: Diff, snapshot: Path) -> None:
    by_label = json.loads(diff(f"{snapshot}@600", snapshot, "-l", "app=cart", "-o", "json")[1])["changes"]
    by_prefix = json.loads(
        diff(f"{snapshot}@600", snapshot, "--prefix", "/registry/pods/payments/", "-o", "json")[1]
    )["changes"]  # fmt: skip

    assert {"deployments.apps", "pods"} <= {change["resource"] for change in by_label}
    assert all("cart" in change["name"] for change in by_label)
    assert {(change["resource"], change["namespace"]) for change in by_prefix} == {("pods", "payments")}


def test_no_secret_is_printed(diff: Diff, snapshot: Path, tmp_path: Path) -> None:
    kvs = {kv.key: kv for kv in read_dump(DUMP)}
    key = next(key for key in sorted(kvs) if b"/secrets/shop/" in key)
    secret = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {},
        "data": {"p": base64.b64encode(b"hunter2").decode()},
    }
    new = tmp_path / "new.jsonl"
    write_dump([replace(kvs[key], value=json.dumps(secret).encode())], new)
    secret["data"] = {"p": base64.b64encode(b"hunter3").decode()}
    old = tmp_path / "old.jsonl"
    write_dump([replace(kvs[key], value=json.dumps(secret).encode())], old)

    for output in ("text", "json"):
        status, text = diff(old, new, "-o", output)
        assert status == 1
        assert "fingerprint" in text
        assert "hunter" not in text
        assert "aHVudGVy" not in text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("{dump}", "/no/such.db"), 2, "There is no file /no/such.db."),
        (("{dump}@0", "{dump}"), 2, "names no revision"),
        (("{dump}@7", "{dump}"), 3, "holds revision 1201 only"),
        (("{dump}@9999", "{dump}"), 2, "holds revision 1201 only"),
        (("{dump}", "{dump}", "podz"), 2, 'Neither source has a resource type "podz".'),
        (("{dump}", "{dump}", "pods", "--prefix", "/registry/"), 2, "cannot be combined"),
        (("{dump}", "{dump}", "-l", "="), 2, "label selector"),
        (("{dump}", "{damaged}"), 3, "is neither"),
        (("{dump}", "live", "--endpoints", "http://127.0.0.1:1"), 3, "127.0.0.1:1"),
        (("{dump}",), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_compared_is_not_called_different(
    arguments: tuple[str, ...], status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"\1" * 9000)

    assert run(["diff", *(one.format(dump=DUMP, damaged=damaged) for one in arguments)]) == status
    assert said in capsys.readouterr().err


def test_a_file_whose_name_ends_like_a_revision_is_that_file(tmp_path: Path, diff: Diff) -> None:
    path = tmp_path / "backup@12"
    path.write_bytes(DUMP.read_bytes())

    assert diff(path, DUMP)[0] == 0
