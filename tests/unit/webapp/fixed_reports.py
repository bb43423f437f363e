"""What the tests of the health pages share: the app over a report made by hand, and pods as kubeadm mirrors them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from flask import Flask

from etcdview.cluster.cluster import Cluster
from etcdview.codec import Codec
from etcdview.config import Settings
from etcdview.health.certificate_inventory import CertificateInventory
from etcdview.health.facts import ClusterFacts
from etcdview.health.history import History
from etcdview.health.monitor import Monitor, Report
from etcdview.health.rules import RuleContext, examine
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.stores.files.memory import StaticStore
from webapp import create_app

KEYSPACE = KeySpace()


class FixedMonitor:
    """Answers with the report it was given, at once: the pages are what is tested."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.compared = 0

    def latest(self, wait_seconds: float = 1.9) -> Report:
        return self.report

    def compare_hashes(self) -> None:
        self.compared += 1

    def stop(self) -> None: ...


def report_of(
    facts: ClusterFacts,
    *,
    history: History | None = None,
    certificates: CertificateInventory | None = None,
    before: ClusterFacts | None = None,
) -> Report:
    """The report that the monitor would make of these facts."""
    history = history or History().add(facts)
    certificates = certificates or CertificateInventory()
    verdict = examine(RuleContext(facts, before or facts, history, certificates))
    return Report(facts, verdict, age_seconds=1.0, history=history, certificates=certificates)


def cluster_of(report: Report | None, objects: Mapping[str, Any] | None = None) -> Cluster:
    """A cluster whose registry holds `objects` by key, as JSON."""
    kvs = [KeyValue(key.encode(), 5, 5, 1, value=json.dumps(value).encode()) for key, value in (objects or {}).items()]
    store = StaticStore("given.db", kvs, revision=1201)
    return Cluster(
        name="given",
        store=store,
        index=MemoryNames.of_store(store, KEYSPACE),
        codec=Codec(),
        keyspace=KEYSPACE,
        monitor=cast(Monitor, FixedMonitor(report)) if report else None,
    )


def app_of(report: Report | None, objects: Mapping[str, Any] | None = None) -> Flask:
    """The app over that cluster. It is one app for all tests, since its templates take a second to compile."""
    app = _app()
    app.extensions["etcdview"] = cluster_of(report, objects)
    return app


@cache
def _app() -> Flask:
    return create_app(Settings(cluster_name="given"), cluster_of(None))


def etcd_pod(number: int, *more: str) -> tuple[str, dict[str, Any]]:
    """Key and object of the mirror pod of one member, as kubeadm and the kubelet make it."""
    host, name = f"10.0.0.{number}", f"cp{number}"
    words = [
        "etcd",
        f"--advertise-client-urls=https://{host}:2379",
        "--cert-file=/etc/kubernetes/pki/etcd/server.crt",
        "--client-cert-auth=true",
        "--data-dir=/var/lib/etcd",
        "--feature-gates=InitialCorruptCheck=true",
        f"--initial-cluster={name}=https://{host}:2380",
        f"--listen-client-urls=https://127.0.0.1:2379,https://{host}:2379",
        f"--listen-peer-urls=https://{host}:2380",
        f"--initial-advertise-peer-urls=https://{host}:2380",
        f"--name={name}",
        "--peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt",
        "--peer-client-cert-auth=true",
        *more,
    ]
    annotations = {"kubeadm.kubernetes.io/etcd.advertise-client-urls": f"https://{host}:2379"}
    return _pod(f"etcd-{name}", name, host, words, annotations)


def api_pod(number: int, servers: str = "https://127.0.0.1:2379") -> tuple[str, dict[str, Any]]:
    """Key and object of a kube-apiserver's mirror pod."""
    words = ["kube-apiserver", f"--etcd-servers={servers}"]
    return _pod(f"kube-apiserver-cp{number}", f"cp{number}", f"10.0.0.{number}", words, {})


def _pod(name: str, node: str, host: str, words: list[str], annotations: dict[str, str]) -> tuple[str, dict[str, Any]]:
    return f"/registry/pods/kube-system/{name}", {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "kube-system", "annotations": annotations},
        "spec": {"nodeName": node, "containers": [{"name": name.partition("-cp")[0], "command": words}]},
        "status": {"hostIP": host},
    }
