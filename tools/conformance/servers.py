"""One etcd with the captured cluster in it, and the two servers that answer from it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from etcdview.demo.certificates import Authority, Pair
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import free_ports, start
from etcdview.demo.running import ENCRYPTION, REGISTRY
from etcdview.models import KeyValue
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from tools.conformance.programs import KUBERNETES, built, kubernetes

ROOT = Path(__file__).resolve().parents[2]
USER = "kubernetes-admin"
# No lease of its own that it renews; custom resources are stored as in the capture
_GATES = {"UnknownVersionInteroperabilityProxy": False, "APIServerIdentity": False, "CBORServingAndStorage": True}
_GATES_SINCE = {"UnknownVersionInteroperabilityProxy": 28, "APIServerIdentity": 20, "CBORServingAndStorage": 32}
_READY_SECONDS = 600.0  # on a machine that does much else
_TRIES = 20
_TOKEN = "conformance-token-of-this-run"  # noqa: S105  (it lives as long as the server on this machine)


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens, and how a client gets in."""

    name: str
    url: str
    token: str
    ca: Path
    process: subprocess.Popen[bytes]

    def kubeconfig(self, path: Path, below: str = "") -> Path:
        """A kubeconfig for it at `path`; `below` is added to its address."""
        cluster = {"server": self.url + below, "certificate-authority": str(self.ca)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": self.token}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        return path

    def get(self, path: str, accept: str = "application/json") -> bytes:
        """What it answers at a path; as client-go does, it asks again where it is told to wait. Raises OSError."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        request = urllib.request.Request(self.url + path, headers=headers)  # noqa: S310  (our own address)
        context = ssl.create_default_context(cafile=str(self.ca))
        for _ in range(_TRIES):
            try:
                with urllib.request.urlopen(request, context=context, timeout=60) as answer:  # noqa: S310
                    found: bytes = answer.read()
                    return found
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.TOO_MANY_REQUESTS:
                    raise
                time.sleep(float(error.headers.get("Retry-After", 1)))
        raise TimeoutError(f"{self.name} is busy")


def _gates(version: str) -> str:
    minor = int(version.split(".")[1])
    known = {name: on for name, on in _GATES.items() if _GATES_SINCE[name] <= minor}
    return ",".join(f"{name}={str(on).lower()}" for name, on in known.items())


class Lab:
    """Certificates, an etcd and the servers on it, all below one folder, which the caller removes."""

    def __init__(self, folder: Path, kubernetes: str = KUBERNETES) -> None:
        """`kubernetes` is the version of the API server."""
        self.folder, self._kubernetes = folder, kubernetes
        self._authority = Authority(folder / "pki", "conformance-ca")
        self._pair = self._authority.issue(folder / "pki", "server", "127.0.0.1", sans=("127.0.0.1", "localhost"))
        self._stack = contextlib.ExitStack()
        self.etcd: LocalCluster | None = None

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def start_etcd(self, kvs: Iterable[KeyValue] | None = None) -> str:
        """The address of an etcd with these keys, or the captured cluster, in it."""
        self.etcd = self._stack.enter_context(LocalCluster(self.folder / "etcd", ("one",)))
        load(self.etcd.endpoints[0], self.etcd.tls, list(read_dump(REGISTRY) if kvs is None else kvs))
        return self.etcd.endpoints[0]

    def start_api(self, endpoint: str, *, plain: bool = False) -> Server:
        """kube-apiserver on that etcd: it writes what it needs to start, and nothing by the clock.

        `plain`: what it serves, stores and writes is what its release has by default.
        """
        (port,) = free_ports(1)
        tokens = self.folder / "tokens.csv"
        tokens.write_text(f"{_TOKEN},{USER},1,system:masters\n")
        flags = {
            "etcd-servers": endpoint,
            "secure-port": port,
            "bind-address": "127.0.0.1",
            "advertise-address": "192.0.2.1",  # of an example: 1.37 refuses a loopback one
            "token-auth-file": tokens,
            "authorization-mode": "RBAC",
            "anonymous-auth": "false",
            "disable-admission-plugins": "ServiceAccount",
            "etcd-compaction-interval": 0,
            "service-cluster-ip-range": "10.96.0.0/16",
            "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
            "service-account-key-file": self._pair.key,
            "service-account-signing-key-file": self._pair.key,
            "cert-dir": self.folder / "api-certs",
        } | _tls("tls-cert-file", "tls-private-key-file", self._pair)
        if not plain:
            flags |= {
                "runtime-config": "api/all=true",
                "feature-gates": _gates(self._kubernetes),
                "endpoint-reconciler-type": "none",
                "encryption-provider-config": ENCRYPTION,
            }
        program = self.folder / "kube-apiserver"  # as it is called elsewhere: it writes its name into what it manages
        program.unlink(missing_ok=True)
        program.symlink_to(built(kubernetes("kube-apiserver", self._kubernetes)))
        command = [str(program), *(f"--{name}={value}" for name, value in flags.items())]
        log = self.folder / "kube-apiserver.log"
        server = Server("kube-apiserver", f"https://127.0.0.1:{port}", _TOKEN, self._ca, self._started(command, log))
        _wait(server, lambda: server.get("/readyz") == b"ok", log)
        return server

    def start_etcdview(self, *arguments: str, name: str = "etcdview", port: int = 0) -> Server:
        """etcdview with its Kubernetes API; `arguments` say what it reads."""
        users = self.folder / "users.json"
        token = self._token(users)
        port = port or free_ports(1)[0]
        flags = {"listen": f"127.0.0.1:{port}", "users-file": users, "encryption-config": ENCRYPTION}
        flags |= _tls("tls-cert", "tls-key", self._pair)
        words = [word for flag, value in flags.items() for word in (f"--{flag}", str(value))]
        command = [sys.executable, "-m", "etcdview", "serve", "--kube-api", *words, *arguments]
        log = self.folder / f"{name}.log"
        server = Server(name, f"https://127.0.0.1:{port}/kube", token, self._ca, self._started(command, log))
        _wait(server, lambda: b"gitVersion" in server.get("/version"), log)
        return server

    def stop(self, server: Server) -> None:
        """End a server, and wait until it is gone."""
        _end(server.process)

    @property
    def _ca(self) -> Path:
        return self._authority.files.cert

    def _token(self, users: Path) -> str:
        command = [sys.executable, "-m", "etcdview", "user"]
        where = ["--users-file", str(users)]
        if not users.exists():
            _run([*command, "add", USER, "--role", "admin", "--no-password", *where])
        told = _run([*command, "token", USER, *where])
        found = re.search(r"\S{30,}", told)
        if found is None:
            raise RuntimeError(f"no token in {told!r}")
        return found[0]

    def _started(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDVIEW_", "ETCDCTL_"))}
        process = start(command, log, environ | {"PYTHONPATH": str(ROOT)}, at_death=signal.SIGTERM)
        self._stack.callback(_end, process)
        return process


def _tls(cert: str, key: str, pair: Pair) -> dict[str, object]:
    return {cert: pair.cert, key: pair.key}


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def _wait(server: Server, ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(OSError):
            if ready():
                return
        time.sleep(0.2)
    raise RuntimeError(f"{server.name} did not become ready; its log ends: {log.read_text('utf-8', 'replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """A lab that is ended with the block."""
    with Lab(folder) as made:
        yield made
