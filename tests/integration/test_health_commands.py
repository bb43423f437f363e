"""`etcdview health` and `etcdview doctor` against a real etcd, as programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

Cluster = Any


def run(cluster: Cluster, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The program, with the cluster's endpoints and files in the environment."""
    tls = cluster.tls
    files = {"ETCDCTL_CACERT": tls.cacert, "ETCDCTL_CERT": tls.cert, "ETCDCTL_KEY": tls.key}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ETCDCTL_")}
    given = {"ETCDCTL_ENDPOINTS": ",".join(cluster.endpoints)} | {k: v for k, v in files.items() if v} | environ
    command = [sys.executable, "-m", "etcdview", *words]
    return subprocess.run(command, env=clean | given, capture_output=True, text=True, timeout=60, check=False)


def test_health_of_a_healthy_cluster_exits_with_0(cluster: Cluster) -> None:
    done = run(cluster, "health")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("healthy: 3 of 3 voters answer; 1 more may fail.")


def test_health_as_json_has_the_fields_of_the_api(cluster: Cluster) -> None:
    told = json.loads(run(cluster, "health", "-o", "json", "--compare-data").stdout)
    assert set(told) == {"verdict", "at", "findings"}
    assert told["verdict"] == "healthy"
    fields = {"id", "severity", "summary", "evidence", "why", "action", "commands", "member"}
    assert all(set(finding) == fields for finding in told["findings"])


def test_health_tells_degraded_and_no_quorum_by_its_exit_status(cluster: Cluster) -> None:
    for number, verdict, exit_status in ((0, "degraded", 1), (1, "no quorum", 2)):
        cluster.members[number].pause()
        until = time.monotonic() + 10
        while (done := run(cluster, "health", "-o", "json")).returncode != exit_status and time.monotonic() < until:
            time.sleep(0.2)
        assert json.loads(done.stdout)["verdict"] == verdict


def test_health_of_nobody_is_unknown(plain_etcd: Cluster) -> None:
    done = run(plain_etcd, "health", ETCDCTL_ENDPOINTS="http://127.0.0.1:1")
    assert done.returncode == 3
    assert done.stdout.startswith("unknown")
    assert "Traceback" not in done.stderr


def test_doctor_goes_through_every_step_to_a_read(cluster: Cluster) -> None:
    told = json.loads(run(cluster, "doctor", "-o", "json").stdout)
    steps = ["files", "resolve", "connect", "tls", "client certificate", "authorisation", "read"]
    assert [[s["name"] for s in d["steps"]] for d in told["diagnoses"]] == [steps] * 3
    assert told["source"] == "variable ETCDCTL_ENDPOINTS"


@pytest.mark.parametrize(
    ("environ", "step", "said"),
    [
        ({"ETCDCTL_CERT": "", "ETCDCTL_KEY": ""}, "client certificate", "none is given"),
        ({"ETCDCTL_CACERT": "/nowhere/ca.crt"}, "files", "/nowhere/ca.crt does not exist"),
        ({"ETCDCTL_ENDPOINTS": "https://127.0.0.1:1"}, "connect", "Nothing listens at https://127.0.0.1:1"),
        ({"ETCDCTL_ENDPOINTS": "https://etcd.invalid:2379"}, "resolve", "etcd.invalid does not resolve"),
    ],
)
def test_doctor_names_the_step_that_fails_and_the_remedy(
    cluster: Cluster, environ: dict[str, str], step: str, said: str
) -> None:
    done = run(cluster, "doctor", **environ)
    failed = next(line for line in done.stdout.splitlines() if "✗" in line)
    assert done.returncode == 3, done.stdout
    assert step in failed
    assert said in failed
    assert "→" in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_says_which_of_several_endpoints_is_ill(cluster: Cluster) -> None:
    cluster.members[2].kill()
    cluster.wait_ready(cluster.members[:2])
    done = run(cluster, "doctor")
    assert done.returncode == 1
    assert "1 of 3 endpoints cannot be used" in done.stdout
