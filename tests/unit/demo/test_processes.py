"""Free ports, and children that end with their parent."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path

from etcdview.demo.processes import free_ports, port_free, start


def test_free_ports_are_all_different_and_can_be_listened_on() -> None:
    ports = free_ports(6)
    assert len(set(ports)) == 6
    for port in ports:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections do not count
            sock.bind(("127.0.0.1", port))


def test_a_port_that_another_listens_on_is_not_free() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        assert not port_free("127.0.0.1", sock.getsockname()[1])


def test_a_child_becomes_the_program_itself_and_writes_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = start([sys.executable, "-c", "import os; print(os.getpid(), os.getpgrp())"], log)
    assert child.wait() == 0
    assert log.read_text().split() == [str(child.pid), str(child.pid)]


def test_a_child_has_the_environment_it_is_given(tmp_path: Path) -> None:
    log = tmp_path / "log"
    start([sys.executable, "-c", "import os; print(os.environ['GREETING'])"], log, {"GREETING": "hello"}).wait()
    assert log.read_text() == "hello\n"


def test_a_child_asks_the_kernel_for_the_signal_at_its_parents_death(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ask = "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n)); print(n.value)"
    start([sys.executable, "-c", ask], log, at_death=signal.SIGTERM).wait()
    assert log.read_text() == f"{int(signal.SIGTERM)}\n"
