"""The restore drill: members killed, the printed commands run, and every key is served again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from etcdview.cluster.sources import open_file
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.models import Member, Range
from etcdview.recovery.restore_plan import LogExtent, RestoreSource
from etcdview.recovery.restore_steps import RestoreTarget, restore_plan
from etcdview.stores.etcd.client import EtcdStore
from tests.integration.conftest import run_etcdctl

LATE = ("--backend-batch-interval=1h", "--backend-batch-limit=1000000")  # the database has none of what follows
COUNT = 60
# etcdutl of the tests may be older than these flags
ETCDUTL = """#!/bin/sh -f
IFS='
'
test "$3" != --help || echo --bump-revision
exec {etcdutl} $(printf '%s\\n' "$@" | sed '/^--bump-revision$/,/^--mark-compacted$/d')
"""


def programs(folder: Path) -> dict[str, str]:
    """An environment whose PATH has etcd's programs."""
    folder.mkdir()
    for name in ("etcd", "etcdctl"):
        (folder / name).symlink_to(find_program(name))
    etcdutl = find_program("etcdutl")
    described = subprocess.run([str(etcdutl), "snapshot", "restore", "--help"], capture_output=True, text=True).stdout
    if "--bump-revision" in described:
        (folder / "etcdutl").symlink_to(etcdutl)
    else:
        (folder / "etcdutl").write_text(ETCDUTL.format(etcdutl=etcdutl))
        (folder / "etcdutl").chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def shell(commands: list[str], environment: dict[str, str]) -> None:
    subprocess.run(["bash", "-ec", "\n".join(commands)], check=True, capture_output=True, env=environment, timeout=60)


@pytest.mark.long
def test_three_killed_members_are_restored_by_the_printed_commands(member_folder: Path, tmp_path: Path) -> None:
    running = LocalCluster(member_folder, ("a", "b", "c"), options=LATE)
    with running:
        live = EtcdStore(running.endpoints, running.tls)
        for number in range(COUNT):
            live.put(b"/registry/configmaps/shop/c%02d" % number, b"v%d" % number, mod_revision=0)
        served = live.range(Range(b"\0", b"\0")).kvs
        live.close()
        for member in running.members:
            member.kill(at_once=True)
    environment, restored = programs(tmp_path / "bin"), tmp_path / "restored"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "etcdview", "restore", "plan", *(str(m.data) for m in running.members)),
            *("--data-dir", str(restored), "--copy-to", str(tmp_path / "all.db"), "-o", "json"),
        ],
        check=True,
        capture_output=True,
    )
    plan = json.loads(done.stdout)
    assert [member["name"] for member in plan["members"]] == ["a", "b", "c"]
    assert plan["notes"][0].startswith("Here is the data of 3 of 3 members, which is a quorum.")
    _, made, *restores, _, _ = plan["steps"]
    assert any("--force-new-cluster" in command for command in made["commands"])

    shell(made["commands"], environment)
    for member, step in zip(running.members, restores, strict=True):
        shell(step["commands"], environment)
        shutil.rmtree(member.data)
        shutil.move(restored, member.data)

    store = open_file(running.members[0].data)  # with what --bump-revision leaves in it
    in_file = {kv.key for kv in store.range(Range(b"\0", b"\0")).kvs}
    store.close()

    with running:
        again = EtcdStore(running.endpoints, running.tls)
        found = {kv.key: kv.value for kv in again.range(Range(b"\0", b"\0")).kvs}
        again.close()
    assert found == {kv.key: kv.value for kv in served}
    assert found.keys() == in_file


@pytest.mark.parametrize("begins", [True, False], ids=["a record", "a value"])
def test_a_log_that_is_damaged_where_the_database_has_all_is_left_out_and_said(
    member_folder: Path, tmp_path: Path, begins: bool
) -> None:
    """etcd checks all of a log, so it does not start on it; the data directory itself is shown whole."""
    whole = LocalCluster(member_folder, ("a",))
    with whole:
        run_etcdctl(whole, "put", "/registry/configmaps/shop/old", "early " * 50)
        run_etcdctl(whole, "snapshot", "save", str(tmp_path / "s.db"))  # writes what the database still lacks
    running = LocalCluster(member_folder, ("a",), options=LATE)
    with running:
        run_etcdctl(running, "put", "/registry/configmaps/shop/late", "v")
        running.members[0].kill(at_once=True)
    data = running.members[0].data
    (log,) = (data / "member" / "wal").glob("*.wal")
    written = bytearray(log.read_bytes())
    place = written.index(b"early early")
    written[written.rindex(b"\x08\x01\x10", 0, place) if begins else place] ^= 1
    log.write_bytes(written)

    store = open_file(data)
    notes, keys = " ".join(store.notes), {kv.key for kv in store.range(Range(b"/registry/", b"/registry0")).kvs}
    store.close()
    assert keys == {b"/registry/configmaps/shop/late", b"/registry/configmaps/shop/old"}
    assert ("nothing is missing here" in notes) == begins  # values that the database has are not read

    command = [sys.executable, "-m", "etcdview", "restore", "plan", str(data), "-o", "json"]
    command += ["--copy-to", str(tmp_path / "all.db")]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    (note,) = [note for note in plan["sources"][0]["notes"] if "No etcd can bring in its log" in note]
    assert "So this is its database alone, which lacks" in note
    assert plan["sources"][0]["log"] is None
    shell(plan["steps"][1]["commands"], programs(tmp_path / "bin"))
    store = open_file(tmp_path / "all.db")
    assert [kv.key for kv in store.range(Range(b"/registry/", b"/registry0")).kvs] == [b"/registry/configmaps/shop/old"]
    store.close()
    words = [str(find_program("etcd")), "--data-dir", str(data), "--force-new-cluster", "--listen-client-urls"]
    words += ["unix://client:1", "--advertise-client-urls", "unix://client:1", "--listen-peer-urls", "unix://peer:1"]
    refused = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=30, check=False)
    assert refused.returncode != 0


@pytest.mark.long
def test_a_damaged_log_is_brought_in_as_far_as_it_is_good(member_folder: Path, tmp_path: Path) -> None:
    """etcd does not start on a log with a checksum that does not fit."""
    running = LocalCluster(member_folder, ("a",), options=LATE)
    with running:
        live = EtcdStore(running.endpoints, running.tls)
        for number in range(20):
            live.put(b"/registry/configmaps/shop/c%02d" % number, bytes([number + 1]) * 900, mod_revision=0)
        live.close()
        running.members[0].kill(at_once=True)
    (log,) = (running.members[0].data / "member" / "wal").glob("*.wal")
    written = bytearray(log.read_bytes())
    written[written.index(bytes([11]) * 900) + 5] ^= 1
    log.write_bytes(written)
    command = [sys.executable, "-m", "etcdview", "restore", "plan", str(running.members[0].data), "-o", "json"]
    command += ["--copy-to", str(tmp_path / "all.db")]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    shell(plan["steps"][1]["commands"], programs(tmp_path / "bin"))

    store = open_file(tmp_path / "all.db")
    keys = [kv.key for kv in store.range(Range(b"\0", b"\0")).kvs]
    store.close()
    assert keys == [b"/registry/configmaps/shop/c%02d" % number for number in range(10)]


def test_two_restores_at_once_with_etcdctl_set_up_for_the_cluster_do_not_meet(
    member_folder: Path, tmp_path: Path
) -> None:
    """etcdctl and etcd refuse to start where a variable says what a flag says too."""
    running = LocalCluster(member_folder, ("a",), options=LATE)
    with running:
        for number in range(3):
            run_etcdctl(running, "put", f"/registry/configmaps/shop/c{number}", "v")
        running.members[0].kill(at_once=True)
    environment = programs(tmp_path / "bin")
    environment |= {"ETCDCTL_ENDPOINTS": "https://10.0.0.1:2379", "ETCD_NAME": "cp1", "ETCD_DATA_DIR": "/var/lib/etcd"}
    copies = [tmp_path / "a.db", tmp_path / "b.db"]
    scripts = []
    for copy in copies:
        command = [sys.executable, "-m", "etcdview", "restore", "plan", str(running.members[0].data), "-o", "json"]
        made = subprocess.run([*command, "--copy-to", str(copy)], check=True, capture_output=True)
        scripts.append(json.loads(made.stdout)["steps"][1]["commands"])
    # each etcd runs until the other has started
    until = [f"touch {copy}.up; until test -e {other}.up; do sleep 0.1; done" for copy, other in (copies, copies[::-1])]
    scripts = [[*lines[:-1], wait, lines[-1]] for lines, wait in zip(scripts, until, strict=True)]

    with ThreadPoolExecutor() as pool:
        list(pool.map(shell, scripts, [environment] * 2))

    for copy in copies:
        store = open_file(copy)
        assert store.range(Range(b"/registry/", b"/registry0", count_only=True)).count == 3
        store.close()


@pytest.mark.parametrize("auth", [False, True])
def test_an_etcd_that_does_not_start_ends_the_commands(tmp_path: Path, auth: bool) -> None:
    """Without the log the database is no copy of the member, and etcdctl waits for ever."""
    database = tmp_path / "d" / "member" / "snap" / "db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"no database")
    member = Member(1, "a", ("http://127.0.0.1:1",), ())
    log = LogExtent(changes=1)
    held = RestoreSource(tmp_path / "d", database, version="3.6.0", members=(member,), log=log, auth=auth)
    plan = restore_plan(held, [held], RestoreTarget("/d", str(tmp_path / "all.db"), "t"))
    environment = programs(tmp_path / "bin")

    with suppress(subprocess.CalledProcessError):
        shell(list(plan.steps[1].commands), environment)

    assert not (tmp_path / "all.db").exists()


@pytest.mark.long
def test_a_member_that_wants_a_password_is_restored_without_one(member_folder: Path, tmp_path: Path) -> None:
    running = LocalCluster(member_folder, ("a b",), options=LATE)
    with running:
        for words in ("user add root --new-user-password pw", "user grant-role root root", "auth enable"):
            run_etcdctl(running, *words.split())
        for number in range(3):
            run_etcdctl(running, "--user", "root:pw", "put", f"/registry/configmaps/shop/c{number}", "v")
        running.members[0].kill(at_once=True)
    environment, restored = programs(tmp_path / "bin"), tmp_path / "restored"
    where = ["--data-dir", f"{restored}/", "--copy-to", str(tmp_path / "all of it.db"), "-o", "json"]
    command = [sys.executable, "-m", "etcdview", "restore", "plan", str(running.members[0].data), *where]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    restored.mkdir()
    (restored / "what was there").touch()

    for step in plan["steps"][1:3]:
        shell(step["commands"], environment)

    store = open_file(restored)
    keys = [kv.key for kv in store.range(Range(b"\0", b"\0")).kvs]
    store.close()
    # that the last write is committed is in the log only once another follows
    assert keys[:2] == [b"/registry/configmaps/shop/c%d" % number for number in range(2)]
    assert (tmp_path / "restored.before-restore" / "what was there").exists()
