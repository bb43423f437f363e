"""The Kubernetes API over the captured registry, asked without any HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.access.roles import LOCAL, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.kubeapi.answering import answer
from etcdview.kubeapi.exchange import KubeAnswer, KubeRequest

CAPTURED_AT = datetime(2026, 11, 23, 15, 57, 37, tzinfo=UTC)
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass
class Api:
    """Somebody who asks; `revealed` are the keys whose values were answered unmasked."""

    cluster: Cluster
    viewer: Viewer = LOCAL
    reveals: bool = False
    now: datetime = CAPTURED_AT
    revealed: list[bytes] = field(default_factory=list)

    def ask(self, path: str, accept: str = "", method: str = "GET", body: Any = None, **args: str) -> KubeAnswer:
        """The answer to a request."""
        window = Window(self.cluster, self.viewer, reveals=self.reveals)
        request = KubeRequest(
            method,
            tuple(path.strip("/").split("/")),
            args,
            accept,
            now=lambda: self.now,
            revealed=lambda key, revision: self.revealed.append(key),
        )
        return answer(window, replace(request, body=json.dumps(body).encode() if body is not None else b""))

    def get(self, path: str, accept: str = "", **args: str) -> Any:
        """The JSON of an answer that must be good."""
        found = self.ask(path, accept, **args)
        assert found.code == 200, found.body
        return json.loads(text_of(found))

    def status(self, path: str, accept: str = "", method: str = "GET", **args: str) -> Any:
        """The Status of an answer that must be one."""
        found = json.loads(text_of(self.ask(path, accept, method, **args)))
        assert (found["kind"], found["apiVersion"], found["status"]) == ("Status", "v1", "Failure")
        return found


def text_of(found: KubeAnswer) -> bytes:
    """The whole body."""
    return found.body if isinstance(found.body, bytes) else b"".join(found.body)


@pytest.fixture(scope="session")
def opened(capture: Path) -> Iterator[Callable[..., Cluster]]:
    """Opens the capture."""
    clusters = []

    def open_capture(**more: Any) -> Cluster:
        settings = Settings(
            from_file=str(capture / "registry.jsonl.gz"),
            encryption_config=str(capture / "encryption-config.yaml"),
            facts="off",
        )
        clusters.append(open_cluster(replace(settings, **more)))
        return clusters[-1]

    yield open_capture
    for cluster in clusters:
        cluster.close()


@pytest.fixture(scope="session")
def shop(opened: Callable[..., Cluster]) -> Cluster:
    """The capture."""
    return opened()


@pytest.fixture(scope="session")
def bare(opened: Callable[..., Cluster]) -> Cluster:
    """The capture with --show-secrets."""
    return opened(show_secrets=True)


@pytest.fixture
def api(shop: Cluster) -> Api:
    """Anyone on this machine."""
    return Api(shop)


@pytest.fixture
def open_api(bare: Cluster) -> Api:
    """The same with --show-secrets."""
    return Api(bare, reveals=True)
