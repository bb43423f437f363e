"""An etcd cluster on this machine: members started, asked whether they are ready, paused, killed, stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from etcdview.demo.certificates import ClusterCertificates, MemberFiles
from etcdview.demo.processes import free_ports, start
from etcdview.demo.programs import find_program
from etcdview.errors import UnreachableError
from etcdview.models import Progress, ProgressFn, TlsFiles, no_progress
from etcdview.stores.etcd.bulk_load import commit
from etcdview.tls.contexts import client_context

HOST = "127.0.0.1"
READY_SECONDS = 60.0
_NO_FILES = TlsFiles()
_ASK_SECONDS = 2.0
_BETWEEN_SECONDS = 0.05


class LocalMember:
    """One etcd process, its folder and its log."""

    def __init__(
        self, name: str, folder: Path, scheme: str, client_port: int, peer_port: int, tls: TlsFiles = _NO_FILES
    ) -> None:
        self.name = name
        self.tls = tls
        self.data = folder / "data"
        self.log = folder / "etcd.log"
        self.client_url = f"{scheme}://{HOST}:{client_port}"
        self.peer_url = f"{scheme}://{HOST}:{peer_port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._paused = False

    @property
    def pid(self) -> int:
        """Its process ID; 0 while it does not run."""
        return self.process.pid if self.process is not None else 0

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers. It returns once the member has stopped."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)
        self._paused = True

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)
        self._paused = False

    def kill(self, *, at_once: bool = False) -> None:
        """SIGKILL, and wait until it is gone. Its data stays, to the last write that was answered.

        `at_once`: what its log alone has is not written into its database before.
        etcd 3.5.0 to 3.5.2 may write how far it has come before the write itself: killed in between, a member comes
        back without it, and differs from the others for ever (etcd's issue 13766). So it writes its file first.
        """
        if self.process is not None:
            if not (at_once or self._paused) and self.process.poll() is None:
                commit(self.client_url, self.tls, _ASK_SECONDS)
            self.process.kill()
            self.process.wait()
            self.process, self._paused = None, False

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text("utf-8", "replace").split("\n") if self.log.exists() else []
        return next((line for line in reversed(lines) if line.strip()), "")


class LocalCluster:
    """Members under `root`, by name. With `certificates` mutual TLS, clients and peers; without, plain http.

    `client_ports` are taken as given, or free ones; `options` are more flags for each etcd; `progress` is told of each
    member that is ready. Use it as a context manager: leaving kills all members. The data stays under `root`, which
    belongs to the caller.
    """

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        *,
        certificates: ClusterCertificates | None = None,
        client_ports: Sequence[int] = (),
        options: Sequence[str] = (),
        progress: ProgressFn = no_progress,
    ) -> None:
        ports = free_ports(2 * len(names))
        clients = tuple(client_ports) or ports[: len(names)]
        scheme = "https" if certificates else "http"
        self.certificates = certificates
        self.options = tuple(options)
        self.progress = progress
        self.members = tuple(
            LocalMember(name, root / name, scheme, client, peer, self.tls)
            for name, client, peer in zip(names, clients, ports[len(names) :], strict=True)
        )

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The members' client URLs."""
        return tuple(member.client_url for member in self.members)

    @property
    def tls(self) -> TlsFiles:
        """What a client gives; nothing where it is plain."""
        return self.certificates.tls if self.certificates else TlsFiles()

    def __enter__(self) -> LocalCluster:
        try:
            for member in self.members:
                self.start(member)
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, member: LocalMember) -> None:
        """Start one member, with the data it has."""
        member.data.parent.mkdir(parents=True, exist_ok=True)
        command = [str(find_program("etcd")), *self._flags(member), *self.options]
        # etcd reads its flags from ETCD_... as well: what is meant for another etcd is not meant for this one.
        environ = {k: v for k, v in os.environ.items() if not k.startswith("ETCD_") or k == "ETCD_UNSUPPORTED_ARCH"}
        member.process = start(command, member.log, environ)

    def heal(self) -> None:
        """Members that are dead are started, paused ones go on; waits until all are ready."""
        for member in self.members:
            if member.process is None or member.process.poll() is not None:
                self.start(member)
            member.resume()
        self.wait_ready()

    def stop(self) -> None:
        """Kill all members, paused ones too; the data is for nobody to keep."""
        for member in self.members:
            if member.process is not None:
                member.process.kill()
        for member in self.members:
            member.kill(at_once=True)

    def wait_ready(self, members: Iterable[LocalMember] = (), timeout_seconds: float = READY_SECONDS) -> None:
        """Until each member (all, if none is named) answers a linearizable read. Raises UnreachableError."""
        deadline = time.monotonic() + timeout_seconds
        waited_for = tuple(members) or self.members
        for number, member in enumerate(waited_for, 1):
            while not self._healthy(member):
                self._check_alive(member)
                if time.monotonic() > deadline:
                    raise UnreachableError(
                        f"etcd {member.name} was not ready within {timeout_seconds:.0f} s: {member.last_words()}",
                        endpoint=member.client_url,
                    )
                time.sleep(_BETWEEN_SECONDS)
            self.progress(Progress(number, len(waited_for), f"etcd {member.name} answers at {member.client_url}"))

    def _check_alive(self, member: LocalMember) -> None:
        if member.process is None or member.process.poll() is not None:
            raise UnreachableError(
                f"etcd {member.name} ended at start: {member.last_words()}", endpoint=member.client_url
            )

    def _healthy(self, member: LocalMember) -> bool:
        """/health on the client port answers true after a read through raft, false or not at all before."""
        connection = self._connection(urlsplit(member.client_url).netloc)
        try:
            connection.request("GET", "/health")
            return bool(json.load(connection.getresponse()).get("health") == "true")
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()

    def _connection(self, netloc: str) -> http.client.HTTPConnection:
        if not self.tls.given:
            return http.client.HTTPConnection(netloc, timeout=_ASK_SECONDS)
        return http.client.HTTPSConnection(netloc, timeout=_ASK_SECONDS, context=client_context(self.tls))

    def _flags(self, member: LocalMember) -> list[str]:
        flags = {
            "name": member.name,
            "data-dir": str(member.data),
            "listen-client-urls": member.client_url,
            "advertise-client-urls": member.client_url,
            "listen-peer-urls": member.peer_url,
            "initial-advertise-peer-urls": member.peer_url,
            "initial-cluster": ",".join(f"{m.name}={m.peer_url}" for m in self.members),
            "log-level": "warn",
        }
        if _knows(find_program("etcd"), "unsafe-no-fsync"):
            # The data is thrown away with the cluster, so nothing is lost with it; waiting for the disk on every
            # write would make loading the demo ten times slower. etcd 3.4 has no such flag.
            flags["unsafe-no-fsync"] = "true"
        if self.certificates is not None:
            flags |= _tls_flags(self.certificates.members[member.name])
        return [f"--{name}={value}" for name, value in flags.items()]


@lru_cache
def _knows(program: Path, flag: str) -> bool:
    """Whether this etcd has the flag."""
    shown = subprocess.run([program, "--help"], capture_output=True, check=False, timeout=_ASK_SECONDS * 5)  # noqa: S603
    return f"--{flag}".encode() in shown.stdout + shown.stderr


def _tls_flags(files: MemberFiles) -> dict[str, str]:
    return {
        "cert-file": str(files.server.cert),
        "key-file": str(files.server.key),
        "client-cert-auth": "true",
        "trusted-ca-file": str(files.ca),
        "peer-cert-file": str(files.peer.cert),
        "peer-key-file": str(files.peer.key),
        "peer-client-cert-auth": "true",
        "peer-trusted-ca-file": str(files.ca),
    }
