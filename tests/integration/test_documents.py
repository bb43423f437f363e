"""Every command in README and docs/ is typed as it stands, against a real etcd over mutual TLS with the demo's data.

What needs another machine is not run here: its words are parsed and its settings checked, as the product does it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.exposure import check_exposure
from etcdview.cli.main import cli
from etcdview.config import ROWS, Settings, resolve
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import free_ports
from etcdview.demo.running import ENCRYPTION, REGISTRY
from etcdview.errors import SettingError
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from tests.integration.conftest import ROOT, exports, put_etcdview
from webapp.accounts.state import open_accounts

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]
PROGRAMS = ("etcdview", "etcdctl", "export", "gunicorn", "kubectl", "make", "pipx", "python3.11", "source", "sudo")
COMMAND = re.compile(rf" {{4}}(?:\(etcdview backup\.db\) \$ )?((?:{'|'.join(PROGRAMS)})\b.*)")
# Run by others: by CI itself, by test_wheel, test_least_privilege, and the tests of servers, shells, users and undo;
# or the address of another's cluster.
ELSEWHERE = (
    "make ",
    "sudo ",
    "kubectl ",
    "gunicorn ",
    "pipx ",
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
# etcdview with its words, however it is called: by root, by its path, as one file, by pipx.
CALLED = re.compile(
    r"(?:sudo )?(?:/\S*/)?(?:etcdview|python3\.11 etcdview\.pyz"
    r"""|pipx run (?:--spec (?:"[^"]*"|\S+) )?etcdview) (.*)"""
)
PASSWORD = "correct horse battery staple\n"
START_SECONDS = 30.0
ANSWERED = {"etcdview health": (0, 1), "etcdview diff": (0, 1), "etcdview doctor": (0, 1)}


def documented() -> list[str]:
    """The commands, in the order of the documents, without their remarks."""
    lines = [line for path in DOCUMENTS for line in path.read_text("utf-8").splitlines()]
    found = [match[1] for line in lines if (match := COMMAND.fullmatch(line))]
    return [re.split(r"\s+# ", command)[0].strip() for command in found]


def not_run() -> list[str]:
    """What follows `etcdview` in the commands that are not run here; and in servers that the text names."""
    called = filter(None, (CALLED.fullmatch(c) for c in documented() if c.startswith(ELSEWHERE)))
    found = [match[1] for match in called if not match[1].startswith("-")]
    text = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)
    return list(dict.fromkeys([*found, *re.findall(r"`etcdview (serve [^`]+)`", text)]))


def settings_of(words: list[str]) -> Settings:
    """What a command works with: its words as click takes them, its settings as the product reads them."""
    command: click.Command = cli
    context: click.Context | None = None
    while isinstance(command, click.Group):  # in its group's context: click keeps what it makes of a command
        context = click.Context(command, context, **command.context_settings)
        name, found, words = command.resolve_command(context, words)
        assert found is not None, name
        command = found
    given = command.make_context(command.name, words, context).params
    return resolve({row.field: given.get(row.field) for row in ROWS}, {}, Path("/nonexistent")).settings


def make_users(folder: Path) -> None:
    """The users files that the documents name, made in a folder by the commands that they give for it."""
    for command in dict.fromkeys(c for c in documented() if c.startswith("etcdview user add")):
        words = shlex.split(command)[1:]
        words[words.index("--users-file") + 1] = str(folder / words[words.index("--users-file") + 1])
        done = CliRunner().invoke(cli, words, input=PASSWORD)
        assert done.exit_code == 0, done.output


@pytest.fixture
def environ(cluster: LocalCluster, tmp_path: Path) -> dict[str, str]:
    """The variables of somebody who has done README's exports, and whose PATH has etcdview."""
    given = {"PATH": put_etcdview(tmp_path), "HOME": str(tmp_path), "ETCDVIEW_ENCRYPTION_CONFIG": str(ENCRYPTION)}
    return given | exports(cluster)


@pytest.fixture
def typed(
    cluster: LocalCluster, environ: dict[str, str], tmp_path: Path
) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Type a command into a bash that has README's exports, in a folder with two dead members' data."""
    load(cluster.endpoints[0], cluster.tls, list(read_dump(REGISTRY)))

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", command],
            cwd=tmp_path, env=environ, input="", capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run


@pytest.fixture
def begun(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Type a command of a server into such a bash; it listens on ETCDVIEW_LISTEN. It is ended with the test."""
    environ["ETCDVIEW_LISTEN"] = f"127.0.0.1:{free_ports(1)[0]}"
    running: list[subprocess.Popen[str]] = []

    def begin(command: str) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                ["/bin/bash", "-c", f"exec {command}"], cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True
            )
        )
        return running[-1]

    yield begin
    for server in running:
        server.terminate()
        server.communicate(timeout=START_SECONDS)


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


@pytest.mark.parametrize("command", not_run())
def test_a_command_that_is_not_run_has_words_and_settings_that_etcdview_takes(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a server also that it may be reached as its settings say: by itself it would refuse to start."""
    words = shlex.split(command)
    if "--users-file" in words:
        make_users(tmp_path)
    monkeypatch.chdir(tmp_path)

    settings = settings_of(words)

    if words[0] in ("serve", "open"):
        check_exposure(settings)
        open_accounts(settings, EndedSessions())


def test_a_server_that_refuses_to_start_is_found_out() -> None:
    words = shlex.split("serve --url-prefix /etcdview --public-url https://ops.example.org")

    with pytest.raises(SettingError, match="needs a login"):
        check_exposure(settings_of(words))
    with pytest.raises(click.NoSuchOption):
        settings_of(["serve", "--url-prefixes", "/etcdview"])


@pytest.mark.parametrize("target", sorted({c.split()[1] for c in documented() if c.startswith("make ")}))
def test_what_the_documents_make_is_in_the_makefile(target: str) -> None:
    assert re.search(rf"^{target}:.* ## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.long
@pytest.mark.parametrize("command", list(dict.fromkeys(c for c in documented() if c.startswith("etcdview serve"))))
def test_every_server_of_the_documents_starts(
    command: str, begun: Callable[[str], subprocess.Popen[str]], environ: dict[str, str], tmp_path: Path
) -> None:
    make_users(tmp_path)

    server = begun(command)

    deadline = time.monotonic() + START_SECONDS
    while not _answers(environ["ETCDVIEW_LISTEN"]):
        assert server.poll() is None, server.stderr and server.stderr.read()
        assert time.monotonic() < deadline, "it does not answer"
        time.sleep(0.1)


def _answers(address: str) -> bool:
    """Whether anything answers there, with whichever status."""
    try:
        urllib.request.urlopen(f"http://{address}/healthz", timeout=START_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True
