"""`etcdview serve` as a process of its own, as its users run it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """A running one: the port that it listens on, and the process."""

    port: int
    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """Of the process that starts the workers."""
        return self.process.pid


@contextlib.contextmanager
def serving(*arguments: str, host: str = "127.0.0.1") -> Iterator[int]:
    """The port that it listens on, until the block ends; it must end well, and without a traceback in its log."""
    with running(*arguments, host=host) as server:
        yield server.port


@contextlib.contextmanager
def running(
    *arguments: str, host: str = "127.0.0.1", port: int = 0, folder: str = "", before: Sequence[str] = ()
) -> Iterator[Server]:
    """As `serving`; with `folder` its temporary files lie there, and `before` is a program that starts it."""
    command = [*before, sys.executable, "-m", "etcdview", "serve", "--listen", f"{host}:{port}", *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ETCDVIEW_", "ETCDCTL_"))}
    environ |= {"TMPDIR": folder} if folder else {}
    # a file and not a pipe: nobody reads on, and a full pipe would stop the server at its next line
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stderr=log, text=True, cwd=ROOT, env=environ)
        try:
            yield Server(_port(process, log), process)
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(timeout=20)
        said = _said(log)
        assert ended == 0, said
        assert "Traceback" not in said, said


def _port(process: subprocess.Popen[str], log: IO[str]) -> int:
    """Where it says that it listens, once it does."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"listens on [^\s/]+://\S+?:(\d+)/", _said(log))
        if found is not None:
            return int(found[1])
        time.sleep(0.1)
    raise AssertionError(f"the server did not begin to listen: {_said(log)}")


def _said(log: IO[str]) -> str:
    log.seek(0)
    return log.read()
