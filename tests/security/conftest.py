"""One lab for all attacks; a fresh one for those that change something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.access import hashes
from etcdview.cluster.cluster import Cluster
from tests.security import lab
from tests.security.lab import Lab
from webapp.accounts.limits import limiter, logins


@pytest.fixture(scope="session")
def cluster(capture: Path) -> Iterator[Cluster]:
    """The hostile registry."""
    opened = lab.hostile_cluster(capture)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash of nobody's password is as quick to check as the others here."""
    monkeypatch.setattr(hashes, "_NOBODY", lab.QUICK.hash("nobody"))


@pytest.fixture
def made(tmp_path: Path, cluster: Cluster) -> Iterator[Lab]:
    """A lab of its own, with nothing counted yet."""
    yield lab.build(tmp_path, cluster)
    limiter.reset()
    logins.forget_all()


@pytest.fixture(scope="session")
def everybody(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Lab:
    """A lab for those who only read by token."""
    return lab.build(tmp_path_factory.mktemp("lab"), cluster)


@pytest.fixture(scope="session")
def capture_client(capture: Path) -> FlaskClient:
    """Whoever reaches an etcdview where nobody has to log in."""
    return lab.local(capture)
