"""A real etcd for every test that asks: three members with mutual TLS, or one without TLS. Wiped before each test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etcdview.demo.certificates import ClusterCertificates
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from tests.integration.indexing import Writer

ROOT = Path(__file__).parents[2]
NAMES = ("cp1", "cp2", "cp3")
Etcdctl = Callable[..., str]


def run_etcdctl(cluster: LocalCluster, *arguments: str, stdin: bytes = b"") -> str:
    """What etcdctl prints, asked with all of the cluster's endpoints and the client's certificate."""
    tls = cluster.tls
    files = {"ETCDCTL_CACERT": tls.cacert, "ETCDCTL_CERT": tls.cert, "ETCDCTL_KEY": tls.key} if tls.given else {}
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ETCDCTL_")} | files
    environ |= {"ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": ",".join(cluster.endpoints)}
    environ |= {"ETCDCTL_COMMAND_TIMEOUT": "20s"}  # an election on a busy machine takes longer than etcdctl's 5 s
    command = [str(find_program("etcdctl")), *arguments]
    done = subprocess.run(command, env=environ, input=stdin, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, f"etcdctl {' '.join(arguments)}: {done.stderr.decode()}"
    return done.stdout.decode("utf-8", "surrogateescape")


def exports(cluster: LocalCluster) -> dict[str, str]:
    """The variables that README has exported before its commands."""
    tls = cluster.tls
    files = {"ETCDCTL_CACERT": tls.cacert, "ETCDCTL_CERT": tls.cert, "ETCDCTL_KEY": tls.key}
    return {"ETCDCTL_ENDPOINTS": ",".join(cluster.endpoints), **files}


def put_etcdview(folder: Path) -> str:
    """A PATH on which this checkout's etcdview is, made in a folder, and etcdctl."""
    program = folder / "bin" / "etcdview"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m etcdview "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{find_program('etcdctl').parent}:{os.environ['PATH']}"


def beyond_a_thousand(running: LocalCluster) -> LocalCluster:
    """The cluster at a revision that people read with a comma, whichever test comes first."""
    writer = Writer(running.endpoints[0], running.tls if running.tls.given else None)
    for _ in range(1_000):
        writer.put(b"/beyond-a-thousand")
    writer.close()
    return running


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> ClusterCertificates:
    """kubeadm's files for cp1, cp2 and cp3, and the CA that signs more of them."""
    return ClusterCertificates(tmp_path_factory.mktemp("pki"), NAMES)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, certificates: ClusterCertificates) -> Iterator[LocalCluster]:
    """Three members with mutual TLS. A test may pause and kill them: they are healed before the next."""
    with LocalCluster(tmp_path_factory.mktemp("cluster"), NAMES, certificates=certificates) as running:
        yield beyond_a_thousand(running)


@pytest.fixture(scope="session")
def plain_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """One member that speaks http."""
    with LocalCluster(tmp_path_factory.mktemp("plain"), ("plain",)) as running:
        yield beyond_a_thousand(running)


@pytest.fixture(autouse=True)
def _wiped(request: pytest.FixtureRequest) -> None:
    """Each test finds all members well, and no key."""
    for name in {"cluster", "plain_etcd"} & set(request.fixturenames):
        running: LocalCluster = request.getfixturevalue(name)
        running.heal()
        run_etcdctl(running, "del", "", "--from-key=true")


@pytest.fixture
def etcdctl(cluster: LocalCluster) -> Etcdctl:
    """Run etcdctl against `cluster`: etcdctl("put", "/a", "b") gives what it prints."""
    return lambda *arguments, stdin=b"": run_etcdctl(cluster, *arguments, stdin=stdin)


@pytest.fixture
def plain_etcdctl(plain_etcd: LocalCluster) -> Etcdctl:
    """Run etcdctl against `plain_etcd`."""
    return lambda *arguments, stdin=b"": run_etcdctl(plain_etcd, *arguments, stdin=stdin)


@pytest.fixture
def member_folder(tmp_path: Path) -> Path:
    """A folder for a cluster of the test's own."""
    return tmp_path / "cluster"
