"""Every etcdctl command that the code can show is run against a real etcd, over mutual TLS, in both shells.

The commands are found in the code: one that is new fails here until it stands in the table, and so is run.
Those of health's rules are run by test_rule_commands, those of the page that explains by test_learn_commands.
"""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import etcdview
from etcdview.codec import StorageFormat
from etcdview.demo.cluster import LocalCluster
from etcdview.pages.parts.commands import connected
from etcdview.stores.etcd.client import EtcdStore
from etcdview.writes import etcdctl as twins
from tests.integration.conftest import exports, put_etcdview
from tests.integration.indexing import writing
from tests.integration.test_get import config_map
from tests.integration.test_rule_commands import rule_commands
from tests.unit.health.conftest import build

__all__ = ["build"]
KEY = b"/registry/configmaps/shop/a"
PACKAGE = Path(etcdview.__file__).parent
WORDS = "alarm|auth|compact|defrag|del|downgrade|endpoint|get|member|move-leader|put|snapshot|txn|user|watch"
COMMAND = re.compile(rf"(?:^|[|\n]\s*)etcdctl (?:--endpoints=\S+ )?(?:{WORDS})\b")
WATCHED_BY_A_RULE = "etcdctl watch --prefix /registry/ | grep -A1 ^PUT"  # endless, as is that of the page
# What etcd answers where the operation is understood, and refused: the member has not started, so it has no data yet.
ANSWERS = ("in sync with leader",)

Etcdctl = Callable[..., str]
Scene = SimpleNamespace  # leader, follower: their URLs; other: a follower's ID; added: an unstarted learner's; revision
# The command as the code has it, with {} for what varies -> the command as it is shown
TABLE: dict[str, Callable[[Scene], str]] = {
    "etcdctl --endpoints={} snapshot save snapshot.db":
        lambda s: f"etcdctl --endpoints={s.follower} snapshot save snapshot.db",
    "etcdctl compact {} --physical": lambda s: f"etcdctl compact {s.revision} --physical",
    "etcdctl --endpoints={} defrag --command-timeout=30m":
        lambda s: f"etcdctl --endpoints={s.follower} defrag --command-timeout=30m",
    "etcdctl --endpoints={} move-leader {}": lambda s: f"etcdctl --endpoints={s.leader} move-leader {s.other}",
    "etcdctl alarm list": lambda _: "etcdctl alarm list",
    "etcdctl alarm disarm": lambda _: "etcdctl alarm disarm",
    "etcdctl member add {} --peer-urls={} --learner":
        lambda _: "etcdctl member add NEW --peer-urls=https://127.0.0.1:1 --learner",
    "etcdctl member promote {}": lambda s: f"etcdctl member promote {s.added()}",
    "etcdctl member promote ID": lambda s: f"etcdctl member promote {s.added()}",
    "etcdctl member remove {}": lambda s: f"etcdctl member remove {s.added()}",
    "etcdctl watch --prefix {}": lambda _: "etcdctl watch --prefix /registry/",
    "etcdctl get /registry/secrets/NAMESPACE/NAME --print-value-only | head -c 40":
        lambda _: "etcdctl get /registry/secrets/NAMESPACE/NAME --print-value-only | head -c 40",
    "etcdctl member list -w table": lambda _: "etcdctl member list -w table",
    "etcdctl endpoint status --cluster -w table": lambda _: "etcdctl endpoint status --cluster -w table",
    "etcdctl endpoint health --cluster": lambda _: "etcdctl endpoint health --cluster",
    "etcdctl get {} --prefix --keys-only": lambda _: "etcdctl get /registry/ --prefix --keys-only",
    "etcdctl get {} --prefix --count-only --write-out=fields":
        lambda _: "etcdctl get /registry/ --prefix --count-only --write-out=fields",
    "etcdctl get {} --prefix --print-value-only | wc -c":
        lambda _: "etcdctl get /registry/ --prefix --print-value-only | wc -c",
    "etcdctl get {}{}": lambda _: f"etcdctl get {KEY.decode()}",
    "etcdctl get {}{} --print-value-only | etcdview decode --key {} -":
        lambda _: f"etcdctl get {KEY.decode()} --print-value-only | etcdview decode --key {KEY.decode()} -",
    "etcdctl get / --prefix --keys-only | grep {} {}":
        lambda _: "etcdctl get / --prefix --keys-only | grep -F configmaps",
    "etcdctl get {} -w fields | grep ModRevision": lambda _: _put_by_file(5),
    "etcdctl get {} --keys-only": lambda _: _put_by_file(0),
    "{}   # {}?\netcdview encode {} object.yaml | etcdctl put {}": lambda _: _put_by_file(5),
    "etcdctl del --prefix {}": lambda _: twins.delete_prefix(b"/registry/configmaps/shop/"),
    "etcdctl txn <<'EOF'\nmod({}) = \"{}\"\n\n{}\n\n\nEOF": lambda _: twins.put(KEY + b"'$ x", b"\x00'\n", 0),
}  # fmt: skip


def _put_by_file(mod_revision: int) -> str:
    return twins.encode_and_put(KEY, StorageFormat("json", "", ""), mod_revision)


def templates(path: Path) -> Iterator[str]:
    """The texts of a module that are commands for etcdctl, with {} for what varies; no docstrings."""
    source = path.read_text("utf-8")
    if "etcdctl" not in source:
        return
    tree = ast.parse(source)
    parts = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            pieces = (str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
            text = "".join(pieces)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts | alone:
            text = node.value
        else:
            continue
        if COMMAND.search(text):
            yield text


def test_every_command_in_the_code_is_in_the_table_or_shown_by_a_rule(build: SimpleNamespace) -> None:
    rules = rule_commands(build)
    paths = sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "pages/learn/commands.py"})
    found = {text: path for path in paths for text in templates(path)}
    missing = {
        text: path.name
        for text, path in found.items()
        if text not in TABLE and not any(_pattern(text).fullmatch(command) for command in rules)
    }

    assert missing.keys() == {WATCHED_BY_A_RULE}
    assert TABLE.keys() <= found.keys()


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.escape(template).replace(r"\{\}", r"\S+"))


@pytest.fixture(params=["README's exports", "none"])
def environ(request: pytest.FixtureRequest, cluster: LocalCluster, tmp_path: Path) -> dict[str, str]:
    """What a shell has in which a command is pasted."""
    (tmp_path / "object.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n")
    found = {"PATH": put_etcdview(tmp_path), "HOME": str(tmp_path)}
    if request.param != "none":
        found |= exports(cluster)
    return found


def scene_of(etcdctl: Etcdctl) -> Scene:
    rows = json.loads(etcdctl("endpoint", "status", "-w", "json"))
    statuses = {row["Endpoint"]: row["Status"] for row in rows}
    leader = next(url for url, status in statuses.items() if status["leader"] == status["header"]["member_id"])
    follower = next(url for url in statuses if url != leader)
    return SimpleNamespace(
        leader=leader,
        follower=follower,
        other=f"{statuses[follower]['header']['member_id']:x}",
        added=lambda: next(iter(learners(etcdctl)), "0"),
        revision=statuses[leader]["header"]["revision"],
    )


def run(command: str, folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As a person would; again while the members are too new to each other for a change of the membership."""
    until = time.monotonic() + 30
    while True:
        done = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", command], cwd=folder, env=environ, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip
        if "unhealthy cluster" not in done.stderr or time.monotonic() > until:
            return done


def learners(etcdctl: Etcdctl) -> list[str]:
    members = json.loads(etcdctl("member", "list", "-w", "json"))["members"]
    return [f"{member['ID']:x}" for member in members if member.get("isLearner")]


def test_every_command_of_the_table_reaches_etcd(
    cluster: LocalCluster,
    environ: dict[str, str],
    etcdctl: Etcdctl,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    etcdctl("put", KEY.decode(), stdin=config_map("a", 1)[1])
    store = EtcdStore(cluster.endpoints, cluster.tls)
    refused, made = [], [make for template, make in TABLE.items() if "watch" not in template]
    try:
        scene = scene_of(etcdctl)
        seen = set()
        for make in made:
            command = connected(make(scene), store)
            if command in seen:
                continue
            seen.add(command)
            done = run(command, tmp_path, environ)
            if done.returncode and not any(answer in done.stderr for answer in ANSWERS):
                refused.append(f"{command}\n{done.stdout[-300:]}{done.stderr[-300:]}")
    finally:
        store.close()
        for member in learners(etcdctl):
            etcdctl("member", "remove", member)

    assert not refused, "\n".join(refused)
    record_property("etcdctl commands of pages, plans and changes run", len(made))


@pytest.mark.parametrize(
    "shown", [TABLE["etcdctl watch --prefix {}"](Scene()), "etcdctl watch --prefix /registry/ | grep -A1 ^PUT"]
)
def test_the_commands_that_watch_show_what_is_written(
    shown: str, cluster: LocalCluster, environ: dict[str, str], tmp_path: Path
) -> None:
    store = EtcdStore(cluster.endpoints, cluster.tls)
    command = connected(shown, store)
    store.close()
    terminal, end = pty.openpty()  # where grep prints each line at once, as for a person
    watching = subprocess.Popen(["/bin/bash", "-c", command], cwd=tmp_path, env=environ, stdout=end, stderr=end,
                                stdin=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    os.close(end)
    said = b""
    try:
        with writing(cluster.endpoints[0], cluster.tls) as writer:
            while b"watched" not in said and watching.poll() is None:
                writer.put(b"/registry/watched")
                if select.select([terminal], [], [], 0.2)[0]:
                    said += os.read(terminal, 4096)
    finally:
        os.killpg(watching.pid, 9)
        watching.wait()
        os.close(terminal)

    assert b"PUT" in said, said.decode()
