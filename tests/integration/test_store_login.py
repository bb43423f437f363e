"""etcd's own users: a name and a password, a token that runs out, and what a user may not read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.errors import DeniedError
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore


def ctl(cluster: LocalCluster, *arguments: str, user: str = "") -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ETCDCTL_")} | {"ETCDCTL_API": "3"}
    login = ["--user", user] if user else []
    command = [str(find_program("etcdctl")), "--endpoints", cluster.endpoints[0], *login, *arguments]
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=30)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A plain etcd that asks for a login: root may do all, `viewer` reads /registry/pods/ only."""
    with LocalCluster(tmp_path_factory.mktemp("guarded"), ("one",)) as running:
        ctl(running, "put", "/registry/pods/a", "pod")
        ctl(running, "put", "/registry/secrets/a", "secret")
        ctl(running, "user", "add", "root:r00t")
        ctl(running, "user", "grant-role", "root", "root")
        ctl(running, "user", "add", "viewer:look")
        ctl(running, "role", "add", "pods")
        ctl(running, "role", "grant-permission", "pods", "read", "/registry/pods/", "--prefix=true")
        ctl(running, "user", "grant-role", "viewer", "pods")
        ctl(running, "auth", "enable")
        yield running


def open_as(cluster: LocalCluster, user: str = "", password: str = "") -> EtcdStore:
    return EtcdStore(cluster.endpoints, TlsFiles(), user=user, password=password)


def test_a_user_reads_what_its_role_permits(guarded: LocalCluster) -> None:
    store = open_as(guarded, "viewer", "look")

    assert store.range(Range(b"/registry/pods/", b"/registry/pods0")).kvs[0].value == b"pod"
    assert store.get_many([b"/registry/pods/a"])[b"/registry/pods/a"].value == b"pod"
    store.close()


def test_a_user_is_denied_what_its_role_does_not_permit(guarded: LocalCluster) -> None:
    store = open_as(guarded, "viewer", "look")

    with pytest.raises(DeniedError, match="does not permit") as caught:
        store.range(Range(b"/registry/secrets/", b"/registry/secrets0"))
    with pytest.raises(DeniedError):
        list(store.watch(b"/registry/secrets/", b"/registry/secrets0", 0))

    assert "grant-permission" in caught.value.remedy
    store.close()


def test_a_watch_needs_the_login_as_well(guarded: LocalCluster) -> None:
    store = open_as(guarded, "viewer", "look")
    watch = store.watch(b"/registry/pods/", b"/registry/pods0", 1)

    assert [e.kv.key for e in next(iter(watch)).events] == [b"/registry/pods/a"]
    watch.cancel()
    store.close()


def test_a_wrong_password_and_no_user_are_told_apart(guarded: LocalCluster) -> None:
    wrong, nobody = open_as(guarded, "viewer", "guess"), open_as(guarded)

    with pytest.raises(DeniedError, match="does not know this user and password"):
        wrong.range(Range(b"/registry/pods/a"))
    with pytest.raises(DeniedError, match="requires a user name"):
        nobody.range(Range(b"/registry/pods/a"))

    wrong.close()
    nobody.close()


def test_a_token_that_is_no_longer_known_is_fetched_anew(guarded: LocalCluster) -> None:
    store = open_as(guarded, "viewer", "look")
    probe = store.probe(guarded.endpoints[0])
    store.range(Range(b"/registry/pods/a"))
    guarded.members[0].kill()  # simple tokens live in the server's memory
    guarded.start(guarded.members[0])
    guarded.wait_ready()

    assert probe.status(2.0).version
    assert store.range(Range(b"/registry/pods/a")).count == 1
    probe.close()
    store.close()


def test_the_diagnosis_names_a_missing_permission(guarded: LocalCluster) -> None:
    store = open_as(guarded, "viewer", "look")

    denied = store.diagnose(guarded.endpoints[0], b"/registry/secrets/", 3.0)
    allowed = store.diagnose(guarded.endpoints[0], b"/registry/pods/", 3.0)

    assert [(s.name, s.ok) for s in denied][-1] == ("authorisation", False)
    assert isinstance(denied[-1].error, DeniedError)
    assert all(s.ok for s in allowed)
    store.close()


def test_a_user_given_to_an_etcd_without_logins_is_no_mistake(plain_etcd: LocalCluster) -> None:
    store = open_as(plain_etcd, "viewer", "look")

    assert store.range(Range(b"/registry/pods/a")).count == 0
    store.close()


def test_a_password_is_in_no_message(guarded: LocalCluster, tmp_path: Path) -> None:
    store = open_as(guarded, "viewer", "s3cret-guess")

    with pytest.raises(DeniedError) as caught:
        store.range(Range(b"/registry/pods/a"))

    assert "s3cret-guess" not in str(caught.value)
    store.close()
