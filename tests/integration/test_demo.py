"""`etcdview demo`: one line when it is really ready, a full cluster behind it, nothing left when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from etcdview.demo.processes import free_ports, port_free
from etcdview.demo.programs import find_program

READY = "etcdview is ready: http://127.0.0.1:"
KEY = "/registry/pods/shop/crashloop"


@dataclass
class Demo:
    """A demo that runs, with what it has said so far."""

    process: subprocess.Popen[str]
    port: int
    said: list[str]

    def json(self, path: str) -> Any:
        """What the address answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def family(self) -> list[psutil.Process]:
        """It and all it started."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


def _start(port: int, folder: Path | None = None) -> Demo:
    """Start one, its temporary files in `folder` if that is given."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
    environ |= {"TMPDIR": str(folder)} if folder else {}
    command = [sys.executable, "-u", "-m", "etcdview", "demo", "--port", str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ, start_new_session=True
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(READY):
            said.append(process.stdout.readline())
            return Demo(process, port, said)
    raise AssertionError("".join(said))


def _stop(demo: Demo, number: signal.Signals) -> list[psutil.Process]:
    """Send the signal to its process group, as a terminal does; gives what is left after it."""
    family = demo.family()
    os.killpg(demo.process.pid, number)
    assert demo.process.stdout is not None
    demo.said.extend(demo.process.stdout)
    demo.process.wait(20)
    demo.process.stdout.close()
    return psutil.wait_procs(family, timeout=3)[1]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One that runs for the tests that only look."""
    running = _start(free_ports(1)[0])
    yield running
    assert _stop(running, signal.SIGINT) == []


def test_three_members_of_kubeadms_kind_are_healthy(demo: Demo) -> None:
    cluster = demo.json("/api/v1/cluster")
    assert sorted(member["name"] for member in cluster["members"]) == ["cp1", "cp2", "cp3"]
    assert all(member["healthy"] for member in cluster["members"])
    assert all(url.startswith("https://") for member in cluster["members"] for url in member["clientURLs"])


def test_the_whole_capture_is_there_once_it_says_that_it_is_ready(demo: Demo) -> None:
    resources = demo.json("/api/v1/resources")
    assert resources["complete"]
    assert (len(resources["resources"]), sum(row["count"] for row in resources["resources"])) == (65, 573)


def test_a_captured_object_is_decoded(demo: Demo) -> None:
    assert demo.json(f"/api/v1/object?key={KEY}")["object"]["metadata"]["name"] == "crashloop"


def test_the_captures_encrypted_values_are_decrypted(demo: Demo) -> None:
    found = demo.json("/api/v1/object?key=/registry/configmaps/shop/encrypted-too")
    assert found["object"]["kind"] == "ConfigMap"
    assert (found["storage"]["provider"], found["storage"]["keyName"]) == ("secretbox", "box-new")


def test_the_members_are_children_named_etcd(demo: Demo) -> None:
    assert [process.name() for process in demo.family()].count("etcd") == 3


def test_each_step_is_said_before_it_is_ready(demo: Demo) -> None:
    said = "".join(demo.said)
    assert "Starting 3 etcd members with mutual TLS" in said
    assert "etcd cp3 answers at https://127.0.0.1:" in said
    assert "keys loaded (573 of 573)" in said


def test_the_file_for_a_shell_lets_commands_read_and_decrypt(demo: Demo) -> None:
    file = next(line.partition(": . ")[2].strip() for line in demo.said if "etcdctl and etcdview" in line)
    commands = f". {file}; {sys.executable} -m etcdview get secrets -A && etcdctl get / --prefix --count-only -w fields"
    programs = f"{find_program('etcdctl').parent}:{os.environ['PATH']}"

    done = subprocess.run(
        ["sh", "-c", commands], env=os.environ | {"PATH": programs}, capture_output=True, text=True, check=True
    )

    assert "<unreadable>" not in done.stdout
    assert '"Count" : 573' in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_leaves_nothing_and_says_little(number: signal.Signals, tmp_path: Path) -> None:
    running = _start(free_ports(1)[0])
    for process in running.family():
        if process.name() == "etcd":
            folder = Path(process.cmdline()[2].partition("=")[2]).parents[1]
            process.suspend()  # a member that does not answer is no reason to stay
            break
    begun = time.monotonic()
    assert _stop(running, number) == []
    assert time.monotonic() - begun < 10
    assert running.process.returncode == 0
    assert running.said[-1] == "Stopped.\n"
    assert not any("Traceback" in line for line in running.said)
    assert not folder.exists()
    assert port_free("127.0.0.1", running.port)


def test_no_process_is_left_of_a_demo_that_was_killed(tmp_path: Path) -> None:
    assert _stop(_start(free_ports(1)[0], tmp_path), signal.SIGKILL) == []


def test_a_taken_port_is_said_before_anything_is_started() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "etcdview", "demo", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
    assert "PORT=" in done.stderr
    assert done.stdout == ""
