"""systemd listens, and hands its socket over: systemd-socket-activate does the same for one program."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etcdview.demo.processes import free_ports

ROOT = Path(__file__).parents[2]
CAPTURE = ROOT / "tests" / "testdata" / "cluster-shop" / "registry.jsonl.gz"
DEADLINE_SECONDS = 30.0
Activate = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def activate() -> Iterator[Activate]:
    """Let systemd's program listen, and start etcdview at the first connection."""
    running: list[subprocess.Popen[str]] = []
    program = shutil.which("systemd-socket-activate")
    assert program, "install systemd's package"

    def begin(*listening: str) -> subprocess.Popen[str]:
        sockets = [word for each in listening for word in ("--listen", each)]
        serving = [sys.executable, "-m", "etcdview", "serve", "--from", str(CAPTURE)]
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
        command = [program, *sockets, *serving]
        running.append(subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def _connected(port: int) -> socket.socket:
    """A connection, once somebody listens."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)
        except OSError:
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.05)


def test_it_serves_on_the_socket_that_systemd_hands_over(activate: Activate) -> None:
    (port,) = free_ports(1)
    server = activate(f"127.0.0.1:{port}")

    _connected(port).close()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=DEADLINE_SECONDS) as answer:
        assert answer.status == 200
    server.send_signal(signal.SIGTERM)
    _, said = server.communicate(timeout=DEADLINE_SECONDS)

    assert server.returncode == 0
    assert f"etcdview listens on http://127.0.0.1:{port}/" in said


@pytest.mark.parametrize(
    ("sockets", "says"),
    [
        (("0.0.0.0:{}",), "needs a login"),
        (("127.0.0.1:{}", "127.0.0.1:{}"), "systemd hands over 2 sockets, and etcdview serves one."),
    ],
)
def test_a_socket_that_it_may_not_serve_on_is_refused(activate: Activate, sockets: tuple[str, ...], says: str) -> None:
    ports = free_ports(len(sockets))
    server = activate(*(each.format(port) for each, port in zip(sockets, ports, strict=True)))

    with _connected(ports[0]):
        _, said = server.communicate(timeout=DEADLINE_SECONDS)

    assert server.returncode == 2
    assert says in said


def test_a_socket_of_another_sort_is_refused(activate: Activate, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    server = activate(str(path))
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        _, said = server.communicate(timeout=DEADLINE_SECONDS)

    assert server.returncode == 2
    assert "does not listen for TCP" in said
