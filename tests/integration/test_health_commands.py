"""`etcdview health` and `etcdview doctor` against a real etcd, as programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
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
    assert done.stdout.startswith("healthy: 3 of 3 voters answer; 1 more can fail.")
    assert "has not been compared" in done.stdout


def test_health_as_json_has_the_fields_of_the_api(cluster: Cluster) -> None:
    reported = json.loads(run(cluster, "health", "-o", "json", "--compare-data").stdout)
    assert set(reported) == {"verdict", "at", "findings"}
    assert reported["verdict"] == "healthy"
    fields = {"id", "severity", "summary", "evidence", "why", "action", "commands", "member"}
    assert all(set(finding) == fields for finding in reported["findings"])
    assert "data-uncompared" not in [finding["id"] for finding in reported["findings"]]


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


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (("--no-such-flag",), {}),
        (("--endpoints",), {}),
        (("--endpoints", ""), {}),
        ((), {"ETCDCTL_ENDPOINTS": "ftp://127.0.0.1"}),
        (("--endpoints", "https://127.0.0.1:99999"), {}),
        (("--config", "/nowhere.toml"), {}),
        (("-o", "xml"), {}),
        (("--cacert", "/nowhere/ca.crt", "--endpoints", "https://127.0.0.1:1"), {}),
    ],
)
def test_health_that_is_misused_is_unknown_and_no_verdict(words: tuple[str, ...], environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "etcdview", "health", *words]
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3, done.stdout
    assert done.stderr or done.stdout.startswith("unknown")
    assert "Traceback" not in done.stderr


def test_health_that_fails_within_is_unknown(plain_etcd: Cluster) -> None:
    """Python's own status for a fault is 1, which would mean degraded."""
    fault = "import etcdview.health.once as once\ndef fail(*_, **__): raise ZeroDivisionError\nonce.look_once = fail\n"
    code = f"{fault}from etcdview.cli import main\nmain(['health'])"
    environ = os.environ | {"ETCDCTL_ENDPOINTS": ",".join(plain_etcd.endpoints)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("words", [(), ("-o", "json")])
def test_health_into_a_pipe_that_nobody_reads_keeps_its_status(plain_etcd: Cluster, words: tuple[str, ...]) -> None:
    for endpoints, status in ((plain_etcd.endpoints, 1), (("http://127.0.0.1:1",), 3)):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "etcdview", "health", *words]
        environ = os.environ | {"ETCDCTL_ENDPOINTS": ",".join(endpoints)}
        done = subprocess.run(command, env=environ, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
        os.close(writer)
        assert (done.returncode, done.stderr) == (status, "")


def test_a_bundle_with_odd_certificates_brings_no_warnings(cluster: Cluster, tmp_path: Path) -> None:
    """A serial number of 0, as some authorities in systems' bundles have, makes cryptography warn."""
    odd = tmp_path / "odd.crt"
    words = [
        "-keyout",
        str(tmp_path / "odd.key"),
        "-out",
        str(odd),
        "-days",
        "99",
        "-subj",
        "/CN=odd",
        "-set_serial",
        "0",
    ]
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", *words]
    subprocess.run(command, check=True, capture_output=True)
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(odd.read_text() + Path(cluster.tls.cacert).read_text())
    for words in (["health"], ["doctor"], ["get", "namespaces"]):
        done = run(cluster, *words, ETCDCTL_CACERT=str(bundle))
        assert "arning" not in done.stderr
        assert done.returncode == 0, done.stdout + done.stderr


def test_doctor_goes_through_every_step_to_a_read(cluster: Cluster) -> None:
    reported = json.loads(run(cluster, "doctor", "-o", "json").stdout)
    steps = ["files", "resolve", "connect", "tls", "client certificate", "authorisation", "read"]
    assert [[s["name"] for s in d["steps"]] for d in reported["diagnoses"]] == [steps] * 3
    assert reported["source"] == "variable ETCDCTL_ENDPOINTS"


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
    assert "1 of 3 endpoints failed" in done.stdout
