"""Below a prefix no page is served: its links would lead to what else the host has."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.wrappers import Response

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz"


def nothing(_: object, start: object) -> Iterable[bytes]:
    return BytesIO(b"")


@pytest.mark.parametrize("path", ["/", "/registry", "/api/v1/cluster", "/static/css/tokens.css", "/nosuch"])
def test_below_a_prefix_every_answer_says_that_it_is_not_supported(path: str) -> None:
    settings = Settings(from_file=str(CAPTURE))
    opened = open_cluster(settings)
    try:
        app = create_app(settings, opened)
        mounted = Client(DispatcherMiddleware(nothing, {"/etcdview": app}), Response)
        below, by_variable = mounted.get(f"/etcdview{path}"), app.test_client().get(path, environ_overrides=PREFIX)
        root = app.test_client().get("/")
    finally:
        opened.close()

    for answer in (below, by_variable):
        assert answer.status_code == 500
        assert "mounted below a prefix (SCRIPT_NAME), which it does not support" in answer.text
        assert "href" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert root.status_code == 200


PREFIX = {"SCRIPT_NAME": "/etcdview"}
