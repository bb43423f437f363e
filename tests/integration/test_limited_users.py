"""Users of one prefix, or two, of etcd: each command and page asks for what they may read, shows it, and says so."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from etcdview.cli.main import cli
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.errors import NotPermittedError, UsageError
from etcdview.models import Range, TlsFiles
from etcdview.pages.parts.commands import connected
from etcdview.pages.tools.changes import watch_changes, watched_range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.dump import read_dump
from tests.integration.indexing import wait_for
from webapp import create_app

PREFIXES = {
    "pods": ("/registry/pods/",),
    "registry": ("/registry/",),
    "two": ("/registry/pods/", "/registry/configmaps/"),
}
KEYS = ("/registry/pods/shop/web", "/registry/configmaps/shop/web", "/registry/secrets/shop/web", "/other/web")
NO_SUCH_MEMBER = "bad leader transferee"
ONLY = "etcd permits this user only keys below /registry/pods/"


def ctl(cluster: LocalCluster, *arguments: str, user: str = "") -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ETCDCTL_")} | {"ETCDCTL_API": "3"}
    login = ["--user", user] if user else []
    command = [str(find_program("etcdctl")), "--endpoints", cluster.endpoints[0], *login, *arguments]
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=30)


def value(key: str) -> str:
    kind = {"pods": "Pod", "configmaps": "ConfigMap"}.get(key.split("/")[2], "Secret")
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"}})


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """An etcd with a user for each of PREFIXES, whose password is its name, and root."""
    with LocalCluster(tmp_path_factory.mktemp("limited"), ("one",)) as running:
        for key in KEYS:
            ctl(running, "put", key, value(key))
        ctl(running, "user", "add", "root:root")
        ctl(running, "user", "grant-role", "root", "root")
        for name, prefixes in PREFIXES.items():
            ctl(running, "role", "add", name)
            for prefix in prefixes:
                ctl(running, "role", "grant-permission", name, "read", prefix, "--prefix=true")
            ctl(running, "user", "add", f"{name}:{name}")
            ctl(running, "user", "grant-role", name, name)
        ctl(running, "auth", "enable")
        yield running


def run(etcd: LocalCluster, user: str, *words: str) -> Result:
    environ = {"ETCDCTL_USER": f"{user}:{user}"}
    return CliRunner().invoke(cli, [*words, "--endpoints", etcd.endpoints[0]], env=environ, standalone_mode=False)


@pytest.fixture
def store(etcd: LocalCluster, request: pytest.FixtureRequest) -> Iterator[EtcdStore]:
    opened = EtcdStore(etcd.endpoints, TlsFiles(), user=request.param, password=request.param)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("pods", (Range(b"/registry/pods/", b"/registry/pods0"),)),
        ("registry", (Range(b"/registry/", b"/registry0"),)),
        (
            "two",
            (Range(b"/registry/configmaps/", b"/registry/configmaps0"), Range(b"/registry/pods/", b"/registry/pods0")),
        ),
        ("root", None),
    ],
    indirect=["store"],
)
def test_a_user_knows_what_it_may_read(store: EtcdStore, expected: tuple[Range, ...] | None) -> None:
    assert store.permitted() == expected


USERS = {
    "in one": {"ETCDCTL_USER": "root:root"},
    "with a password beside": {"ETCDCTL_USER": "root", "ETCDCTL_PASSWORD": "root"},
}


@pytest.mark.parametrize("exported", USERS.values(), ids=USERS)
@pytest.mark.parametrize("name", ["", "root", "ann"])
@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_commands_log_in_as_the_user_that_the_shell_exports(
    etcd: LocalCluster, shell: str, name: str, exported: dict[str, str]
) -> None:
    environ = {"PATH": f"{find_program('etcdctl').parent}:{os.environ['PATH']}", **exported}
    viewing = EtcdStore(etcd.endpoints, TlsFiles(), user=name, password=name)
    url = etcd.endpoints[0]
    commands = [connected("etcdctl get /registry/pods/shop/web", viewing)]
    commands.append(connected(f"etcdctl --endpoints={url} move-leader 1", viewing))
    viewing.close()

    got, moved = (
        subprocess.run([shell, "-c", command], env=environ, capture_output=True, text=True, check=False, timeout=60)
        for command in commands
    )

    assert (got.returncode, "Pod" in got.stdout) == (0, True), got.stderr
    assert NO_SUCH_MEMBER in moved.stderr


def test_an_etcd_without_logins_limits_nobody(plain_etcd: LocalCluster) -> None:
    for user in ("", "somebody"):
        store = EtcdStore(plain_etcd.endpoints, TlsFiles(), user=user, password=user)
        assert store.permitted() is None
        store.close()


@pytest.mark.parametrize(
    ("user", "found"), [("pods", KEYS[:1]), ("two", KEYS[1::-1]), ("registry", (*KEYS[1::-1], KEYS[2]))]
)
def test_search_finds_what_may_be_read(etcd: LocalCluster, user: str, found: tuple[str, ...]) -> None:
    done = run(etcd, user, "search", "web")

    assert (done.return_value, tuple(done.stdout.split())) == (0, found)
    assert "etcd permits this user only keys below" in done.stderr


def test_search_elsewhere_names_what_is_permitted(etcd: LocalCluster) -> None:
    done = run(etcd, "pods", "search", "/registry/secrets/")

    assert f"{ONLY}, not keys below /registry/secrets/." in str(done.exception)


def test_an_export_has_what_may_be_read_and_says_so(etcd: LocalCluster, tmp_path: Path) -> None:
    done = run(etcd, "two", "export", str(tmp_path / "dump.jsonl.gz"))

    assert done.return_value == 0, done.stderr
    assert [kv.key.decode() for kv in read_dump(tmp_path / "dump.jsonl.gz")] == list(KEYS[1::-1])
    assert "only keys below /registry/configmaps/ and keys below /registry/pods/" in done.stderr


def test_get_lists_what_may_be_read_and_names_what_may_not(etcd: LocalCluster) -> None:
    pods, secrets = (run(etcd, "pods", "get", kind, "-A") for kind in ("pods", "secrets"))

    assert pods.return_value == 0
    assert "shop        web" in pods.stdout
    assert "does not permit this user to read keys below /registry/secrets/" in str(secrets.exception)


@pytest.mark.parametrize("user", PREFIXES)
def test_health_and_doctor_do_not_take_a_limit_for_a_fault(etcd: LocalCluster, user: str) -> None:
    health, doctor = run(etcd, user, "health", "-o", "json"), run(etcd, user, "doctor")

    findings = {finding["id"] for finding in json.loads(health.stdout)["findings"]}
    assert not findings & {"member-down", "quorum-unknown", "member-unreadable"}
    assert doctor.return_value == 0, doctor.stdout
    assert user == "registry" or "etcd permits this user only keys below" in doctor.stdout


def test_a_pod_is_described_without_what_may_not_be_read(etcd: LocalCluster) -> None:
    done = run(etcd, "pods", "describe", "pod", "web", "-n", "shop")

    assert done.return_value == 0, done.stderr
    assert "etcd's user may not read all objects of kind" in done.stdout
    assert "Events:  <unknown>" in done.stdout


@pytest.mark.parametrize("user", [*PREFIXES, "root"])
def test_a_history_is_read_from_etcds_own_record(etcd: LocalCluster, user: str) -> None:
    done = run(etcd, user, "history", KEYS[0])

    assert done.return_value == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "This is all: etcd still has every revision."


def test_a_snapshot_names_the_role_that_it_needs(etcd: LocalCluster, tmp_path: Path) -> None:
    done = run(etcd, "registry", "snapshot", "save", str(tmp_path / "s.db"))

    assert "etcd keeps the call Snapshot for users with the role root." in str(done.exception)
    assert "etcdctl user grant-role USER root" in str(done.exception)
    assert run(etcd, "root", "snapshot", "save", str(tmp_path / "s.db")).return_value == 0


@pytest.mark.parametrize("store", ["pods"], indirect=True)
def test_a_watch_of_everything_is_of_what_may_be_read(store: EtcdStore) -> None:
    changes = watch_changes(store, 0, watched_range(store, b""), lambda _: None)

    assert next(changes).key == KEYS[0]
    changes.close()
    with pytest.raises(NotPermittedError, match="not keys below /registry/secrets/"):
        watched_range(store, b"/registry/secrets/")


@pytest.mark.parametrize("store", ["two"], indirect=True)
def test_of_several_prefixes_a_watch_takes_one(store: EtcdStore) -> None:
    with pytest.raises(UsageError, match="keys below /registry/configmaps/ and keys below /registry/pods/"):
        watched_range(store, b"")
    assert watched_range(store, b"/registry/pods/") == Range(b"/registry/pods/", b"/registry/pods0")


@pytest.fixture(scope="module", params=["pods", "two"])
def browser(etcd: LocalCluster, request: pytest.FixtureRequest) -> Iterator[FlaskClient]:
    settings = Settings(endpoints=etcd.endpoints, user=request.param, password=request.param)
    opened = open_cluster(settings)
    wait_for(lambda: opened.index.freshness().state == "live" and opened.index.tree().complete, opened.index.freshness)
    yield create_app(settings, opened).test_client()
    opened.close()


def test_every_page_stands_and_says_what_it_shows(browser: FlaskClient) -> None:
    for address in (
        "/", "/registry", "/registry?resource=pods", "/search?q=web&mode=contains", "/watch", "/health", "/namespaces",
        "/storage", "/certificates", "/encryption", "/space", f"/object?key={KEYS[0]}", f"/history?key={KEYS[0]}",
    ):  # fmt: skip
        page = browser.get(address)
        assert page.status_code == 200, address
        assert "etcd permits this user only keys below" in page.text, address


def test_the_index_holds_what_may_be_read(browser: FlaskClient) -> None:
    found = browser.get("/api/v1/keys?contains=web").get_json()
    permitted = [item["key"] for item in found["keys"]]
    assert permitted in ([KEYS[0]], list(KEYS[1::-1]))
    assert browser.get("/api/v1/table?resource=pods").get_json()["count"] == 1

    denied = browser.get("/registry?resource=secrets")
    assert denied.status_code == 403
    assert "etcd permits this user only keys below" in denied.text


def test_a_limited_user_of_several_etcds_sees_what_each_permits_without_naming_prefixes(etcd: LocalCluster) -> None:
    override = f"/configmaps#{etcd.endpoints[0]}"  # one etcd is enough: it is read as a second one
    settings = Settings(
        endpoints=etcd.endpoints, user="two", password="two", facts="off", etcd_servers_overrides=(override,)
    )
    cluster = open_cluster(settings)
    try:
        wait_for(lambda: cluster.index.freshness().state == "live", cluster.index.freshness)
        tree = cluster.index.tree()
        assert {t.resource.prefix: t.count for t in tree.types} == {"configmaps": 1, "pods": 1}
        assert tree.denied == ()
        told = "etcd permits this user only keys below /registry/configmaps/ and keys below /registry/pods/"
        assert any(told in warning for warning in cluster.warnings)
        assert "/registry/secrets" not in create_app(settings, cluster).test_client().get("/search?q=web").text
    finally:
        cluster.close()


def test_what_one_of_two_etcds_forbids_wholly_is_not_shown_as_empty(
    etcd: LocalCluster, plain_etcd: LocalCluster
) -> None:
    override = f"/secrets#{etcd.endpoints[0]}"  # the first etcd permits all that it holds
    settings = Settings(
        endpoints=plain_etcd.endpoints, user="pods", password="pods", facts="off", etcd_servers_overrides=(override,)
    )
    cluster = open_cluster(settings)
    try:
        wait_for(lambda: cluster.index.freshness().state == "live", cluster.index.freshness)
        assert any("etcd permits this user only keys" in warning for warning in cluster.warnings), cluster.warnings
    finally:
        cluster.close()
