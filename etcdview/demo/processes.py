"""Child processes that never outlive their parent, however it ends, and free ports for them."""

from __future__ import annotations

import errno
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")
# Below what the kernel gives to outgoing connections (32768 and up), which could take a port between look and use.
_PORTS = range(20_000, 32_000)


def start(
    command: Sequence[str],
    log: Path | None = None,
    environ: Mapping[str, str] | None = None,
    at_death: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start `command` (its first word a path); output goes to `log`, or to our own.

    The child has a process group of its own, so that Ctrl-C reaches only us. The kernel sends it `at_death` when the
    calling thread ends: start children from the main thread.
    """
    words = [sys.executable, "-I", str(_LAUNCH), str(os.getpid()), str(int(at_death)), *command]
    if log is None:
        return subprocess.Popen(words, env=environ, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603  (our own words, no shell)
            words, env=environ, stdin=subprocess.DEVNULL, stdout=file, stderr=file, process_group=0
        )


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of 127.0.0.1 on which nothing listens, all different."""
    return tuple(port for port, _ in zip(_free(), range(count), strict=False))


def _free() -> Iterator[int]:
    for port in random.sample(_PORTS, len(_PORTS)):  # random: two runs at a time seldom want the same
        if port_free("127.0.0.1", port):
            yield port


def port_free(host: str, port: int) -> bool:
    """Whether `host`:`port` can be listened on. Raises OSError for a host that is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections do not count
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
