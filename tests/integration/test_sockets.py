"""An etcd that listens on a socket file alone, and one at an IPv6 address with a zone: every surface works on them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdview.demo.processes import free_ports
from etcdview.demo.programs import find_program
from etcdview.errors import RefusedError, UnreachableError
from etcdview.health.rules.base import curl
from etcdview.models import TlsFiles
from etcdview.pages.parts.commands import connected
from etcdview.stores.etcd.client import EtcdStore

START_SECONDS = 30.0
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder whose name is short: a socket's path has 107 bytes at most."""
    path = Path(tempfile.mkdtemp(prefix="ev"))
    yield path
    shutil.rmtree(path)


def started(folder: Path, url: str, endpoint: str) -> Iterator[str]:
    """etcd in the folder, listening at `url` only, until the generator ends; gives the endpoint once it answers."""
    port = free_ports(1)[0]
    words = [f"--data-dir={folder}/data", f"--listen-client-urls={url}", f"--advertise-client-urls={url}"]
    words += [f"--listen-peer-urls=http://127.0.0.1:{port}", f"--initial-advertise-peer-urls=http://127.0.0.1:{port}"]
    words += [f"--initial-cluster=default=http://127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        etcd = subprocess.Popen([str(find_program("etcd")), *words], cwd=folder, stdout=log, stderr=log)
    try:
        _wait(endpoint, folder / "log")
        yield endpoint
    finally:
        etcd.send_signal(signal.SIGKILL)
        etcd.wait()


def _wait(endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    store = EtcdStore([endpoint], TlsFiles(), timeout_seconds=2)
    try:
        while True:
            try:
                store.put(b"/registry/pods/shop/web", json.dumps(POD).encode(), mod_revision=0)
            except UnreachableError:
                assert time.monotonic() < deadline, log.read_text()
            else:
                return
    finally:
        store.close()


@pytest.fixture(scope="module")
def at_socket(folder: Path) -> Iterator[str]:
    """The endpoint of an etcd whose socket file is named localhost:2379, as etcd names it."""
    yield from started(folder, "unix://localhost:2379", f"unix://{folder}/localhost:2379")


@pytest.fixture(scope="module")
def at_zone() -> Iterator[str]:
    """The endpoint of an etcd at this machine's own link-local address."""
    path = Path(tempfile.mkdtemp(prefix="ev"))
    port = free_ports(1)[0]
    yield from started(path, f"http://[::]:{port}", f"http://[{_link_local()}]:{port}")
    shutil.rmtree(path)


def _link_local() -> str:
    """fe80::...%eth0; ::1 where the machine has no such address."""
    table = Path("/proc/net/if_inet6").read_text().split("\n")
    for row in filter(None, map(str.split, table)):
        if row[0].startswith("fe80"):
            return socket.inet_ntop(socket.AF_INET6, bytes.fromhex(row[0])) + f"%{row[5]}"
    return "::1"


def run(*words: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
    command = [sys.executable, "-m", "etcdview", *words]
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(command, env=environ, cwd=where, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("fixture", ["at_socket", "at_zone"])
def test_pods_are_listed(fixture: str, request: pytest.FixtureRequest) -> None:
    endpoint = request.getfixturevalue(fixture)

    done = run("get", "pods", "-A", "--endpoints", endpoint)

    assert (done.returncode, done.stderr) == (0, "")
    assert "shop        web" in done.stdout


@pytest.mark.parametrize("fixture", ["at_socket", "at_zone"])
def test_health_and_doctor_find_nothing_wrong_with_how_it_is_reached(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    endpoint = request.getfixturevalue(fixture)

    health = run("health", "--endpoints", endpoint, "-o", "json")
    doctor = run("doctor", "--endpoints", endpoint)

    assert doctor.returncode == 0, doctor.stdout
    ids = {finding["id"] for finding in json.loads(health.stdout)["findings"]}
    assert not ids & {"url-odd", "member-down", "endpoint-dead"}
    assert endpoint in doctor.stdout


@pytest.mark.parametrize("fixture", ["at_socket", "at_zone"])
@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_the_commands_that_read_its_pages_work(fixture: str, shell: str, request: pytest.FixtureRequest) -> None:
    endpoint = request.getfixturevalue(fixture)
    store = EtcdStore([endpoint], TlsFiles())
    commands = [connected(curl(endpoint, page), store) for page in ("health", "metrics")]
    store.close()

    health, metrics = (
        subprocess.run([shell, "-c", command], capture_output=True, text=True, check=True, timeout=30)
        for command in commands
    )

    assert json.loads(health.stdout)["health"] == "true"
    assert "etcd_server_has_leader 1" in metrics.stdout


def test_a_socket_is_named_from_its_own_folder_too(at_socket: str, folder: Path) -> None:
    done = run("get", "pods", "-A", "--endpoints", "unix://localhost:2379", where=folder)

    assert "shop        web" in done.stdout, done.stderr


def test_watch_follows_a_socket(at_socket: str) -> None:
    store = EtcdStore([at_socket], TlsFiles())
    try:
        revision = store.put(b"/registry/pods/shop/new", b"{}", mod_revision=0)
        watch = store.watch(b"/registry/", b"/registry0", revision)
        batch = next(iter(watch))
        watch.cancel()
    finally:
        store.close()
    assert [event.kv.key for event in batch.events] == [b"/registry/pods/shop/new"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("absent.sock", "There is no socket file"), ("stale.sock", "Nothing listens"), ("plain", "Nothing listens")],
)
def test_a_socket_that_nobody_serves_is_told(name: str, says: str, folder: Path) -> None:
    if name == "stale.sock":
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(str(folder / name))
    elif name == "plain":
        (folder / name).write_text("")

    done = run("get", "pods", "--endpoints", f"unix://{folder}/{name}", "--command-timeout=2s")

    assert done.returncode == 3
    assert says in done.stderr


def test_without_tls_a_socket_is_not_spoken_to_with_it(at_socket: str) -> None:
    store = EtcdStore([at_socket.replace("unix", "unixs")], TlsFiles(), timeout_seconds=2)
    try:
        with pytest.raises(UnreachableError, match="plain HTTP") as caught:
            store.range(b"/registry/")
    finally:
        store.close()
    assert at_socket in str(caught.value.remedy)
    assert not isinstance(caught.value, RefusedError)
