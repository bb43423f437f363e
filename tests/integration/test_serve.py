"""`etcdview serve` as a process: it starts without etcd, finds it when it comes, and ends when it is told to."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import free_ports

CAPTURE = Path(__file__).parents[1] / "testdata" / "cluster-shop"
DEADLINE_SECONDS = 30.0
Serve = Callable[..., "Server"]


class Server:
    """A process that serves, and its address."""

    def __init__(self, *flags: str) -> None:
        self.port = free_ports(1)[0]
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
        command = [sys.executable, "-m", "etcdview", "serve", "--listen", f"127.0.0.1:{self.port}", *flags]
        self.process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)

    def status(self, path: str) -> int:
        """The HTTP status that a path answers; 0 while nobody does."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def until(self, path: str, status: int) -> None:
        """Wait for that answer."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (seen := self.status(path)) != status:
            assert time.monotonic() < deadline, f"{path} answers {seen}, not {status}"
            assert self.process.poll() is None
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit status, and what it said."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, said


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers; whatever still runs at the end is killed."""
    servers: list[Server] = []

    def start(*flags: str) -> Server:
        servers.append(Server(*flags))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


def _connection(cluster: LocalCluster) -> list[str]:
    tls = cluster.tls
    return ["--endpoints", ",".join(cluster.endpoints), "--cacert", tls.cacert, "--cert", tls.cert, "--key", tls.key]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_a_live_cluster_and_ends_quietly(cluster: LocalCluster, serve: Serve, number: signal.Signals) -> None:
    server = serve(*_connection(cluster))
    server.until("/readyz", 200)
    assert server.status("/") == 200
    status, said = server.stop(number)
    assert status == 0
    assert said.splitlines() == [f"etcdview listens on http://127.0.0.1:{server.port}/ (Ctrl-C stops it)"]


def test_it_starts_while_etcd_is_down_and_finds_it_when_it_comes(tmp_path: Path, serve: Serve) -> None:
    cluster = LocalCluster(tmp_path, ("late",))
    server = serve("--endpoints", cluster.endpoints[0])
    server.until("/healthz", 200)
    server.until("/readyz", 503)
    assert server.status("/") in (200, 503)
    with cluster:
        server.until("/readyz", 200)
        assert server.status("/") == 200


def test_a_dump_is_served_without_any_etcd(serve: Serve) -> None:
    server = serve("--from", str(CAPTURE / "registry.jsonl.gz"))
    server.until("/readyz", 200)
    assert server.status("/registry?resource=pods&namespace=shop") == 200


def test_two_workers_share_one_address(serve: Serve) -> None:
    server = serve("--from", str(CAPTURE / "registry.jsonl.gz"), "--workers", "2")
    server.until("/readyz", 200)
    assert [server.status("/registry") for _ in range(6)] == [200] * 6


def test_an_open_connection_does_not_keep_it_from_ending(serve: Serve) -> None:
    server = serve("--from", str(CAPTURE / "registry.jsonl.gz"))
    server.until("/readyz", 200)
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        status, _ = server.stop()
    assert status == 0


def _name(server: Server) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/", timeout=DEADLINE_SECONDS) as answer:
        return next(iter(re.findall(r"cluster-(?:one|two)", answer.read().decode())), "")


@pytest.mark.long
def test_sighup_reads_the_settings_again_and_no_request_fails(tmp_path: Path, serve: Serve) -> None:
    settings = tmp_path / "etcdview.toml"
    settings.write_text('cluster-name = "cluster-one"\n')
    server = serve("--from", str(CAPTURE / "registry.jsonl.gz"), "--config", str(settings))
    server.until("/readyz", 200)
    assert _name(server) == "cluster-one"

    settings.write_text('cluster-name = "cluster-two"\n')
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while _name(server) != "cluster-two":  # an address that does not answer raises
        assert time.monotonic() < deadline

    # Settings that cannot be read, then files that cannot, one after the other: what is served stays as it was.
    nowhere = [(f'users-file = "/nowhere-{n}.json"', f"/nowhere-{n}.json") for n in (1, 1, 2)]
    for text, wrong in (("threads = 'many'", "threads"), *nowhere):
        settings.write_text(text)
        server.process.send_signal(signal.SIGHUP)
        assert server.process.stderr is not None
        line = next(line for line in server.process.stderr if "The earlier settings stay." in line)
        assert wrong in line
        assert _name(server) == "cluster-two"
    assert server.stop()[0] == 0


@pytest.mark.long
def test_sigterm_ends_it_within_five_seconds_while_a_watch_is_open(plain_etcd: LocalCluster, serve: Serve) -> None:
    server = serve("--endpoints", plain_etcd.endpoints[0], "--kube-api")
    server.until("/readyz", 200)
    address = f"http://127.0.0.1:{server.port}/kube/api/v1/configmaps?watch=1&allowWatchBookmarks=true"
    with urllib.request.urlopen(address, timeout=20) as stream:
        began = time.monotonic()
        assert server.stop()[0] == 0
        assert time.monotonic() - began < 5
        with contextlib.suppress(http.client.IncompleteRead):
            stream.read()  # it ends; Python waits for the last chunk


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("flags", "status", "words"),
    [
        (["--endpoints", "http://127.0.0.1:9", "--encryption-config", "/nowhere.yaml"], 2, "/nowhere.yaml"),
        (["--from", "/nowhere.jsonl.gz"], 1, "/nowhere.jsonl.gz"),
    ],
)
def test_a_file_that_cannot_be_read_ends_it_with_one_message(
    serve: Serve, workers: str, flags: list[str], status: int, words: str
) -> None:
    server = serve(*flags, "--workers", workers)
    _, said = server.process.communicate(timeout=DEADLINE_SECONDS)
    assert server.process.returncode == status
    assert words in said
    assert said.count("etcdview: ") == 1
    assert "Traceback" not in said


def test_a_taken_port_ends_it_with_one_message(serve: Serve) -> None:
    first = serve("--from", str(CAPTURE / "registry.jsonl.gz"))
    first.until("/healthz", 200)
    second = serve("--listen", f"127.0.0.1:{first.port}")
    _, said = second.process.communicate(timeout=DEADLINE_SECONDS)
    assert second.process.returncode == 2
    assert said.startswith(f"etcdview: Port {first.port} is taken")
