"""Every command in README and docs/ is typed as it stands, against a real etcd over mutual TLS with the demo's data."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.running import ENCRYPTION, REGISTRY
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from tests.integration.conftest import ROOT, exports, put_etcdview

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]
PROGRAMS = ("etcdview", "etcdctl", "export", "gunicorn", "kubectl", "make", "python3.11", "source", "sudo")
COMMAND = re.compile(rf" {{4}}(?:\(etcdview backup\.db\) \$ )?((?:{'|'.join(PROGRAMS)})\b.*)")
# Run by others: by CI itself, by test_wheel, test_least_privilege, and the tests of servers, shells, users and undo;
# or the address of another's cluster.
ELSEWHERE = (
    "make ",
    "sudo ",
    "kubectl ",
    "gunicorn ",
    "python3.11 etcdview.pyz",
    "export ETCDCTL_",
    "etcdctl user ",
    "etcdview serve",
    "etcdview shell",
    "etcdview open",
    "etcdview undo",
    "etcdview user add",
)
# What stands for something of the reader's own -> what it is here.
HERE = {
    "save backup.db --": "save another.db --",
    "--endpoints=https://10.0.0.1:2379 --cacert=ca.crt --cert=client.crt --key=client.key": "",
    "/mnt/cp1/etcd /mnt/cp2/etcd": "cp1 cp2",
}
ANSWERED = {"etcdview health": (0, 1), "etcdview diff": (0, 1), "etcdview doctor": (0, 1)}


def documented() -> list[str]:
    """The commands, in the order of the documents, without their remarks."""
    lines = [line for path in DOCUMENTS for line in path.read_text("utf-8").splitlines()]
    found = [match[1] for line in lines if (match := COMMAND.fullmatch(line))]
    return [re.split(r"\s+# ", command)[0].strip() for command in found]


@pytest.fixture
def typed(cluster: LocalCluster, tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Type a command into a bash that has README's exports, in a folder with two dead members' data."""
    load(cluster.endpoints[0], cluster.tls, list(read_dump(REGISTRY)))
    environ = {"PATH": put_etcdview(tmp_path), "HOME": str(tmp_path), "ETCDVIEW_ENCRYPTION_CONFIG": str(ENCRYPTION)}
    environ |= exports(cluster)

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", command],
            cwd=tmp_path, env=environ, input="", capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run


def test_the_documents_have_commands_of_every_sort() -> None:
    commands = documented()

    assert len(commands) > 35
    assert all(any(command.startswith(begin) for command in commands) for begin in ELSEWHERE)
    assert all(any(word in command for command in commands) for word in HERE)


@pytest.mark.long
def test_every_command_of_the_documents_runs(
    typed: Callable[[str], subprocess.CompletedProcess[str]], cluster: LocalCluster, tmp_path: Path
) -> None:
    for member in cluster.members[:2]:
        member.kill()
        shutil.copytree(member.data, tmp_path / member.name)
    cluster.heal()
    failed = []

    for command in documented():
        if not command.startswith(ELSEWHERE):
            here = command
            for theirs, ours in HERE.items():
                here = here.replace(theirs, ours)
            done = typed(here)
            wanted = next((codes for begin, codes in ANSWERED.items() if command.startswith(begin)), (0,))
            if done.returncode not in wanted:
                failed.append(f"{here}: {done.returncode}\n{done.stdout[-300:]}{done.stderr[-600:]}")

    assert "\n".join(failed) == ""
