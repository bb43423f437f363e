"""SIGTERM while a change is on its way to etcd: whoever made it learns what became of it, before the server ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from etcdview.access import users
from etcdview.access.users import User, Users
from etcdview.cli.serve.patience import STOP_SECONDS
from etcdview.demo.cluster import LocalCluster
from tests.integration.conftest import run_etcdctl
from tests.integration.proxy import Proxy
from tests.serving import Server, running

KEY = "/registry/configmaps/shop/settings"
BEFORE = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "settings", "namespace": "shop"}}
MARK = "written-while-it-ends"
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Site:
    """A server that may write, in front of an etcd that stops the moment the change reaches it."""

    server: Server
    etcd: LocalCluster
    token: str
    audit: Path
    stopped: threading.Event

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Status, and where it leads or what it says."""
        with self.open("POST", path, urllib.parse.urlencode(fields)) as answer:
            body = answer.read().decode()
            return answer.status, answer.headers["Location"] or body

    def change(self) -> tuple[int, str]:
        """Edit the key as a browser does, until etcd has to write."""
        with self.open("GET", f"/edit?key={KEY}&form=json") as answer:
            page = answer.read().decode()
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields.pop("csrf_token", None)
        text = re.search(r'<textarea id="edit-text".*?>\n(.*?)</textarea>', page, re.DOTALL)
        assert text is not None, page
        fields["text"] = json.dumps(json.loads(unescape(text[1])) | {"data": {"note": MARK}})
        status, said = self.post("/edit", fields)
        assert status == 200, said
        return self.post("/edit/apply", fields | {"typed": "settings"})

    def stored(self) -> str:
        """What etcd holds."""
        return run_etcdctl(self.etcd, "get", KEY)

    @contextlib.contextmanager
    def open(self, method: str, path: str, body: str = "") -> Iterator[http.client.HTTPResponse]:
        """The answer, of which the body is still to be read."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-www-form-urlencoded"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            with connection.getresponse() as answer:
                yield answer


@pytest.fixture
def site(plain_etcd: LocalCluster, tmp_path: Path) -> Iterator[Site]:
    run_etcdctl(plain_etcd, "put", KEY, json.dumps(BEFORE))
    people, token = users.add_token(Users().with_user(User("ann", "admin")), "ann", datetime.now(UTC), None, "")
    (tmp_path / "users.json").write_text(json.dumps(users.to_raw(people)))
    (tmp_path / "users.json").chmod(0o600)
    files = {name: tmp_path / name for name in ("users-file", "audit-log", "undo-file")}
    files["users-file"] = tmp_path / "users.json"
    stopped = threading.Event()

    def stop_at_the_change(data: bytes) -> None:
        if MARK.encode() in data and not stopped.is_set():
            plain_etcd.members[0].pause()
            stopped.set()

    target = int(plain_etcd.endpoints[0].rpartition(":")[2])
    flags = [f"--{name}={path}" for name, path in files.items()]
    with (
        Proxy(target, asked=stop_at_the_change) as proxy,
        running("--endpoints", proxy.url, "--allow-writes", "--kube-api", *flags) as server,
    ):
        yield Site(server, plain_etcd, token, files["audit-log"], stopped)
        plain_etcd.heal()


def _in_flight(site: Site, pool: ThreadPoolExecutor) -> Future[tuple[int, str]]:
    """A change that has reached an etcd which does not answer."""
    change = pool.submit(site.change)
    assert site.stopped.wait(30)
    assert not change.done()
    return change


def _wait_for_the_end(site: Site, idle: socket.socket) -> None:
    """Until the worker has had its signal: it then closes connections on which nothing was asked."""
    site.server.process.send_signal(signal.SIGTERM)
    idle.settimeout(30)
    assert idle.recv(1) == b""


@pytest.mark.long  # etcd has CALLS_SECONDS to answer in
def test_a_change_under_way_is_finished_before_the_server_ends(site: Site) -> None:
    with ThreadPoolExecutor() as pool, socket.create_connection(("127.0.0.1", site.server.port)) as idle:
        change = _in_flight(site, pool)
        _wait_for_the_end(site, idle)
        site.etcd.members[0].resume()
        status, where = change.result(30)
    assert (status, where.partition("?")[0]) == (303, "/changed")
    assert MARK in site.stored()
    assert site.server.process.wait(SECONDS) == 0


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_change_that_etcd_does_not_answer_is_reported_as_unknown_within_five_seconds_beside_an_open_stream(
    site: Site, number: signal.Signals
) -> None:
    watch = "/kube/api/v1/configmaps?watch=1&allowWatchBookmarks=true"
    with site.open("GET", watch) as stream, ThreadPoolExecutor() as pool:
        assert stream.status == 200
        change = _in_flight(site, pool)
        site.server.process.send_signal(number)
        assert site.server.process.wait(SECONDS) == 0
        status, page = change.result(30)
    assert status == 503
    assert "The outcome is unknown" in page
    assert "Check before you try again" in page
    entry = json.loads(site.audit.read_text().splitlines()[-1])
    assert entry["action"] == "update"
    assert "outcome of Txn is unknown" in entry["detail"]


def _workers(server: Server) -> set[str]:
    return set(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())


def _replaced(server: Server) -> set[str]:
    """Reload the settings; the workers from before, once another has begun."""
    before = _workers(server)
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 30
    while not _workers(server) - before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return before


def _wait_until_ready(site: Site) -> None:
    """Until the index is loaded: what a watch begins with is known from then on."""
    deadline = time.monotonic() + 30
    while True:
        with site.open("GET", "/readyz") as answer:
            if answer.status == 200:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.long  # a worker that is not replaced but ended has STOP_SECONDS
def test_a_stream_goes_on_behind_sighup_and_ends_with_the_server(site: Site) -> None:
    _wait_until_ready(site)
    with site.open("GET", "/kube/api/v1/configmaps?watch=1") as stream:
        assert json.loads(stream.readline())["type"] == "ADDED"
        before = _replaced(site.server)
        time.sleep(STOP_SECONDS + 2)
        run_etcdctl(site.etcd, "put", KEY, json.dumps(BEFORE | {"data": {"note": "later"}}))
        event = json.loads(stream.readline())
        assert (event["type"], event["object"]["data"]) == ("MODIFIED", {"note": "later"})
        assert before <= _workers(site.server)

        site.server.process.send_signal(signal.SIGTERM)
        assert site.server.process.wait(SECONDS) == 0


@pytest.mark.long
def test_a_worker_that_sighup_replaced_ends_once_it_has_answered(site: Site) -> None:
    with site.open("GET", "/kube/api/v1/configmaps?watch=1") as stream:
        stream.readline()
        before = _replaced(site.server)
        stream.close()
    run_etcdctl(site.etcd, "put", KEY, json.dumps(BEFORE))  # the next line of a watch finds that nobody listens
    deadline = time.monotonic() + 30
    while before & _workers(site.server):
        assert time.monotonic() < deadline
        time.sleep(0.1)
