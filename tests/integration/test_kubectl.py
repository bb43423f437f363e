"""A real kubectl against etcdview: `make kubectl` runs it, with the kubectl on PATH."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import TESTDATA
from tests.serving import serving

pytestmark = pytest.mark.kubectl
CAPTURE = TESTDATA / "cluster-shop"
Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """Runs kubectl against the capture, and gives what it prints; it must end well, or with `status`."""
    home = str(tmp_path_factory.mktemp("home"))
    encryption = ("--encryption-config", str(CAPTURE / "encryption-config.yaml"))
    with serving("--from", str(CAPTURE / "registry.jsonl.gz"), "--kube-api", "--show-secrets", *encryption) as port:

        def run(*words: str, status: int = 0, at: str = "") -> str:
            server = f"http://127.0.0.1:{port}/kube{at}"
            command = ["kubectl", "--kubeconfig", os.devnull, "--cache-dir", home, "--server", server, *words]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == status, done.stderr
            errors = (line for line in done.stderr.splitlines(keepends=True) if not line.startswith("Warning: "))
            return done.stdout + "".join(errors)

        yield run


def test_every_type_is_listed_in_every_output(kubectl: Kubectl) -> None:
    types = kubectl("api-resources", "--verbs=list", "-o", "name").split()
    assert len(types) > 60

    for name in types:
        wide = kubectl("get", name, "-A", "-o", "wide")
        names = kubectl("get", name, "-A", "-o", "name").splitlines()
        objects = json.loads(kubectl("get", name, "-A", "-o", "json"))["items"]
        assert len(names) == len(objects) == max(len(wide.splitlines()) - 1, 0) or not objects, name


def test_every_object_is_described(kubectl: Kubectl) -> None:
    for name in ("pods", "nodes", "deployments", "services", "persistentvolumeclaims", "backups", "secrets"):
        told = kubectl("describe", name, "-A")
        assert told.count("Name:") >= len(kubectl("get", name, "-A", "-o", "name").splitlines()), name


@pytest.mark.parametrize("what", ["pod.spec.containers", "deployments.spec.strategy", "backups", "cronjob.spec", "crd"])
def test_types_are_explained(kubectl: Kubectl, what: str) -> None:
    assert "FIELDS:" in kubectl("explain", what)


def test_chunks_selectors_and_sorts(kubectl: Kubectl) -> None:
    whole = kubectl("get", "pods", "-A", "--no-headers", "-o", "name")

    assert kubectl("get", "pods", "-A", "--chunk-size=3", "-o", "name") == whole
    assert kubectl("get", "nodes", "--field-selector", "spec.unschedulable=true", "-o", "name") == "node/worker-3\n"
    assert "field label not supported" in kubectl("get", "pods", "--field-selector", "a.b=c", status=1)
    assert kubectl("get", "pods", "-n", "shop", "--sort-by=.metadata.name", "-o", "name").startswith("pod/cart")


def test_what_it_may_do_is_answered(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "list", "pods", "-A") == "yes\n"
    assert kubectl("auth", "can-i", "delete", "pods", status=1).startswith("no")
    assert "get list watch" in kubectl("auth", "can-i", "--list")


def test_what_there_is_not_is_said(kubectl: Kubectl) -> None:
    assert "etcdview is read-only" in kubectl("delete", "pod", "-n", "shop", "crashloop", status=1)
    assert "etcd holds no logs" in kubectl("logs", "-n", "shop", "crashloop", "-c", "a", status=1)
    assert 'pods "nope" not found' in kubectl("get", "pod", "-n", "shop", "nope", status=1)


def test_a_watch_lists_what_there_is(kubectl: Kubectl) -> None:
    told = kubectl("get", "nodes", "--watch", "--request-timeout=2s", status=0)

    assert "worker-3" in told
