"""The etcdctl commands that pages, health and maintenance show run as they stand, in any shell, over mutual TLS."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.health.rules import base
from etcdview.pages.parts.commands import connected
from etcdview.stores.etcd.client import EtcdStore
from tests.integration.conftest import exports
from tests.integration.indexing import wait_for
from tests.integration.test_get import config_map
from webapp import create_app

Etcdctl = Callable[..., str]
KEY = "/registry/configmaps/shop/a"
PAGES = ("/", "/registry", "/registry?resource=configmaps", f"/object?key={KEY}", f"/history?key={KEY}", "/search?q=a")
# What the rules and plans name beside the pages' own: questions, and operations that a cluster of three survives.
QUESTIONS = (
    base.STATUS,
    base.HEALTH,
    base.MEMBERS,
    "etcdctl endpoint hashkv --cluster -w table",
    "etcdctl endpoint status --cluster -w json",
    "etcdctl alarm list",
    "etcdctl alarm disarm",
    "etcdctl snapshot save backup.db",
)


@pytest.fixture(params=["README's exports", "none"])
def shell(request: pytest.FixtureRequest, cluster: LocalCluster, tmp_path: Path) -> Callable[[str], None]:
    """Runs a command as a person would, in a folder of its own; it must succeed."""
    environ = {"PATH": f"{find_program('etcdctl').parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    if request.param != "none":
        environ |= exports(cluster)

    def run(command: str) -> None:
        done = subprocess.run(  # noqa: S602 - a shell is what it is about
            f"set -o pipefail; {command}", shell=True, executable="/bin/bash", cwd=tmp_path, env=environ,
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    return run


def test_every_command_for_etcdctl_that_pages_and_health_show_succeeds_in_both_shells(
    cluster: LocalCluster,
    etcdctl: Etcdctl,
    shell: Callable[[str], None],
    record_property: Callable[[str, object], None],
) -> None:
    etcdctl("put", KEY, stdin=config_map("a", 1)[1])
    tls = cluster.tls
    settings = Settings(endpoints=cluster.endpoints, cacert=tls.cacert, cert=tls.cert, key=tls.key)
    opened = open_cluster(settings)
    try:
        wait_for(lambda: opened.index.freshness().state == "live")
        client = create_app(settings, opened).test_client()
        pages = [client.get(page).text for page in PAGES]
        findings = client.get("/api/v1/health").get_json()["findings"]
        found = [code for page in pages for code in re.findall(r"<code data-copy>(.*?)</code>", page)]
        shown = [unescape(re.sub(r"</?span.*?>", "", code)) for code in found]
        shown += [command for finding in findings for command in finding["commands"]]
        shown += [connected(question, opened.source) for question in QUESTIONS]
    finally:
        opened.close()
    commands = sorted({c for c in shown if "etcdctl " in c and "etcdview" not in c})

    assert len(commands) > 10
    for command in commands:
        shell(command)
    record_property("etcdctl commands run", len(commands))


def test_commands_for_one_member_are_for_that_member_in_both_shells(
    cluster: LocalCluster, shell: Callable[[str], None]
) -> None:
    store = EtcdStore(cluster.endpoints, cluster.tls)
    try:
        commands = [
            connected(f"etcdctl --endpoints={url} {words}", store)
            for url in cluster.endpoints
            for words in ("endpoint status", "defrag --command-timeout=30m")
        ]
        commands.append(connected(space_command(), store))
    finally:
        store.close()
    for command in commands:
        assert command.count("ETCDCTL_ENDPOINTS=") == command.count("etcdctl ")
        assert "--endpoints" not in command
        shell(command)


def space_command() -> str:
    """A command inside of another, behind others, and before a pipe."""
    revision = "etcdctl endpoint status -w fields | sed -n 's/\"Revision\" : //p' | head -1"
    return f"etcdctl put /commands x && etcdctl compact $({revision})"
