"""Every command of the page that explains is run against a real etcd, and its answer compared with the page's."""

from __future__ import annotations

import html
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.deployment.deployment import Deployment, Flag
from etcdview.pages.learn.commands import VERSIONS, within_the_pod
from tests.integration.conftest import Etcdctl
from tests.integration.indexing import wait_for
from webapp import create_app

KEYS = (
    *(f"/registry/configmaps/shop/c{n:02}" for n in range(12)),
    "/registry/namespaces/payments",
    "/registry/namespaces/shop",
    "/registry/pods/shop/a",
    "/registry/pods/shop/b",
)


def run(command: str, cluster: LocalCluster | None = None, folder: Path | None = None) -> str:
    """As a person would, in a shell without exports; with those of a node of `cluster` otherwise."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ETCDCTL_")}
    environ["PATH"] = f"{find_program('etcdctl').parent}:{environ['PATH']}"
    if cluster is not None:
        tls = cluster.tls
        environ |= {"ETCDCTL_ENDPOINTS": cluster.endpoints[0], "ETCDCTL_CACERT": tls.cacert}
        environ |= {"ETCDCTL_CERT": tls.cert, "ETCDCTL_KEY": tls.key}
    done = subprocess.run(
        ["/bin/bash", "-c", command], env=environ, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return "\n".join(line for line in done.stdout.splitlines() if line)


@pytest.fixture
def page(cluster: LocalCluster, etcdctl: Etcdctl) -> Iterator[str]:
    for key in KEYS:
        etcdctl("put", key, "{}")
    tls = cluster.tls
    settings = Settings(endpoints=cluster.endpoints, cacert=tls.cacert, cert=tls.cert, key=tls.key)
    opened = open_cluster(settings)
    try:
        client: FlaskClient = create_app(settings, opened).test_client()
        opened.index.search("/registry/", "prefix")
        wait_for(lambda: client.get("/learn").text.count("data-answer>") == 3)  # members are asked in the background
        yield client.get("/learn").text
    finally:
        opened.close()


def test_what_stands_by_a_command_is_what_it_answers(page: str) -> None:
    commands = re.findall(r"<code data-copy data-tried>(.*?)</code>", page, re.DOTALL)
    answers = re.findall(r"<pre [^>]*data-answer>(.*?)</pre>", page, re.DOTALL)

    assert len(commands) == len(answers) == 3
    for command, answer in zip(commands, answers, strict=True):
        assert run(html.unescape(re.sub(r"</?span.*?>", "", command))) == html.unescape(answer), command
    flags = re.findall(r"<code data-copy data-with-flags>(.*?)</code>", page, re.DOTALL)
    assert run(html.unescape(flags[0])) == html.unescape(answers[0])


def test_each_command_of_v3_does_what_that_of_v2_did(cluster: LocalCluster, etcdctl: Etcdctl, tmp_path: Path) -> None:
    found = {row.task: run(row.v3, cluster, tmp_path) for row in VERSIONS if row.v3 and "watch" not in row.v3}

    assert found["healthy?"].count("is healthy") == 3
    assert found["members"].count("started") == 3
    assert "SUCCESS" in found["create, if it does not exist"]
    assert found["write"] == "OK"
    assert found["read"] == "/learn/greeting\nhi"
    assert found["list"] == "/learn/greeting"
    assert found["delete"] == "1"
    assert (tmp_path / "backup.db").stat().st_size > 0
    create = next(row.v3 for row in VERSIONS if row.task.startswith("create"))
    run(create, cluster)
    assert "FAILURE" in run(create, cluster)  # it exists by now


def test_the_command_within_the_pod_has_the_paths_of_its_own_flags(
    cluster: LocalCluster, etcdctl: Etcdctl, tmp_path: Path
) -> None:
    etcdctl("put", "/registry/pods/shop/a", "{}")
    tls = cluster.tls
    paths = {"trusted-ca-file": tls.cacert, "cert-file": tls.cert, "key-file": tls.key}
    flags = tuple(
        Flag(name, value, "") for name, value in (paths | {"listen-client-urls": cluster.endpoints[0]}).items()
    )
    kubectl = tmp_path / "kubectl"  # the etcd of the pod is that of the test
    kubectl.write_text('#!/bin/sh\nshift 5 && exec "$@"\n')
    kubectl.chmod(0o755)
    command = within_the_pod((Deployment("kubeadm static pod", "etcd.yaml", flags, node="cp1"),))

    assert command.startswith("kubectl -n kube-system exec etcd-cp1 -- etcdctl ")
    assert run(f'PATH={tmp_path}:"$PATH"; {command}') == "/registry/pods/shop/a"
    assert "/etc/kubernetes/pki/etcd/ca.crt" in within_the_pod(())
