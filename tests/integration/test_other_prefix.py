"""An etcd whose keys are below another prefix than the registry's: doctor does not tick it, and live pages say so."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from etcdview.cli.main import cli
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from tests.integration.indexing import wait_for
from webapp import create_app

TOLD = "No key is below /registry; there are keys below /kubernetes.io."


@pytest.fixture
def elsewhere(plain_etcd: LocalCluster, plain_etcdctl: Callable[..., str]) -> LocalCluster:
    plain_etcdctl("put", "/kubernetes.io/pods/shop/web", "{}")
    return plain_etcd


def test_doctor_fails_at_the_registry_alone(elsewhere: LocalCluster) -> None:
    words = ["doctor", "--endpoints", elsewhere.endpoints[0], "-o", "json"]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    found = CliRunner().invoke(cli, [*words, "--etcd-prefix", "/kubernetes.io"], standalone_mode=False)

    steps = json.loads(done.stdout)["diagnoses"][0]["steps"]
    assert [(step["name"], step["what"]) for step in steps if not step["ok"]] == [("registry", TOLD)]
    assert "--etcd-prefix /kubernetes.io" in steps[-1]["remedy"]
    assert (done.return_value, found.return_value) == (1, 0)
    assert all(step["ok"] for step in json.loads(found.stdout)["diagnoses"][0]["steps"])


def test_an_empty_etcd_has_nothing_elsewhere(plain_etcd: LocalCluster) -> None:
    done = CliRunner().invoke(cli, ["doctor", "--endpoints", plain_etcd.endpoints[0]], standalone_mode=False)

    assert done.return_value == 0, done.stdout


def test_live_pages_say_it_until_the_registry_has_a_key(
    elsewhere: LocalCluster, plain_etcdctl: Callable[..., str]
) -> None:
    settings = Settings(endpoints=elsewhere.endpoints)
    opened = open_cluster(settings)
    try:
        client = create_app(settings, opened).test_client()
        wait_for(lambda: opened.index.freshness().state == "live", opened.index.freshness)
        assert TOLD in client.get("/registry?resource=pods").text

        plain_etcdctl("put", "/registry/pods/shop/web", "{}")
        wait_for(lambda: opened.index.tree().types != (), opened.index.tree)
        assert TOLD not in client.get("/registry?resource=pods").text
    finally:
        opened.close()


def test_live_pages_show_several_prefixes_as_one_registry(
    elsewhere: LocalCluster, plain_etcdctl: Callable[..., str]
) -> None:
    plain_etcdctl("put", "/openshift.io/routes/shop/front", "{}")
    settings = Settings(endpoints=elsewhere.endpoints, etcd_prefix="/kubernetes.io,/openshift.io")
    opened = open_cluster(settings)
    try:
        client = create_app(settings, opened).test_client()
        wait_for(lambda: opened.index.freshness().state == "live", opened.index.freshness)
        assert "front" in client.get("/registry?resource=routes").text
        assert "web" in client.get("/registry?resource=pods").text

        plain_etcdctl("put", "/openshift.io/routes/shop/second", "{}")
        wait_for(lambda: "second" in client.get("/registry?resource=routes").text, opened.index.tree)
    finally:
        opened.close()
