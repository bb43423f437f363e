"""A real kine, the program that ETCDVIEW_KINE names, with the demo's objects in it: on a socket file, and on a port.

These tests are marked `kine` and run only when asked for; `make compat` builds several releases and asks for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import etcdview.demo
from etcdview.demo.processes import free_ports, start
from etcdview.errors import UnreachableError
from etcdview.models import KeyValue, Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.dump import read_dump

DEMO = Path(etcdview.demo.__file__).parent / "data" / "registry.jsonl.gz"
START_SECONDS = 60.0
COMMAND_SECONDS = 120.0


@dataclass(frozen=True)
class Kine:
    """A kine that runs: where it listens, and what was written to it at its start, by key."""

    endpoint: str
    written: dict[bytes, KeyValue]

    def open(self) -> EtcdStore:
        return EtcdStore([self.endpoint], TlsFiles())


@pytest.fixture(scope="session", params=["socket", "port"])
def kine(request: pytest.FixtureRequest) -> Iterator[Kine]:
    """kine over SQLite, as k3s runs it; k3s has a socket only, and listens at a port for nobody."""
    folder = Path(tempfile.mkdtemp(prefix="ev"))  # short: a socket's path has 107 bytes at most
    over_tcp = f"http://127.0.0.1:{free_ports(1)[0]}"
    url, endpoint = (
        (over_tcp, over_tcp) if request.param == "port" else ("unix://kine.sock", f"unix://{folder}/kine.sock")
    )
    database = f"sqlite://{folder}/state.db?_journal=WAL&cache=shared&_busy_timeout=30000&_txlock=immediate"
    words = [os.environ["ETCDVIEW_KINE"], f"--listen-address={url.removeprefix('http://')}", f"--endpoint={database}"]
    environ = {"PATH": os.environ["PATH"], "KINE_METRICS_BIND_ADDRESS": "0"}
    before = Path.cwd()
    os.chdir(folder)  # the socket's name is short in its own folder
    process = start(words, folder / "log", environ)
    os.chdir(before)
    try:
        yield Kine(endpoint, _filled(endpoint, folder / "log"))
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _filled(endpoint: str, log: Path) -> dict[bytes, KeyValue]:
    store = EtcdStore([endpoint], TlsFiles(), timeout_seconds=10.0)
    try:
        _wait(store, log)
        kvs = list(read_dump(DEMO))
        for kv in kvs:
            store.put(kv.key, kv.value, mod_revision=0)
        return {kv.key: kv for kv in kvs}
    finally:
        store.close()


def _wait(store: EtcdStore, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            store.range(Range(b"/registry/health"))
        except UnreachableError:
            assert time.monotonic() < deadline, log.read_text()
        else:
            return


@pytest.fixture
def store(kine: Kine) -> Iterator[EtcdStore]:
    opened = kine.open()
    yield opened
    opened.close()


def run(kine: Kine, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of etcdview against it, as its users run it."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
    command = [sys.executable, "-m", "etcdview", *words, "--endpoints", kine.endpoint]
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
