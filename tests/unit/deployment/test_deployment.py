"""How etcd is deployed, read from a static pod, a systemd unit, an environment file, and etcd's own YAML."""

from __future__ import annotations

from typing import Any

from etcdview.config.units import Unit, environment_files, parse_environment
from etcdview.deployment import deployment
from etcdview.deployment.deployment import Deployment, topology


def kubeadm_pod(*more: str, host: str = "10.0.0.1") -> dict[str, Any]:
    """The manifest that kubeadm writes, in its main parts."""
    pki = "/etc/kubernetes/pki/etcd"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "etcd",
            "namespace": "kube-system",
            "annotations": {"kubeadm.kubernetes.io/etcd.advertise-client-urls": f"https://{host}:2379"},
        },
        "spec": {
            "containers": [
                {
                    "name": "etcd",
                    "image": "registry.k8s.io/etcd:3.6.5-0",
                    "command": [
                        "etcd",
                        f"--advertise-client-urls=https://{host}:2379",
                        f"--cert-file={pki}/server.crt",
                        "--client-cert-auth=true",
                        "--data-dir=/var/lib/etcd",
                        "--feature-gates=InitialCorruptCheck=true",
                        f"--initial-cluster=cp1=https://{host}:2380,cp2=https://10.0.0.2:2380",
                        f"--listen-client-urls=https://127.0.0.1:2379,https://{host}:2379",
                        f"--listen-peer-urls=https://{host}:2380",
                        "--name=cp1",
                        f"--peer-cert-file={pki}/peer.crt",
                        "--peer-client-cert-auth=true",
                        *more,
                    ],
                }
            ],
            "hostNetwork": True,
        },
    }


def read_pod(*more: str) -> Deployment:
    found = deployment.from_pod(kubeadm_pod(*more), "/etc/kubernetes/manifests/etcd.yaml")
    assert found is not None
    return found


UNIT = """
[Unit]
Description=etcd
[Service]
Environment="ETCD_NAME=one" ETCD_DATA_DIR=/data
EnvironmentFile=-/etc/default/etcd
ExecStart=/usr/local/bin/etcd --name ${ETCD_NAME} \\
  --listen-client-urls https://10.0.0.1:2379 \\
  --client-cert-auth --peer-client-cert-auth=false
"""


def test_a_kubeadm_pod_is_known_by_its_annotations_and_its_flags_are_explained() -> None:
    found = read_pod()
    assert found.how == "kubeadm static pod"
    assert (found.name, found.image) == ("cp1", "registry.k8s.io/etcd:3.6.5-0")
    assert found.peers == (("cp1", "https://10.0.0.1:2380"), ("cp2", "https://10.0.0.2:2380"))
    assert all(flag.meaning for flag in found.flags)


def test_a_pod_that_runs_no_etcd_is_none() -> None:
    assert deployment.from_pod({"spec": {"containers": [{"name": "web", "command": ["nginx"]}]}}, "x") is None
    assert deployment.from_pod({"spec": None}, "x") is None


def test_a_systemd_unit_is_read_over_continued_lines_with_its_environment() -> None:
    found = deployment.from_unit(
        Unit("/etc/systemd/system/etcd.service", "etcd.service", UNIT, {"ETCD_QUOTA_BACKEND_BYTES": "4294967296"})
    )
    assert found is not None
    assert found.flag("name") == "one"
    assert found.flag("data-dir") == "/data"
    assert found.flag("quota-backend-bytes") == "4294967296"
    assert found.is_on("client-cert-auth")
    assert not found.is_on("peer-client-cert-auth")
    assert environment_files(UNIT, "etcd.service") == ("/etc/default/etcd",)


def test_an_environment_file_is_read_without_its_comments_and_quotes() -> None:
    text = '# a comment=no\nETCD_NAME="one"\nexport ETCD_DATA_DIR=/data\n\n'
    assert parse_environment(text) == {"ETCD_NAME": "one", "ETCD_DATA_DIR": "/data"}


def test_etcds_own_yaml_has_tls_in_sections() -> None:
    settings = {
        "name": "one",
        "listen-client-urls": "https://10.0.0.1:2379",
        "client-transport-security": {"cert-file": "/a.crt", "client-cert-auth": True},
        "peer-transport-security": {"cert-file": "/b.crt"},
    }
    found = deployment.from_yaml(settings, "/etc/etcd/etcd.conf.yml")
    assert (found.flag("cert-file"), found.flag("peer-cert-file")) == ("/a.crt", "/b.crt")
    assert found.is_on("client-cert-auth")


def test_stacked_or_external_is_told_by_where_the_api_server_looks() -> None:
    assert topology([read_pod()], ()) == "stacked"
    assert topology([], ("https://127.0.0.1:2379",)) == "stacked"
    assert topology([], ("https://10.9.9.9:2379",), nodes=("10.0.0.1",)) == "external"
    assert topology([], ()) == "unknown"
    api_server = {"spec": {"containers": [{"command": ["kube-apiserver", "--etcd-servers=https://a:1,https://b:2"]}]}}
    assert deployment.etcd_servers(api_server) == ("https://a:1", "https://b:2")
