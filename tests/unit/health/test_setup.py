"""How etcd is set up, put together from the registry, this machine's files and the members in sight."""

from __future__ import annotations

from types import SimpleNamespace as Build
from typing import Any

from etcdview.health.deployment import Deployment, Flag
from etcdview.health.setup import describe


def pod(name: str, *words: str, **annotations: str) -> tuple[str, dict[str, Any]]:
    spec = {"containers": [{"name": words[0], "command": list(words)}], "nodeName": "cp1"}
    return f"/registry/pods/kube-system/{name}", {"metadata": {"annotations": annotations}, "spec": spec}


ETCD = pod("etcd-cp1", "etcd", "--name=cp1", **{"kubeadm.kubernetes.io/etcd.advertise-client-urls": "x"})
API_SERVER = pod("kube-apiserver-cp1", "kube-apiserver", "--etcd-servers=https://127.0.0.1:2379")
ELSEWHERE = pod("kube-apiserver-cp1", "kube-apiserver", "--etcd-servers=https://10.9.9.9:2379")
UNIT = Deployment("systemd unit", "/etc/systemd/system/etcd.service", (Flag("name", "cp1", ""),))


def test_kubeadms_stacked_etcd_is_told_from_its_mirror_pod(build: Build) -> None:
    setup = describe([ETCD, API_SERVER], [], build.cluster())
    assert setup.topology == "stacked"
    assert setup.servers == ("https://127.0.0.1:2379",)
    assert setup.words.startswith("3 etcd members, deployed as a static pod that kubeadm wrote. It is stacked")


def test_an_external_etcd_is_told_from_where_the_api_server_looks(build: Build) -> None:
    setup = describe([ELSEWHERE], [], build.cluster(1), nodes=["10.0.0.1"])
    assert setup.topology == "external"
    assert setup.words.startswith("One etcd member; neither the registry")


def test_a_member_found_in_the_registry_is_not_told_again_from_disk(build: Build) -> None:
    assert [d.how for d in describe([ETCD], [UNIT], None).deployments] == ["kubeadm static pod"]
    assert [d.how for d in describe([], [UNIT], None).deployments] == ["systemd unit"]


def test_what_is_missing_is_said_of_the_cluster_in_sight(build: Build) -> None:
    assert "2 more members" in [gap.what for gap in describe([], [], build.cluster(1)).gaps]
