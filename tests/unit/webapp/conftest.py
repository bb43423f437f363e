"""The app over the captured registry dump: the fake is a real store behind the real interface."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app


@pytest.fixture(scope="session")
def app(capture: Path) -> Flask:
    """The app as `etcdview serve --from registry.jsonl.gz` makes it."""
    settings = Settings(
        from_file=str(capture / "registry.jsonl.gz"),
        encryption_config=str(capture / "encryption-config.yaml"),
        cluster_name="shop-cluster",
    )
    return create_app(settings, open_cluster(settings))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript."""
    return app.test_client()
