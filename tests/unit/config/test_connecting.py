"""docs/connecting.md names every place in which etcdview looks for etcd, and every distribution that it knows."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
import yaml

from etcdview.codec.encryption.config import parse_encryption_config
from etcdview.config import kubeadm, load
from etcdview.kube import distributions

TEXT = (Path(__file__).parents[3] / "docs" / "connecting.md").read_text("utf-8")
HEADINGS = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
K3S = "/var/lib/rancher/k3s/server/tls/etcd"


@pytest.mark.parametrize(
    "path",
    [
        kubeadm.MANIFEST,
        kubeadm.API_SERVER,
        kubeadm.PKI,
        *(folder for _, folder in kubeadm.RANCHER),
        *(socket for _, socket in kubeadm.SOCKETS),
    ],
    ids=str,
)
def test_each_place_is_named(path: Path) -> None:
    assert f"`/{path}`" in TEXT


def test_the_ways_are_told_in_their_order() -> None:
    named = [str(kubeadm.MANIFEST), "kube-apiserver.service", "alone", "kine.sock", str(kubeadm.SOCKETS[0][1])]
    ways = re.findall(r"^\d\. (.*)$", TEXT, re.MULTILINE)

    assert [word in way for word, way in zip([*named, "etcd.service"], ways, strict=True)] == [True] * 6


@pytest.mark.parametrize("name", distributions._MARKS)
def test_each_distribution_that_is_recognised_is_named(name: str) -> None:
    assert re.search(rf"\b{name}\b", TEXT, re.IGNORECASE)


def test_each_row_of_the_table_leads_to_a_section() -> None:
    rows = re.findall(r"^\| \[[^]]+\]\(#([\w-]+)\)", TEXT, re.MULTILINE)

    assert len(rows) == 13
    assert set(rows) <= {re.sub(r"[^\w -]", "", heading).replace(" ", "-").lower() for heading in HEADINGS}


def test_the_certificates_of_k3s_and_of_minikube_are_those_that_are_found(tmp_path: Path) -> None:
    for name in ("server-ca.crt", "client.crt", "client.key"):
        path = tmp_path / K3S.lstrip("/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        assert f"`{name}`" in TEXT
    assert load({}, {}, tmp_path).cert == f"{tmp_path}{K3S}/client.crt"
    assert f"`{K3S}/client.crt`" in TEXT

    flags = ("trusted-ca-file=/var/lib/minikube/certs/etcd/ca.crt", "cert-file=/var/lib/minikube/certs/etcd/server.crt")
    command = ["etcd", "--client-cert-auth=true", *(f"--{flag}" for flag in flags)]
    manifest = tmp_path / kubeadm.MANIFEST
    manifest.parent.mkdir(parents=True)
    manifest.write_text(yaml.safe_dump({"spec": {"containers": [{"name": "etcd", "command": command}]}}))
    assert load({}, {}, tmp_path).cert == "/var/lib/minikube/certs/etcd/server.crt"
    assert "`/var/lib/minikube/certs/etcd/server.crt`" in TEXT


def test_the_encryption_configuration_of_talos_is_one() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    secret = base64.b64encode(bytes(32)).decode()

    (rule,) = parse_encryption_config(yaml.safe_load(block.replace("SECRET", secret))).rules

    assert (rule.resources, rule.providers) == (("secrets",), ("secretbox", "identity"))
    assert [(key.provider, key.name) for key in rule.keys] == [("secretbox", "key2")]
