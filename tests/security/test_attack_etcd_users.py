"""Attacks around etcd's own users: what they may read is changed while it is being read."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.index import feed
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from tests.integration.indexing import wait_for
from tests.security.table import attack
from webapp import create_app

USERS = "etcd's own users"
POD, MAP = "/registry/pods/shop/web", "/registry/configmaps/shop/web"
PAGES = ("/registry?resource=pods", f"/object?key={POD}")
Ctl = Callable[..., None]


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """One member without logins, with a pod and a ConfigMap."""
    with LocalCluster(tmp_path_factory.mktemp("users"), ("one",)) as running:
        ctl = ctl_of(running)
        for key, kind in ((POD, "Pod"), (MAP, "ConfigMap")):
            ctl("put", key, json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {"name": "web"}}))
        ctl("user", "add", "root:root")
        ctl("user", "grant-role", "root", "root")
        yield running


@pytest.fixture
def root(etcd: LocalCluster) -> Iterator[Ctl]:
    """etcdctl as root, with logins on, and a user `reader` of pods and ConfigMaps; all is undone afterwards."""
    ctl = ctl_of(etcd, "root:root")
    ctl_of(etcd)("auth", "enable")
    ctl("user", "add", "reader:reader")
    for kind in ("pods", "configmaps"):
        ctl("role", "add", kind)
        ctl("role", "grant-permission", kind, "read", f"/registry/{kind}/", "--prefix=true")
        ctl("user", "grant-role", "reader", kind)
    yield ctl
    for kind in ("pods", "configmaps"):
        ctl("role", "delete", kind)
    ctl("user", "delete", "reader")
    ctl("auth", "disable")


def ctl_of(cluster: LocalCluster, user: str = "") -> Ctl:
    """etcdctl as this user."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ETCDCTL_")} | {"ETCDCTL_API": "3"}
    login = ["--user", user] if user else []
    command = [str(find_program("etcdctl")), "--endpoints", cluster.endpoints[0], *login]

    def run(*words: str) -> None:
        subprocess.run([*command, *words], env=environ, check=True, capture_output=True, timeout=30)

    return run


@contextmanager
def reading(etcd: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The cluster as `reader` sees it, once its index is live and the facts of all values are known."""
    monkeypatch.setattr(feed, "RIGHTS_SECONDS", 0.2)
    settings = Settings(endpoints=etcd.endpoints, user="reader", password="reader", facts="on")
    opened = open_cluster(settings)
    wait_for(lambda: held(opened) == {POD, MAP} and opened.facts.reader is not None, lambda: opened.index.freshness())
    yield opened
    opened.close()


def held(cluster: Cluster) -> set[str]:
    """The names in the index."""
    return {key.decode() for key in cluster.index.search("web", "contains").keys}


@attack(
    USERS,
    "reading on through an open watch after a role was revoked, which etcd itself goes on serving",
    "index, facts of values and log of changes forget what may no longer be read, and pages say what is permitted",
)
def test_a_revoked_role_is_forgotten(etcd: LocalCluster, root: Ctl, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(etcd, monkeypatch) as cluster:
        client = create_app(Settings(endpoints=etcd.endpoints), cluster).test_client()
        root("user", "revoke-role", "reader", "configmaps")

        wait_for(lambda: held(cluster) == {POD}, cluster.index.freshness)
        wait_for(lambda: cluster.facts.reader is not None, lambda: cluster.facts.status)
        assert [fact.key.decode() for fact in cluster.facts.reader.of([POD.encode(), MAP.encode()]).values()] == [POD]
        assert client.get("/registry?resource=configmaps").status_code == 403
        assert client.get(f"/object?key={MAP}").status_code == 403
        assert MAP not in client.get("/watch").text
        assert "only keys below /registry/pods/" in client.get("/").text

        root("user", "grant-role", "reader", "configmaps")
        wait_for(lambda: held(cluster) == {POD, MAP}, cluster.index.freshness)


@attack(USERS, "the same after all roles were revoked", "nothing is shown, and why is said")
def test_when_all_is_revoked_nothing_is_shown(etcd: LocalCluster, root: Ctl, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(etcd, monkeypatch) as cluster:
        for kind in ("pods", "configmaps"):
            root("user", "revoke-role", "reader", kind)

        wait_for(lambda: cluster.index.freshness().state == "down", cluster.index.freshness)
        assert "does not permit" in cluster.index.freshness().problem
        assert held(cluster) == set()
        wait_for(lambda: cluster.facts.reader is None, lambda: cluster.facts.status)


@attack(USERS, "tokens that become invalid, as each change of users makes them, while pages are read", "no page fails")
def test_tokens_are_fetched_anew_while_pages_are_read(
    etcd: LocalCluster, root: Ctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[int] = []
    ended = threading.Event()
    with reading(etcd, monkeypatch) as cluster:
        app = create_app(Settings(endpoints=etcd.endpoints), cluster)

        def browse() -> None:
            client = app.test_client()
            while not ended.is_set():
                statuses.extend(client.get(page).status_code for page in PAGES)

        threads = [threading.Thread(target=browse) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(4):
            root("role", "add", f"other-{number}")
            root("role", "delete", f"other-{number}")
        ended.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200}


@attack(USERS, "logins that are switched on, or off, while etcdview runs", "it logs in from then on, without a restart")
def test_logins_may_be_switched_on_and_off(etcd: LocalCluster) -> None:
    store = EtcdStore(etcd.endpoints, TlsFiles(), user="root", password="root")
    whole = Range(b"/registry/", b"/registry0", count_only=True)
    try:
        assert store.range(whole).count == 2
        ctl_of(etcd)("auth", "enable")
        assert store.range(whole).count == 2
        assert store.permitted() is None
        ctl_of(etcd, "root:root")("auth", "disable")
        assert store.range(whole).count == 2
        ctl_of(etcd)("auth", "enable")
        assert store.permitted() is None
        assert store.range(whole).count == 2
    finally:
        ctl_of(etcd, "root:root")("auth", "disable")
        store.close()
