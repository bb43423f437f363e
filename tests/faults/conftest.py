"""Real clusters to break: members with their own certificates, programs, flags and network namespaces.

Data lies in memory (/dev/shm) where there is such a place, so that the machine's disk does not make findings of its
own. Tests marked `long` or `mixed` run only when asked for: pytest -m long tests/faults. `mixed` needs several
releases of etcd, in the folder that ETCDVIEW_ETCDS names; `make compat` asks for it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from etcdview.demo.certificates import LOCAL_NAMES, Authority, Pair
from etcdview.demo.processes import free_ports, start
from etcdview.demo.programs import find_program
from etcdview.health.findings import Finding, Verdict
from etcdview.health.monitor import Monitor
from etcdview.models import TlsFiles
from etcdview.stores.etcd.client import EtcdStore

Found = Callable[[str, float], None]
FOUND_SECONDS = 10.0  # the promise: each fault is found within this
READY_SECONDS = 40.0


@dataclass
class Node:
    """One etcd process: `flags` are its flags without dashes, `netns` the network namespace that it runs in."""

    name: str
    folder: Path
    client_url: str
    peer_url: str
    flags: dict[str, str] = field(default_factory=dict)
    netns: str = ""
    program: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        words = [str(self.program or find_program("etcd")), *(f"--{k}={v}" for k, v in self.flags.items())]
        if self.netns:
            words = ["/usr/sbin/ip", "netns", "exec", self.netns, *words]
        self.process = start(words, self.folder / "etcd.log", {"PATH": os.environ["PATH"]})

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self) -> str:
        return (self.folder / "etcd.log").read_text("utf-8", "replace")[-2000:]


class Ring:
    """An etcd cluster. Members can be added, stopped and started with other flags, programs or certificates."""

    def __init__(self, root: Path, *, tls: bool = True, program: Path | None = None, prefix: str = "m") -> None:
        self.root = root
        self.program = program
        self.prefix = prefix
        self.authority = Authority(root / "pki") if tls else None
        self.client = self.authority.issue(root / "pki", "client", "client") if self.authority else None
        self.nodes: list[Node] = []
        self.made = 0

    @property
    def tls(self) -> TlsFiles:
        if self.authority is None or self.client is None:
            return TlsFiles()
        return TlsFiles(str(self.authority.files.cert), str(self.client.cert), str(self.client.key))

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(node.client_url for node in self.nodes)

    def add_node(self, *, host: str = "127.0.0.1", netns: str = "", **flags: str) -> Node:
        """A member with its files and flags, not started. Underscores in flag names stand for dashes."""
        self.made += 1
        name = f"{self.prefix}{self.made}"
        scheme = "https" if self.authority else "http"
        client_port, peer_port = free_ports(2)
        node = Node(name, self.root / name, f"{scheme}://{host}:{client_port}", f"{scheme}://{host}:{peer_port}")
        node.folder.mkdir(parents=True)
        node.netns, node.program = netns, self.program
        node.flags = {
            "name": name,
            "data-dir": str(node.data),
            "listen-client-urls": node.client_url,
            "advertise-client-urls": node.client_url,
            "listen-peer-urls": node.peer_url,
            "initial-advertise-peer-urls": node.peer_url,
            "snapshot-count": "100000",
            "log-level": "warn",
        }
        if self.authority is not None:
            self.certify(node, host=host)
        node.flags |= {k.replace("_", "-"): v for k, v in flags.items()}
        self.nodes.append(node)
        return node

    def certify(
        self,
        node: Node,
        *,
        host: str = "127.0.0.1",
        sans: Sequence[str] | None = None,
        begins: datetime | None = None,
        lifetime: timedelta = timedelta(days=365),
        authority: Authority | None = None,
        which: Sequence[str] = ("server", "peer"),
    ) -> None:
        """Give the member certificates; those it had are replaced, and are used from the next handshake on."""
        assert self.authority is not None
        names = (node.name, host, *LOCAL_NAMES) if sans is None else sans
        for kind in which:
            signer = authority or self.authority
            pair = signer.issue(node.folder, kind, node.name, sans=names, begins=begins, lifetime=lifetime)
            node.flags |= _tls_flags(kind, pair, self.authority.files)

    def boot(self) -> Ring:
        """Start all members as a new cluster, and wait until every one is in it."""
        everyone = ",".join(f"{n.name}={n.peer_url}" for n in self.nodes)
        for node in self.nodes:
            node.flags |= {"initial-cluster": everyone, "initial-cluster-state": "new"}
            node.start()
        self.wait_ready()
        return self

    def join(self, *, learner: bool = False, begin: bool = True, **flags: str) -> Node:
        """Add one more member to the running cluster, as a learner or as a voter."""
        node = self.add_node(**flags)
        words = ["member", "add", node.name, f"--peer-urls={node.peer_url}", *(["--learner"] if learner else [])]
        self._change(words, self.nodes[:-1])
        everyone = ",".join(f"{n.name}={n.peer_url}" for n in self.nodes)
        node.flags |= {"initial-cluster": everyone, "initial-cluster-state": "existing"}
        if begin:
            node.start()
        return node

    def leave(self, node: Node) -> None:
        """Remove a member that was added, and forget it."""
        self.remove(node)
        node.kill()
        self.nodes.remove(node)

    def remove(self, node: Node) -> None:
        """Take a member out of the membership; its process goes on."""
        words = ["member", "remove", f"{self.member_id(node):x}"]
        self._change(words, [n for n in self.nodes if n is not node])

    def _change(self, words: Sequence[str], nodes: Sequence[Node]) -> None:
        """etcd changes its membership only when all who should be connected have been for five seconds."""
        until = time.monotonic() + READY_SECONDS
        while not self.etcdctl(*words, nodes=nodes, ok=False):
            assert time.monotonic() < until, f"etcdctl {words} does not succeed"
            time.sleep(0.5)

    def member_id(self, node: Node) -> int:
        reported = json.loads(
            self.etcdctl("member", "list", "-w", "json", nodes=[n for n in self.nodes if n is not node])
        )
        return next(m["ID"] for m in reported["members"] if node.peer_url in m["peerURLs"])

    def leader(self) -> Node:
        """The member that leads. Its status is asked of each, for itself."""
        for node in self.nodes:
            (reported,) = json.loads(self.etcdctl("endpoint", "status", "-w", "json", nodes=[node]))
            if reported["Status"]["leader"] == reported["Status"]["header"]["member_id"]:
                return node
        raise AssertionError("there is no leader")

    def followers(self) -> list[Node]:
        leader = self.leader()
        return [node for node in self.nodes if node is not leader]

    def etcdctl(self, *words: str, nodes: Sequence[Node] = (), ok: bool = True, stdin: bytes | None = None) -> str:
        """Run etcdctl against the members named, else all."""
        endpoints = ",".join(n.client_url for n in (nodes or self.nodes))
        command = [str(find_program("etcdctl")), f"--endpoints={endpoints}", "--command-timeout=20s"]
        if self.tls.given:
            command += [f"--cacert={self.tls.cacert}", f"--cert={self.tls.cert}", f"--key={self.tls.key}"]
        environ = {"ETCDCTL_API": "3", "PATH": os.environ["PATH"]}
        done = subprocess.run([*command, *words], input=stdin, capture_output=True, env=environ, check=False)
        assert not ok or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def healthy(self, node: Node) -> bool:
        return "is healthy" in self.etcdctl("endpoint", "health", "--command-timeout=1s", nodes=[node], ok=False)

    def wait_ready(self) -> None:
        """Until a linearizable read succeeds through every member."""
        until = time.monotonic() + READY_SECONDS
        for node in self.nodes:
            while node.process is not None and not node.flags.get("learner") and not self.probe(node):
                assert time.monotonic() < until, node.log()
                time.sleep(0.1)

    def probe(self, node: Node) -> bool:
        done = self.etcdctl("get", "health", "--command-timeout=1s", "-w", "json", nodes=[node], ok=False)
        return bool(done)

    def store(self, endpoints: Sequence[str] = (), tls: TlsFiles | None = None) -> EtcdStore:
        return EtcdStore(endpoints or self.endpoints, tls or self.tls, timeout_seconds=3.0)

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


class Eye:
    """A monitor that looks at a cluster, and waits for what it should see. `found` is told what, after how long."""

    def __init__(self, monitor: Monitor, found: Found) -> None:
        self.monitor = monitor
        self.found = found
        self.begun = time.monotonic()

    def finds(self, rule_id: str, within: float = FOUND_SECONDS, member: str = "", saying: str = "") -> Finding:
        """The finding, once it is there, with `saying` in its evidence; fails when it is not within the time."""

        def fits(finding: Finding) -> bool:
            return _is(finding, rule_id, member) and saying in finding.evidence

        return next(f for f in self._until(lambda v: any(map(fits, v.findings)), within, rule_id) if fits(f))

    def says(self, *verdicts: str, within: float = FOUND_SECONDS) -> Verdict:
        """The verdict, once it is one of those."""
        self._until(lambda v: v.status in verdicts, within, " or ".join(verdicts))
        return self.monitor.latest().verdict

    def loses(self, rule_id: str, within: float = 2 * FOUND_SECONDS) -> None:
        """Wait until the finding is gone."""
        self._until(lambda v: not _has(v, rule_id, ""), within, f"no {rule_id}")

    def sees_no_harm(self) -> Verdict:
        return self.says("healthy", "at risk", within=2 * FOUND_SECONDS)

    def _until(self, holds: object, within: float, what: str) -> tuple[Finding, ...]:
        assert callable(holds)
        begun = time.monotonic()
        while True:
            verdict = self.monitor.latest().verdict
            if holds(verdict):
                self.found(what, time.monotonic() - begun)
                return verdict.findings
            reported = f"{verdict.status}: " + "; ".join(f"{f.id} ({f.evidence})" for f in verdict.findings)
            assert time.monotonic() - begun < within, f"not {what} within {within:g} s, but {reported}"
            time.sleep(0.1)


def _has(verdict: Verdict, rule_id: str, member: str) -> bool:
    return any(_is(f, rule_id, member) for f in verdict.findings)


def _is(finding: Finding, rule_id: str, member: str) -> bool:
    return finding.id == rule_id and member in ("", finding.member)


@contextmanager
def looking(store: EtcdStore, interval_seconds: float = 1.0, found: Found = lambda what, after: None) -> Iterator[Eye]:
    """An eye on what the store leads to."""
    monitor = Monitor(store, interval_seconds=interval_seconds)
    monitor.start()
    try:
        yield Eye(monitor, found)
    finally:
        monitor.stop()
        store.close()


def _tls_flags(kind: str, pair: Pair, ca: Pair) -> dict[str, str]:
    prefix = "peer-" if kind == "peer" else ""
    return {
        f"{prefix}cert-file": str(pair.cert),
        f"{prefix}key-file": str(pair.key),
        f"{prefix}trusted-ca-file": str(ca.cert),
        f"{prefix}client-cert-auth": "true",
    }


class Lab:
    """Makes clusters, and takes them down."""

    def __init__(self, root: Path, found: Found = lambda what, after: None) -> None:
        self.root = root
        self.found = found
        self.rings: list[Ring] = []

    def ring(self, **options: object) -> Ring:
        """A cluster without members yet."""
        ring = Ring(self.root / f"ring{len(self.rings)}", **options)  # type: ignore[arg-type]
        self.rings.append(ring)
        return ring

    def cluster(self, size: int, *, tls: bool = True, **flags: str) -> Ring:
        """A cluster that runs."""
        ring = self.ring(tls=tls)
        for _ in range(size):
            ring.add_node(**flags)
        return ring.boot()

    def look(self, store: EtcdStore, interval_seconds: float = 1.0) -> AbstractContextManager[Eye]:
        """An eye on what the store leads to; what it finds goes into the table that pytest prints in the end."""
        return looking(store, interval_seconds, self.found)


@contextmanager
def _lab(found: Found = lambda what, after: None) -> Iterator[Lab]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="etcdview-faults-") as root:
        lab = Lab(Path(root), found)
        try:
            yield lab
        finally:
            for ring in lab.rings:
                ring.stop()


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Clusters of this test's own."""
    fault = request.node.name.removeprefix("test_").replace("_", " ")

    def found(what: str, after: float) -> None:
        if not what.startswith(("healthy", "no ")) or what == "no quorum":  # what is well again is no fault
            request.node.user_properties.append(("fault", (fault, what, after)))

    with _lab(found) as made:
        yield made


@pytest.fixture(scope="session")
def _trio() -> Iterator[Ring]:
    with _lab() as made:
        yield made.cluster(3)


@pytest.fixture(scope="module")
def _crew() -> Iterator[Ring]:
    with _lab() as made:
        yield made.cluster(3)


@pytest.fixture
def crew(_crew: Ring) -> Iterator[Ring]:
    """Three members with mutual TLS, to add others to; those are taken out again after each test."""
    yield _crew
    for node in _crew.nodes[3:]:
        _crew.leave(node)
    _crew.wait_ready()


@pytest.fixture
def trio(_trio: Ring) -> Iterator[Ring]:
    """Three members with mutual TLS, shared by all tests, whole when a test begins; a test mends what it breaks."""
    yield _trio
    for node in _trio.nodes:
        if node.process is None:
            node.start()
        else:
            node.resume()
    _trio.wait_ready()
