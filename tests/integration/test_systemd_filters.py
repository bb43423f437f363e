"""`etcdview serve` under the filters of system calls that docs/deploy's unit sets: nothing that it does is refused."""

from __future__ import annotations

import errno
import http.client
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from tests.filtered import allowed
from tests.serving import running

pytestmark = pytest.mark.long  # `make deployed` runs it, which CI does

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "docs" / "deploy" / "systemd" / "etcdview.service"
CAPTURE = ROOT / "tests" / "testdata" / "cluster-shop" / "registry.jsonl.gz"
DEADLINE_SECONDS = 60.0
PAGES = ("/", "/registry?resource=pods&namespace=shop", "/health", "/namespaces", "/space", "/search?q=web", "/readyz")


def _filtered(unit: Path) -> tuple[str, ...]:
    return sys.executable, "-m", "tests.filtered", str(unit)


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _is_complete(port: int) -> bool:
    status, body = _get(port, "/api/v1/resources")
    return status == 200 and bool(json.loads(body)["factsComplete"])


@pytest.mark.parametrize(("workers", "strict"), [("1", False), ("2", True)])
def test_a_server_has_all_its_pages_and_facts_under_the_filters(
    cluster: LocalCluster, tmp_path: Path, workers: str, strict: bool
) -> None:
    """`strict`: the priority of a process, too, may not be changed."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text() + "SystemCallFilter=~@resources\n" * strict)
    load(cluster.endpoints[0], cluster.tls, read_dump(CAPTURE))
    tls = ("--cacert", cluster.tls.cacert, "--cert", cluster.tls.cert, "--key", cluster.tls.key)
    options = ("--endpoints", ",".join(cluster.endpoints), *tls, "--facts", "on", "--kube-api", "--workers", workers)
    deadline = time.monotonic() + DEADLINE_SECONDS

    with running(*options, before=_filtered(unit)) as server:
        while not _is_complete(server.port):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert {path: _get(server.port, path)[0] for path in PAGES} == dict.fromkeys(PAGES, 200)
        server.process.send_signal(signal.SIGHUP)
        assert _get(server.port, "/")[0] == 200


REFUSED = {
    "a system call": "import os; os.chroot('/')",
    "a family of sockets": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "code that is written": "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)",
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_filters_are_there(what: str) -> None:
    command = [*_filtered(UNIT), sys.executable, "-c", REFUSED[what]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)

    assert done.returncode == 1
    refused = (errno.EPERM, errno.EAFNOSUPPORT)
    assert any(f"[Errno {number}]" in done.stderr for number in refused), done.stderr


def test_a_later_line_takes_away_what_an_earlier_one_allows() -> None:
    assert {"read", "nice"} <= allowed("SystemCallFilter=@system-service")
    assert "nice" not in allowed("SystemCallFilter=@system-service\nSystemCallFilter=~@resources")
    assert "nice" in allowed("SystemCallFilter=@system-service\nSystemCallFilter=~@resources\nSystemCallFilter=nice")
