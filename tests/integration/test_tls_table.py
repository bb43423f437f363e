"""etcd's own table of certificates (tests/fixtures of its repository), and more: doctor, a read and a probe agree.

The certificates are made here, of the kinds that etcd's gencerts.sh makes. What works may be told to be odd; what does
not work is told at the step `tls` or `files` or `client certificate`, with a remedy, and never in OpenSSL's words.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest

from etcdview.cli.main import run
from etcdview.demo.certificates import ClusterCertificates, Pair
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import EtcdviewError
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from tests.integration.forging import CLIENT, SERVER, Issuer, crl, forge

ALL_STEPS = 7


class Bench:
    """One member, whose certificate is changed from row to row, and the files of a client."""

    def __init__(self, running: LocalCluster, certificates: ClusterCertificates, folder: Path) -> None:
        authority = certificates.authority
        self.folder = folder
        self.tls = certificates.tls
        self.url = running.endpoints[0]
        self.host_url = self.url.replace("127.0.0.1", "localhost")
        self.issuer = Issuer(authority._name, authority._key, authority.files)
        self._served = certificates.members["cp1"].folder
        self.open = contextlib.ExitStack()

    def serve(self, issuer: Issuer | None = None, **how: Any) -> Issuer:
        """Let the member show another certificate from now on."""
        return forge(self._served, issuer or self.issuer, **how)

    def client(self, **how: Any) -> TlsFiles:
        """The good files, but for another client certificate."""
        made = forge(self.folder / "client", self.issuer, sans=None, **({"usages": [CLIENT]} | how))
        assert made.files is not None
        return with_pair(self.tls, made.files)

    def authority(self, key: str) -> TlsFiles:
        """A CA with such a key signs the server; the good files, with that CA."""
        signer = forge(self.folder / "ca", None, key=key, common="other-ca")
        self.serve(signer)
        assert signer.files is not None
        return replace(self.tls, cacert=str(signer.files.cert))

    def rewritten(self, field: str, rewrite: Callable[[bytes], bytes]) -> TlsFiles:
        """The good files, one of them with its bytes changed."""
        self.serve()
        path = self.folder / field
        path.write_bytes(rewrite(Path(getattr(self.tls, field)).read_bytes()))
        return replace(self.tls, **{field: str(path)})


def with_pair(tls: TlsFiles, pair: Pair) -> TlsFiles:
    return replace(tls, cert=str(pair.cert), key=str(pair.key))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalCluster, ClusterCertificates]]:
    root = tmp_path_factory.mktemp("table")
    certificates = ClusterCertificates(root / "pki", ("cp1",))
    with LocalCluster(root / "etcd", ("cp1",), certificates=certificates) as cluster:
        yield cluster, certificates


@pytest.fixture
def bench(running: tuple[LocalCluster, ClusterCertificates], tmp_path: Path) -> Iterator[Bench]:
    made = Bench(*running, tmp_path)
    with made.open:
        yield made
    made.serve()


@dataclass(frozen=True)
class Case:
    """A row: how it is made, the step that doctor says it in ("" where nothing is to be said), and what it says."""

    make: Callable[[Bench], tuple[str, TlsFiles]]
    works: bool
    step: str = ""
    says: str = ""


def server(host: bool = False, server_name: str = "", **how: Any) -> Callable[[Bench], tuple[str, TlsFiles]]:
    def make(bench: Bench) -> tuple[str, TlsFiles]:
        bench.serve(**how)
        return (bench.host_url if host else bench.url), replace(bench.tls, server_name=server_name)

    return make


def client(**how: Any) -> Callable[[Bench], tuple[str, TlsFiles]]:
    def make(bench: Bench) -> tuple[str, TlsFiles]:
        bench.serve()
        return bench.url, bench.client(**how)

    return make


def authority(key: str) -> Callable[[Bench], tuple[str, TlsFiles]]:
    return lambda bench: (bench.url, bench.authority(key))


def file(field: str, rewrite: Callable[[bytes], bytes]) -> Callable[[Bench], tuple[str, TlsFiles]]:
    return lambda bench: (bench.url, bench.rewritten(field, rewrite))


def over_ipv6(*sans: str) -> Callable[[Bench], tuple[str, TlsFiles]]:
    def make(bench: Bench) -> tuple[str, TlsFiles]:
        bench.serve(sans=sans)
        port = bench.open.enter_context(forwarding(int(bench.url.rpartition(":")[2])))
        return f"https://[::1]:{port}", bench.tls

    return make


def unchecked(**how: Any) -> Callable[[Bench], tuple[str, TlsFiles]]:
    def make(bench: Bench) -> tuple[str, TlsFiles]:
        bench.serve(**how)
        return bench.url, replace(bench.tls, cacert="", insecure_skip_verify=True)

    return make


def with_text_around(pem: bytes) -> bytes:
    return b"Bag Attributes\n    friendlyName: etcd\n" + pem + b"\n# the end\n"


def utf16(order: str) -> Callable[[bytes], bytes]:
    mark = "\ufeff"
    return lambda pem: (mark + pem.decode()).encode(f"utf-16-{order}")


def utf8(pem: bytes) -> bytes:
    return b"\xef\xbb\xbf" + pem


def crlf(pem: bytes) -> bytes:
    return pem.replace(b"\n", b"\r\n")


NOT_KEY = "has a key of a kind that cannot be used here"
ROWS: dict[str, Case] = {
    # etcd's fixtures, by their names
    "server (RSA, both usages)": Case(server(key="RSA 2048"), True),
    "server-ecdsa": Case(server(), True),
    "server-ip": Case(server(sans=["IP:127.0.0.1"]), True),
    "server-ipv6": Case(over_ipv6("IP:::1"), True),
    "server-wildcard": Case(server(sans=["DNS:*.etcd.local"], server_name="cp1.etcd.local"), True),
    "server3 (no CN)": Case(server(common=""), True),
    "server-serverusage": Case(server(usages=[SERVER]), True),
    "client-clientusage at a server": Case(server(usages=[CLIENT]), False, "tls", "was not made for a server"),
    "client-clientusage": Case(client(), True),
    "server-serverusage as a client": Case(client(usages=[SERVER]), False, "client certificate", "for clients"),
    "client-nocn": Case(client(common=""), True),
    # names
    "an address as a DNS name": Case(
        server(sans=["DNS:127.0.0.1"]), True, "tls", "has 127.0.0.1 as a DNS name; it must be an IP address there"
    ),
    "an IPv6 address as a DNS name": Case(
        over_ipv6("DNS:::1"), True, "tls", "has ::1 as a DNS name; it must be an IP address there"
    ),
    "a host in the CN only": Case(
        server(host=True, sans=None, common="localhost"), True, "tls", "only by its common name (CN)"
    ),
    "an address in the CN only": Case(server(sans=None, common="127.0.0.1"), False, "tls", "common name (CN)"),
    "a host in the CN, an address as SAN": Case(
        server(host=True, sans=["IP:127.0.0.1"], common="localhost"), False, "tls", "names (SAN) are 127.0.0.1"
    ),
    "a host in the CN, another as SAN": Case(
        server(host=True, sans=["DNS:other.example"], common="localhost"), False, "tls", "common name (CN)"
    ),
    "no name at all, by host": Case(server(host=True, sans=None, common=""), False, "tls", "no alternative names"),
    "no name at all, by address": Case(server(sans=None, common=""), False, "tls", "no alternative names"),
    "a host, asked by address": Case(server(sans=["DNS:localhost"]), False, "tls", "its names are localhost"),
    "an address, asked by host": Case(
        server(host=True, sans=["IP:127.0.0.1"]), False, "tls", "is not for localhost: its names are 127.0.0.1"
    ),
    "IPv4 only, asked by IPv6": Case(over_ipv6("IP:127.0.0.1"), False, "tls", "is not for ::1"),
    "another IPv6 address": Case(over_ipv6("IP:fd00::1"), False, "tls", "is not for ::1: its names are fd00::1"),
    "a wildcard for two labels": Case(
        server(sans=["DNS:*.etcd.local"], server_name="a.b.etcd.local"), False, "tls", "is not for a.b.etcd.local"
    ),
    "a wildcard for its own parent": Case(
        server(sans=["DNS:*.etcd.local"], server_name="etcd.local"), False, "tls", "is not for etcd.local"
    ),
    "a wildcard of one label": Case(server(host=True, sans=["DNS:*"]), False, "tls", "its names are *"),
    "a host in capitals": Case(server(host=True, sans=["DNS:LOCALHOST"]), True),
    # purposes
    "no extended usages": Case(server(usages=[]), True),
    "no key usage": Case(server(key_usage=False), True),
    "a client without usages": Case(client(usages=[]), True),
    # keys
    "a server with Ed25519": Case(server(key="Ed25519"), False, "tls", f"{NOT_KEY} (Ed25519)"),
    "a server with P-224": Case(server(key="P-224"), False, "tls", NOT_KEY),
    "a server with P-384": Case(server(key="P-384"), True),
    "a server with P-521": Case(server(key="P-521"), True),
    "a server with RSA 1024": Case(server(key="RSA 1024"), True, "tls", "Its key is weak (RSA 1024)"),
    "a client with Ed25519": Case(client(key="Ed25519"), True),
    "a client with P-384": Case(client(key="P-384"), True),
    "a client with P-521": Case(client(key="P-521"), True),
    "a client with RSA 2048": Case(client(key="RSA 2048"), True),
    "a client with RSA 1024": Case(client(key="RSA 1024"), True),
    "a client with P-224": Case(client(key="P-224"), False, "files", "(ECDSA secp224r1)"),
    "a client with secp256k1": Case(client(key="secp256k1"), False, "files", "(ECDSA secp256k1)"),
    "a client with Ed448": Case(client(key="Ed448"), False, "files", "(Ed448)"),
    "a client with DSA": Case(client(key="DSA"), False, "files", "(DSA)"),
    "a CA with Ed25519": Case(authority("Ed25519"), True),
    "a CA with RSA 1024": Case(authority("RSA 1024"), True),
    "a CA with P-521": Case(authority("P-521"), True),
    # files
    **{f"{field} with UTF-8's mark": Case(file(field, utf8), True) for field in ("cacert", "cert", "key")},
    **{
        f"{field} in UTF-16 {order}": Case(file(field, utf16(order)), False, "files", "UTF-16")
        for field in ("cacert", "cert", "key")
        for order in ("le", "be")
    },
    **{f"{field} with CR LF": Case(file(field, crlf), True) for field in ("cacert", "cert", "key")},
    **{f"{field} with text around": Case(file(field, with_text_around), True) for field in ("cacert", "cert", "key")},
    **{
        f"{field} empty": Case(file(field, lambda _pem: b""), False, "files", "is not PEM (0 bytes")
        for field in ("cacert", "cert", "key")
    },
    # not checked
    "unchecked: a wildcard": Case(unchecked(sans=["DNS:*.etcd.local"]), True),
    "unchecked: CN only": Case(unchecked(sans=None, common="cp1"), True),
    "unchecked: Ed25519": Case(unchecked(key="Ed25519"), False, "tls", f"{NOT_KEY} (Ed25519)"),
}


@pytest.mark.parametrize("name", ROWS)
def test_doctor_a_read_and_a_probe_agree(bench: Bench, name: str) -> None:
    case = ROWS[name]
    url, tls = case.make(bench)
    store = EtcdStore([url], tls, timeout_seconds=3.0)
    probe = store.probe(url)

    steps = store.diagnose(url, b"/registry/", 5.0)
    said = [_said(lambda: store.range(Range(b"/registry/"))), _said(lambda: probe.status(2.0))]

    probe.close()
    store.close()
    reported = {step.name: step for step in steps}
    assert all(step.ok for step in steps) is case.works
    assert [not text for text in said] == [case.works] * 2
    assert len(steps) == ALL_STEPS if case.works else steps[-1].name == case.step
    assert case.says in reported[case.step or "tls"].what
    assert all(case.works or case.says in text for text in said)
    assert not any("NO REMEDY" in text for text in said)
    assert not any("SSL" in text or "TSI" in text for text in (*said, *(step.what for step in steps)))


@pytest.mark.parametrize("name", ["a server with Ed25519", "an address as a DNS name", "a host in the CN only"])
def test_the_commands_agree_too(bench: Bench, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = ROWS[name]
    url, tls = case.make(bench)
    flags = ["--endpoints", url, "--cacert", tls.cacert, "--cert", tls.cert, "--key", tls.key]

    diagnosed = run(["doctor", *flags])
    doctor = capsys.readouterr().out
    searched = run(["search", "x", *flags])
    search = capsys.readouterr().err

    assert case.says in doctor
    assert (diagnosed, searched) == ((0, 1) if case.works else (3, 3))  # 1: no key matches
    assert case.works or case.says in search
    assert "authorisation" in doctor if case.works else "authorisation" not in doctor


def test_a_revoked_client_certificate_is_refused_in_both(tmp_path: Path) -> None:
    certificates = ClusterCertificates(tmp_path / "pki", ("cp1",))
    issuer = Issuer(certificates.authority._name, certificates.authority._key)
    revoked = forge(tmp_path / "revoked", issuer, sans=None, usages=[CLIENT]).files
    assert revoked is not None
    listed = crl(tmp_path / "revoke.crl", issuer, revoked)
    with LocalCluster(
        tmp_path / "etcd", ("cp1",), certificates=certificates, options=["--client-crl-file", str(listed)]
    ) as running:
        good = EtcdStore(running.endpoints, certificates.tls)
        bad = EtcdStore(running.endpoints, with_pair(certificates.tls, revoked), timeout_seconds=3.0)

        steps, said = bad.diagnose(running.endpoints[0], b"/", 5.0), _said(lambda: bad.range(Range(b"/")))

        assert good.range(Range(b"/")).revision > 0
        good.close()
        bad.close()
    assert (steps[-1].name, steps[-1].ok) == ("client certificate", False)
    assert "refuses the client certificate" in steps[-1].what
    assert steps[-1].what in said


def test_the_number_of_rows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    working = sum(case.works for case in ROWS.values())
    with capsys.disabled():
        click.echo(f"\nTLS table: {len(ROWS)} rows, of which {working} work")
    assert len(ROWS) >= 60


def _said(call: Callable[[], object]) -> str:
    """The error of a call, empty where it worked."""
    try:
        call()
    except EtcdviewError as error:
        return f"{error.what} {error.remedy or 'NO REMEDY'}"
    return ""


@contextlib.contextmanager
def forwarding(port: int) -> Iterator[int]:
    """A port of ::1 behind which a port of 127.0.0.1 answers."""
    listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    lines: list[socket.socket] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                lines.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for line in lines:
            line.close()
