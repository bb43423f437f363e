"""docs/least-privilege.md, run as it stands: the user that it makes reads the registry, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdview.demo.certificates import ClusterCertificates
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program

DOCUMENT = Path(__file__).parents[2] / "docs" / "least-privilege.md"
BLOCKS = re.findall(r"^```bash\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
POD = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}'


class Lab:
    """An etcd with kubeadm's certificates, on which all blocks of the document were run."""

    def __init__(self, folder: Path, cluster: LocalCluster) -> None:
        self.folder = folder
        names = {"CACERT": cluster.tls.cacert, "CERT": cluster.tls.cert, "KEY": cluster.tls.key, "API": "3"}
        names["ENDPOINTS"] = ",".join(cluster.endpoints)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
        self.environ = clean | {f"ETCDCTL_{name}": value for name, value in names.items()}
        self.environ["PATH"] = f"{find_program('etcdctl').parent}:{self.environ['PATH']}"
        self.environ["PYTHONPATH"] = str(DOCUMENT.parents[1])

    def run(self, *command: str, as_reader: bool = False) -> subprocess.CompletedProcess[str]:
        """What a command says, with the healthcheck client's certificate or the new one."""
        mine = {"ETCDCTL_CERT": str(self.folder / "etcdview.crt"), "ETCDCTL_KEY": str(self.folder / "etcdview.key")}
        environ = self.environ | (mine if as_reader else {})
        return subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False, timeout=60
        )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """With a key inside of the registry and one outside."""
    pki = ClusterCertificates(tmp_path_factory.mktemp("pki"), ("one",))
    with LocalCluster(tmp_path_factory.mktemp("least"), ("one",), certificates=pki) as cluster:
        made = Lab(pki.members["one"].folder, cluster)
        made.run("etcdctl", "put", "/registry/pods/shop/web", POD)
        made.run("etcdctl", "put", "/other/web", "x")
        for block in BLOCKS:
            done = made.run("bash", "-euo", "pipefail", "-c", block)
            assert done.returncode == 0, done.stderr
        yield made


def test_the_reader_reads_the_registry(lab: Lab) -> None:
    done = lab.run(sys.executable, "-m", "etcdview", "get", "pods", "-A", as_reader=True)

    assert (done.returncode, "web" in done.stdout) == (0, True), done.stderr


def test_the_reader_writes_nothing_and_reads_nothing_else(lab: Lab) -> None:
    for words in (["put", "/registry/pods/shop/web", "x"], ["del", "/registry/", "--prefix"], ["get", "/other/web"]):
        done = lab.run("etcdctl", *words, as_reader=True)
        assert done.returncode != 0
        assert "permission denied" in done.stderr


def test_those_who_were_root_still_are(lab: Lab) -> None:
    assert lab.run("etcdctl", "put", "/registry/pods/shop/other", POD).returncode == 0
