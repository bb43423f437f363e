"""Each TLS mistake, made for real against a real etcd, gives its own error, with the file or endpoint and a remedy.

etcdctl says `context deadline exceeded` for nearly all of them.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.config import Settings
from etcdview.demo.certificates import SERVER, Authority, ClusterCertificates, Pair
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import free_ports
from etcdview.errors import (
    CertificateFileError,
    ClientCertificateError,
    DeadlineError,
    EtcdviewError,
    KeyMismatchError,
    NameMismatchError,
    RefusedError,
    ResolveError,
    SchemeError,
    UnreachableError,
    UntrustedError,
    ValidityError,
)
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import DIAGNOSIS, EtcdStore
from webapp import create_app

DAY = timedelta(days=1)


class Lab:
    """One member whose certificate can be changed (etcd reads it for each handshake), and a folder for the client's."""

    def __init__(self, running: LocalCluster, certificates: ClusterCertificates, folder: Path) -> None:
        self.running = running
        self.certificates = certificates
        self.authority = certificates.authority
        self.now = self.authority.now
        self.tls = certificates.tls
        self.url = running.endpoints[0]
        self.folder = folder

    def serve(
        self, authority: Authority | None = None, sans: tuple[str, ...] = ("localhost", "127.0.0.1"), **how: object
    ) -> None:
        """Let the member show another certificate from now on."""
        folder = self.certificates.members["cp1"].folder
        (authority or self.authority).issue(folder, "server", "cp1", sans=sans, **how)  # type: ignore[arg-type]

    def client(self, authority: Authority | None = None, **how: object) -> TlsFiles:
        """The good files, but for another client certificate."""
        pair = (authority or self.authority).issue(self.folder, "client", "someone", **how)  # type: ignore[arg-type]
        return self.with_pair(pair)

    def with_pair(self, pair: Pair) -> TlsFiles:
        return replace(self.tls, cert=str(pair.cert), key=str(pair.key))

    def file(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)


@pytest.fixture(scope="module")
def tls_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalCluster, ClusterCertificates]]:
    root = tmp_path_factory.mktemp("mistakes")
    certificates = ClusterCertificates(root / "pki", ("cp1",))
    with LocalCluster(root / "etcd", ("cp1",), certificates=certificates) as running:
        yield running, certificates


@pytest.fixture
def lab(tls_etcd: tuple[LocalCluster, ClusterCertificates], tmp_path: Path) -> Iterator[Lab]:
    made = Lab(*tls_etcd, tmp_path)
    made.serve()
    yield made
    made.running.members[0].resume()
    made.serve()


Mistake = Callable[[Lab], tuple[str, TlsFiles]]
MISTAKES: dict[str, tuple[Mistake, type[UnreachableError], str, str]] = {}


def mistake(error: type[UnreachableError], step: str, says: str) -> Callable[[Mistake], Mistake]:
    """A row of the table: the error, the step of the diagnosis that fails, and a piece of the sentence."""

    def add(make: Mistake) -> Mistake:
        MISTAKES[make.__name__] = (make, error, step, says)
        return make

    return add


@mistake(UntrustedError, "tls", "CN=other-ca")
def ca_of_another_cluster(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cacert=str(Authority(lab.folder, "other-ca").files.cert))


@mistake(UntrustedError, "tls", "a CA of the same name")
def ca_of_the_same_name(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cacert=str(Authority(lab.folder).files.cert))


@mistake(UntrustedError, "tls", "no CA file is given")
def no_ca_at_all(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cacert="")


@mistake(ValidityError, "tls", "The CA in ")
def ca_expired(lab: Lab) -> tuple[str, TlsFiles]:
    old = Authority(lab.folder / "old", now=lab.now - 4000 * DAY)
    lab.serve(old, begins=lab.now - DAY)
    return lab.url, replace(lab.tls, cacert=str(old.files.cert))


@mistake(ValidityError, "tls", "expired on")
def server_certificate_expired(lab: Lab) -> tuple[str, TlsFiles]:
    lab.serve(begins=lab.now - 3 * DAY, lifetime=DAY)
    return lab.url, lab.tls


@mistake(ValidityError, "tls", "is not valid before")
def server_certificate_of_tomorrow(lab: Lab) -> tuple[str, TlsFiles]:
    lab.serve(begins=lab.now + DAY)
    return lab.url, lab.tls


@mistake(NameMismatchError, "tls", "elsewhere.example")
def server_certificate_for_another_name(lab: Lab) -> tuple[str, TlsFiles]:
    lab.serve(sans=("elsewhere.example", "192.0.2.7"))
    return lab.url, lab.tls


@mistake(NameMismatchError, "tls", "is not for cp9.example")
def server_name_not_in_the_certificate(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, server_name="cp9.example")


@mistake(ValidityError, "files", "client.crt expired on")
def client_certificate_expired(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, lab.client(begins=lab.now - 3 * DAY, lifetime=DAY)


@mistake(ValidityError, "files", "client.crt is not valid before")
def client_certificate_of_tomorrow(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, lab.client(begins=lab.now + DAY)


@mistake(KeyMismatchError, "files", "does not belong to")
def key_of_another_certificate(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, key=str(lab.certificates.members["cp1"].peer.key))


@mistake(CertificateFileError, "files", "nowhere.crt does not exist")
def client_certificate_missing(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cert=str(lab.folder / "nowhere.crt"))


@mistake(CertificateFileError, "files", "nowhere.key does not exist")
def client_key_missing(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, key=str(lab.folder / "nowhere.key"))


@mistake(CertificateFileError, "files", "ca-nowhere.crt does not exist")
def ca_missing(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cacert=str(lab.folder / "ca-nowhere.crt"))


@mistake(CertificateFileError, "files", "Is a directory")
def folder_in_place_of_a_file(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cacert=str(lab.folder))


@mistake(CertificateFileError, "files", "is not PEM")
def file_that_is_no_certificate(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cert=lab.file("notes.txt", b"hello"))


@mistake(CertificateFileError, "files", "holds no certificate")
def certificate_and_key_swapped(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cert=lab.tls.key, key=lab.tls.cert)


@mistake(CertificateFileError, "files", "but no key")
def certificate_without_key(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, key="")


@mistake(ClientCertificateError, "client certificate", "none is given")
def no_client_certificate(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, replace(lab.tls, cert="", key="")


@mistake(ClientCertificateError, "client certificate", "signed by CN=stranger-ca")
def client_certificate_of_a_foreign_ca(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, lab.client(Authority(lab.folder / "stranger", "stranger-ca"))


@mistake(ClientCertificateError, "client certificate", "was not made for clients (for server)")
def client_certificate_made_for_servers(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url, lab.client(usages=SERVER)


@mistake(SchemeError, "tls", "requires TLS, but the endpoint says http")
def http_to_a_tls_port(lab: Lab) -> tuple[str, TlsFiles]:
    return lab.url.replace("https://", "http://"), TlsFiles()


@mistake(RefusedError, "connect", "Nothing listens at")
def closed_port(lab: Lab) -> tuple[str, TlsFiles]:
    return f"https://127.0.0.1:{free_ports(1)[0]}", lab.tls


@mistake(ResolveError, "resolve", "nowhere.invalid does not resolve")
def unknown_host(lab: Lab) -> tuple[str, TlsFiles]:
    return "https://nowhere.invalid:2379", lab.tls


@mistake(DeadlineError, "tls", "accepts the connection but does not answer")
def stopped_member(lab: Lab) -> tuple[str, TlsFiles]:
    lab.running.members[0].pause()
    return lab.url, lab.tls


def _error_of(call: Callable[[], object]) -> EtcdviewError:
    with pytest.raises(EtcdviewError) as caught:
        call()
    return caught.value


def _check(found: EtcdviewError | None, error: type[UnreachableError], says: str, names: tuple[str, ...]) -> None:
    assert type(found) is error
    assert says in found.what
    assert found.remedy
    assert any(name in found.what for name in names if name), f"{found.what} names neither endpoint nor file"
    assert found.exit_code == 3
    assert found.status == 503


@pytest.mark.parametrize("name", MISTAKES)
def test_a_read_says_exactly_what_is_wrong(lab: Lab, name: str) -> None:
    make, error, _step, says = MISTAKES[name]
    url, tls = make(lab)
    store = EtcdStore([url], tls, timeout_seconds=2.0)

    found = _error_of(lambda: store.range(Range(b"/registry/")))

    store.close()
    _check(found, error, says, (url, "nowhere.invalid", tls.cert, tls.key, tls.cacert))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_probe_says_the_same_as_a_read(lab: Lab, name: str) -> None:
    make, error, _step, says = MISTAKES[name]
    url, tls = make(lab)
    store = EtcdStore([url], tls)
    probe = store.probe(url)

    found = _error_of(lambda: probe.status(1.0))

    probe.close()
    store.close()
    _check(found, error, says, (url, "nowhere.invalid", tls.cert, tls.key, tls.cacert))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_watch_says_the_same_as_a_read(lab: Lab, name: str) -> None:
    make, error, _step, says = MISTAKES[name]
    url, tls = make(lab)
    store = EtcdStore([url], tls, timeout_seconds=2.0)

    found = _error_of(lambda: store.watch(b"/", b"0", 0))

    store.close()
    _check(found, error, says, (url, "nowhere.invalid", tls.cert, tls.key, tls.cacert))


@pytest.mark.parametrize("name", MISTAKES)
def test_the_diagnosis_ends_at_the_step_that_fails(lab: Lab, name: str) -> None:
    make, error, step, says = MISTAKES[name]
    url, tls = make(lab)
    store = EtcdStore([url], tls)

    steps = store.diagnose(url, b"/registry/", 2.0)

    store.close()
    assert [s.name for s in steps] == list(DIAGNOSIS[: DIAGNOSIS.index(step) + 1])
    assert [s.ok for s in steps] == [True] * (len(steps) - 1) + [False]
    _check(steps[-1].error, error, says, (url, "nowhere.invalid", tls.cert, tls.key, tls.cacert))


def test_with_nothing_wrong_every_step_of_the_diagnosis_holds(lab: Lab) -> None:
    store = EtcdStore([lab.url], lab.tls)

    steps = store.diagnose(lab.url, b"/registry/", 5.0)

    store.close()
    assert [s.name for s in steps] == list(DIAGNOSIS)
    assert all(s.ok for s in steps)
    assert all(s.what.endswith(".") for s in steps)


def test_https_to_a_plain_port_is_told_as_such(plain_etcd: LocalCluster, lab: Lab) -> None:
    url = plain_etcd.endpoints[0].replace("http://", "https://")
    store = EtcdStore([url], lab.tls)

    found = _error_of(lambda: store.range(Range(b"/registry/")))

    store.close()
    assert type(found) is SchemeError
    assert f"{url} speaks plain HTTP" in found.what


def test_a_plain_etcd_passes_every_step(plain_etcd: LocalCluster) -> None:
    store = EtcdStore(plain_etcd.endpoints, TlsFiles())

    steps = store.diagnose(plain_etcd.endpoints[0], b"/registry/", 5.0)

    store.close()
    assert [s.name for s in steps] == list(DIAGNOSIS)
    assert all(s.ok for s in steps)


def test_a_server_can_be_read_unchecked_when_asked_for(lab: Lab) -> None:
    foreign = Authority(lab.folder, "other-ca")
    tls = replace(lab.tls, cacert=str(foreign.files.cert), insecure_skip_verify=True)
    store = EtcdStore([lab.url], tls)

    assert store.range(Range(b"/registry/")).revision > 0
    store.close()


def test_another_name_in_the_certificate_can_be_expected(lab: Lab) -> None:
    lab.serve(sans=("elsewhere.example",))
    store = EtcdStore([lab.url], replace(lab.tls, server_name="elsewhere.example"))

    assert store.range(Range(b"/registry/")).revision > 0
    store.close()


def test_the_error_of_several_endpoints_names_each(lab: Lab) -> None:
    closed = f"https://127.0.0.1:{free_ports(1)[0]}"
    store = EtcdStore([lab.url, closed], replace(lab.tls, cert="", key=""))

    found = _error_of(lambda: store.range(Range(b"/registry/")))

    store.close()
    assert type(found) is ClientCertificateError
    assert lab.url in found.what
    assert f"Nothing listens at {closed}." in found.what


@pytest.mark.parametrize("name", MISTAKES)
def test_a_page_says_the_same_as_a_read_with_status_503(lab: Lab, name: str) -> None:
    make, _error, _step, says = MISTAKES[name]
    url, tls = make(lab)
    settings = Settings(
        endpoints=(url,),
        cacert=tls.cacert,
        cert=tls.cert,
        key=tls.key,
        server_name=tls.server_name,
        timeout_seconds=2.0,
    )
    app = create_app(settings)

    answer = app.test_client().get("/object?key=/registry/pods/shop/web")

    app.extensions["etcdview"].close()
    text = html.unescape(answer.text)
    assert answer.status_code == 503
    assert says in text
    assert "Traceback" not in text


@pytest.mark.parametrize("name", MISTAKES)
def test_a_command_says_the_same_as_a_read_in_one_line(
    lab: Lab, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, _error, _step, says = MISTAKES[name]
    url, tls = make(lab)
    for variable in ("ENDPOINTS", "CACERT", "CERT", "KEY", "USER", "PASSWORD"):
        monkeypatch.delenv(f"ETCDCTL_{variable}", raising=False)
    given = {"cacert": tls.cacert, "cert": tls.cert, "key": tls.key, "server-name": tls.server_name}
    flags = [word for flag, value in given.items() if value for word in (f"--{flag}", value)]

    status = run(["get", "pods", "-n", "shop", "--endpoints", url, "--command-timeout", "2s", *flags])

    said = capsys.readouterr().err
    assert status == 3
    assert says in said
    assert "Traceback" not in said
