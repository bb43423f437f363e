"""`members`, `history` and `describe` against a real etcd over mutual TLS: as the API and the pages have it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from tests.integration.indexing import wait_for
from tests.integration.test_get import config_map, etcdview
from webapp import create_app

Etcdctl = Callable[..., str]


def run(cluster: LocalCluster, name: str, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(etcdview(cluster, name, *arguments), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout


def test_members_are_those_of_the_api(cluster: LocalCluster) -> None:
    reported = json.loads(run(cluster, "members", "-o", "json"))
    tls = cluster.tls
    settings = Settings(endpoints=cluster.endpoints, cacert=tls.cacert, cert=tls.cert, key=tls.key)
    opened = open_cluster(settings)
    try:
        client = create_app(settings, opened).test_client()

        def answer() -> Any:
            return client.get("/api/v1/cluster").get_json()["members"]

        wait_for(lambda: len(answer()) == 3)
        members = answer()
    finally:
        opened.close()
    assert [set(m) for m in reported] == [set(m) for m in members]
    moving = {"raftIndex", "raftAppliedIndex", "latencySeconds", "dbSize", "dbSizeInUse"}
    steady = [{k: v for k, v in m.items() if k not in moving} for m in members]
    assert [{k: v for k, v in m.items() if k not in moving} for m in reported] == steady
    assert all(m["healthy"] for m in reported)


def test_members_as_a_table_name_the_leader_and_one_that_does_not_answer(cluster: LocalCluster) -> None:
    cluster.members[0].pause()
    try:
        lines = run(cluster, "members").splitlines()
    finally:
        cluster.members[0].resume()
    assert lines[0].split()[:3] == ["NAME", "HEALTH", "ROLE"]
    assert sorted(line.split()[1] for line in lines[1:]) == ["healthy", "healthy", "unhealthy"]


def test_history_shows_what_each_write_changed_and_the_deletion(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    key = config_map("a", 1)[0]
    for entries in (1, 2):
        etcdctl("put", key, stdin=config_map("a", entries)[1])
    etcdctl("del", key)

    text = run(cluster, "history", key)

    assert re.match(
        r"revision \d+  deleted\nrevision \d+  version 2  .*\n(    .*\n)*  \+   k1: v\n(    .*\n)*"
        r"revision \d+  version 1  .* created( again)?\n",
        text,
    ), text
    revisions = json.loads(run(cluster, "history", key, "-o", "json"))["revisions"]
    assert [(r["version"], r["deleted"]) for r in revisions][:3] == [(0, True), (2, False), (1, False)]
    assert run(cluster, "describe", "cm", "a", "-n", "shop", status=1) == ""


def test_describe_reads_a_live_etcd(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    key, value = config_map("a", 2, app="web")
    etcdctl("put", key, stdin=value)

    text = run(cluster, "describe", "configmap", "a", "-n", "shop")

    assert re.search(r"^Labels: +app=web$", text, re.MULTILINE)
    assert text.endswith("Events:  <none>\n")
