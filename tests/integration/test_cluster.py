"""The cluster that the demo and the tests run on: mutual TLS, members that can fail, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import port_free
from etcdview.demo.running import REGISTRY
from etcdview.errors import UnreachableError
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump

Etcdctl = Callable[..., str]


def _endpoints(etcdctl: Etcdctl) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(etcdctl("endpoint", "status", "-w", "json"))
    return found


def test_three_members_agree_on_one_leader(etcdctl: Etcdctl) -> None:
    leaders = {row["Status"]["leader"] for row in _endpoints(etcdctl)}  # type: ignore[index]
    assert len(_endpoints(etcdctl)) == 3
    assert len(leaders) == 1


def test_members_have_the_names_they_were_given(etcdctl: Etcdctl) -> None:
    names = [line.split(", ")[2] for line in etcdctl("member", "list").splitlines()]
    assert sorted(names) == ["cp1", "cp2", "cp3"]


def test_a_client_without_certificate_is_not_let_in(cluster: LocalCluster) -> None:
    with pytest.raises(AssertionError, match="deadline exceeded"):
        _without_certificate(cluster)


def _without_certificate(cluster: LocalCluster) -> None:
    from etcdview.demo.programs import find_program

    command = [str(find_program("etcdctl")), "--cacert", cluster.tls.cacert, "--endpoints", cluster.endpoints[0]]
    done = subprocess.run([*command, "get", "/"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_each_test_finds_an_empty_etcd_even_after_this_one(etcdctl: Etcdctl) -> None:
    assert etcdctl("get", "", "--from-key=true", "--keys-only") == ""
    etcdctl("put", "/left/behind", "x")


def test_each_test_finds_an_empty_etcd_even_after_the_last_one(etcdctl: Etcdctl) -> None:
    assert etcdctl("get", "", "--from-key=true", "--keys-only") == ""


def test_a_killed_and_a_paused_member_come_back_when_healed(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    cluster.members[0].kill()
    cluster.members[1].pause()
    cluster.heal()
    assert len(_endpoints(etcdctl)) == 3


def test_a_member_killed_right_after_a_write_comes_back_with_it(cluster: LocalCluster, etcdctl: Etcdctl) -> None:
    """Killed without a commit before, etcd 3.5.1 failed 5 rounds of 60: a member was without a write for ever."""
    load(cluster.endpoints[0], cluster.tls, read_dump(REGISTRY))

    for member in cluster.members[:2]:
        member.kill()
    cluster.heal()

    assert len({row["HashKV"]["hash"] for row in json.loads(etcdctl("endpoint", "hashkv", "-w", "json"))}) == 1


def test_plain_etcd_answers_over_http(plain_etcd: LocalCluster, plain_etcdctl: Etcdctl) -> None:
    assert plain_etcd.endpoints[0].startswith("http://")
    assert plain_etcdctl("put", "/a", "b") == "OK\n"


def test_a_member_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "data").write_text("in the way")
    with pytest.raises(UnreachableError, match=r"etcd one ended .*(not a directory|error listing data dir)"):
        LocalCluster(tmp_path, ("one",)).__enter__()


def test_leaving_the_cluster_frees_its_ports(tmp_path: Path) -> None:
    with LocalCluster(tmp_path, ("one",)) as running:
        port = int(running.endpoints[0].rpartition(":")[2])
        assert not port_free("127.0.0.1", port)
    assert port_free("127.0.0.1", port)


def test_no_member_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys, pathlib, os, signal
        from etcdview.demo.cluster import LocalCluster
        with LocalCluster(pathlib.Path(sys.argv[1]), ("one",)) as running:
            print(running.members[0].pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert _ends(int(done.stdout)), done.stderr


def _ends(pid: int) -> bool:
    for _ in range(100):
        if not _runs(pid):
            return True
        time.sleep(0.05)
    return False


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie waits for an init that reaps: it has ended all the same.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
