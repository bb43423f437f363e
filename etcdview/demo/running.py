"""The demo: three etcd members with mutual TLS, the captured registry in them, and etcdview serving it."""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from etcdview.demo.certificates import ClusterCertificates
from etcdview.demo.cluster import HOST, LocalCluster
from etcdview.demo.processes import port_free, start
from etcdview.errors import SettingError, UnreachableError
from etcdview.models import Progress
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump

CLUSTER_NAME = "shop-cluster"
MEMBERS = ("cp1", "cp2", "cp3")
DATA = Path(__file__).with_name("data")
REGISTRY = DATA / "registry.jsonl.gz"
ENCRYPTION = DATA / "encryption-config.yaml"
READY_SECONDS = 60.0
STOP_SECONDS = 8.0  # it ends by itself within five

Say = Callable[[str], None]


def run(port: int, say: Say) -> int:
    """Start everything, say the address, and wait for Ctrl-C (or SIGTERM); then stop everything.

    Raises SettingError when the port is taken, before anything is started, and UnreachableError when a part fails.
    """
    if not port_free(HOST, port):
        raise SettingError(
            f"Port {port} is taken: another program listens on {HOST}:{port}.",
            "Stop it, or choose another port: make demo PORT=8001.",
        )
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what runs in its background with SIGINT ignored
        signal.signal(number, _interrupt)
    try:
        with _cluster(say) as cluster, _server(cluster, port) as server:
            _wait_ready(server, port)
            say(f"etcdview is ready: http://{HOST}:{port}/  (Ctrl-C stops everything)")
            say(f"  for etcdctl and etcdview in another terminal: . {_environment_file(cluster)}")
            server.wait()
    except KeyboardInterrupt:
        say("Stopped.")
        return 0
    raise UnreachableError(f"etcdview ended by itself, with status {server.returncode}.", "Its output is above.")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _cluster(say: Say) -> Iterator[LocalCluster]:
    def tell(step: Progress) -> None:
        say(f"  {step.what} ({step.done} of {step.total})")

    with tempfile.TemporaryDirectory(prefix="etcdview-demo-", ignore_cleanup_errors=True) as folder:
        say("Making certificates as kubeadm does")
        certificates = ClusterCertificates(Path(folder) / "pki", MEMBERS)
        say(f"Starting {len(MEMBERS)} etcd members with mutual TLS")
        with LocalCluster(Path(folder) / "etcd", MEMBERS, certificates=certificates, progress=tell) as cluster:
            say("Loading the registry of a captured Kubernetes cluster")
            load(cluster.endpoints[0], cluster.tls, read_dump(REGISTRY), tell)
            yield cluster


@contextlib.contextmanager
def _server(cluster: LocalCluster, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`etcdview serve` as anyone would run it, with settings in its environment."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
    server = start(
        [sys.executable, "-m", "etcdview", "serve"], None, environ | _settings(cluster, port), signal.SIGTERM
    )
    try:
        yield server
    finally:
        # Impatient users press Ctrl-C again: what stops now must not be stopped half way.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
        server.kill()
        server.wait()


def _settings(cluster: LocalCluster, port: int) -> dict[str, str]:
    return _client_settings(cluster) | {
        "ETCDVIEW_CLUSTER_NAME": CLUSTER_NAME,
        "ETCDVIEW_LISTEN": f"{HOST}:{port}",
        "ETCDVIEW_KUBE_API": "true",
    }


def _client_settings(cluster: LocalCluster) -> dict[str, str]:
    return {
        "ETCDVIEW_ENCRYPTION_CONFIG": str(ENCRYPTION),
        "ETCDCTL_ENDPOINTS": ",".join(cluster.endpoints),
        "ETCDCTL_CACERT": cluster.tls.cacert,
        "ETCDCTL_CERT": cluster.tls.cert,
        "ETCDCTL_KEY": cluster.tls.key,
    }


def _environment_file(cluster: LocalCluster) -> Path:
    """A file for a shell to read, after which etcdctl and etcdview's commands speak to the demo."""
    path = cluster.members[0].data.parents[1] / "etcdctl.env"
    settings = {"ETCDCTL_API": "3"} | _client_settings(cluster)
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()))
    return path


def _wait_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not (_answers(port, "/") and _answers(port, "/readyz")):
        if server.poll() is not None:
            raise UnreachableError(f"etcdview ended at start, with status {server.returncode}.", "See above.")
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"etcdview was not ready within {READY_SECONDS:.0f} s.", f"See {HOST}:{port}/readyz."
            )
        time.sleep(0.05)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
