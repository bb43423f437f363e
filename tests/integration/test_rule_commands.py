"""Every command for etcdctl or curl that a rule of health shows reaches a real etcd over mutual TLS, in both shells."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.health.rules import RULES
from etcdview.health.rules.base import curl
from etcdview.pages.parts.commands import connected
from etcdview.stores.etcd.client import EtcdStore
from tests.integration.conftest import exports
from tests.unit.health.conftest import build
from tests.unit.health.test_rules import CASES

__all__ = ["build"]
ENDLESS = "etcdctl watch"
RUNS = re.compile(r"etcdctl |^curl ")
# What etcd answers to operations on members, users and jobs that this cluster does not have: etcdctl did reach it.
# Its 3.5, which the demo has, knows no downgrade; the rule is about clusters of 3.6.
ANSWERS = ("member not found", "user name not found", "has been compacted", 'unknown command "downgrade"')
MEMBERS_OF_FACTS = {f"https://10.0.0.{n + 1}:2379": n for n in range(3)}


def rule_commands(made: SimpleNamespace) -> list[str]:
    """What all rules show, on facts on which they fire."""
    found = (finding for rule_id, case in CASES.items() for finding in RULES[rule_id].check(case.fires(made)))
    return sorted({c for finding in found for c in finding.commands if RUNS.search(c) and ENDLESS not in c})


@pytest.mark.parametrize("exported", [True, False], ids=["with exports", "without exports"])
def test_every_command_of_a_rule_reaches_etcd(
    cluster: LocalCluster,
    build: SimpleNamespace,
    exported: bool,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    environ = {"PATH": f"{find_program('etcdctl').parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    if exported:
        environ |= exports(cluster)
    store = EtcdStore(cluster.endpoints, cluster.tls)
    commands = [connected(command, store) for command in rule_commands(build)]
    store.close()

    assert any(command.startswith("curl --cacert") for command in commands)
    refused = []
    for number, shown in enumerate(commands):
        command = re.sub(
            r"https://10\.0\.0\.\d:2379", lambda url: cluster.endpoints[MEMBERS_OF_FACTS.get(url[0], 0)], shown
        )
        folder = tmp_path / str(number)
        folder.mkdir()
        done = subprocess.run(
            ["/bin/bash", "-c", command], cwd=folder, env=environ, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        if done.returncode and not any(answer in done.stderr for answer in ANSWERS):
            refused.append(f"{command}\n{done.stderr[-300:]}")

    assert refused == []
    record_property("commands of rules run", len(commands))


def test_curl_takes_the_member_for_the_name_that_the_settings_give_it(cluster: LocalCluster) -> None:
    store = EtcdStore(cluster.endpoints, replace(cluster.tls, server_name="localhost"))
    command = connected(curl(cluster.endpoints[0], "health"), store)
    store.close()

    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=30)

    assert '"health":"true"' in done.stdout, done.stderr
