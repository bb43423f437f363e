"""Certificates renewed on disk are used without a restart, and half a renewal breaks nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from etcdview.demo.certificates import Authority, ClusterCertificates, Pair
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import ClientCertificateError, EtcdviewError, ValidityError
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore

PATIENCE_SECONDS = 10.0


class Files:
    """The client's files where etcdview looks for them, and a hand that replaces them."""

    def __init__(self, folder: Path, certificates: ClusterCertificates) -> None:
        self.folder = folder
        self.tls = TlsFiles(str(folder / "ca.crt"), str(folder / "client.crt"), str(folder / "client.key"))
        shutil.copy(certificates.tls.cacert, self.tls.cacert)
        self.put(certificates.client)

    def put(self, pair: Pair) -> None:
        self.put_certificate(pair)
        self.put_key(pair)

    def put_certificate(self, pair: Pair) -> None:
        shutil.copy(pair.cert, self.tls.cert)

    def put_key(self, pair: Pair) -> None:
        shutil.copy(pair.key, self.tls.key)


@pytest.fixture
def files(tmp_path: Path, certificates: ClusterCertificates) -> Files:
    return Files(tmp_path, certificates)


@pytest.fixture
def store(cluster: LocalCluster, files: Files) -> Iterator[EtcdStore]:
    opened = EtcdStore(cluster.endpoints, files.tls)
    yield opened
    opened.close()


def test_an_expired_certificate_is_mended_by_renewing_the_files(
    store: EtcdStore, files: Files, certificates: ClusterCertificates
) -> None:
    authority = certificates.authority
    old = authority.issue(
        files.folder / "old", "c", "client", begins=authority.now - timedelta(days=2), lifetime=timedelta(days=1)
    )
    files.put(old)
    with pytest.raises(ValidityError):
        store.range(Range(b"/a"))

    files.put(authority.issue(files.folder / "new", "c", "client"))

    _until(lambda: store.range(Range(b"/a")), works=True)


def test_a_running_store_takes_up_new_files(store: EtcdStore, files: Files, certificates: ClusterCertificates) -> None:
    store.range(Range(b"/a"))

    # a certificate that etcd refuses shows that the files are read anew
    files.put(Authority(files.folder / "foreign", "stranger").issue(files.folder / "foreign", "c", "client"))
    assert isinstance(_until(lambda: store.range(Range(b"/a")), works=False), ClientCertificateError)

    files.put(certificates.client)
    _until(lambda: store.range(Range(b"/a")), works=True)


def test_a_probe_takes_up_new_files_too(
    store: EtcdStore, cluster: LocalCluster, files: Files, certificates: ClusterCertificates
) -> None:
    probe = store.probe(cluster.endpoints[0])
    probe.status(2.0)
    files.put(Authority(files.folder / "foreign", "stranger").issue(files.folder / "foreign", "c", "client"))

    error = _until(lambda: probe.status(2.0), works=False)

    assert isinstance(error, ClientCertificateError)
    probe.close()


def test_half_a_renewal_goes_on_with_the_old_files(
    store: EtcdStore, files: Files, certificates: ClusterCertificates
) -> None:
    store.range(Range(b"/a"))
    new = certificates.authority.issue(files.folder / "new", "c", "client")

    files.put_certificate(new)
    for _ in range(15):
        store.range(Range(b"/a"))
        time.sleep(0.1)

    files.put_key(new)
    for _ in range(15):
        store.range(Range(b"/a"))
        time.sleep(0.1)


def test_a_watch_lives_through_a_renewal(store: EtcdStore, files: Files, certificates: ClusterCertificates) -> None:
    watch = store.watch(b"/w/", b"/w0", 0)
    files.put(certificates.authority.issue(files.folder / "new", "c", "client"))
    for _ in range(15):
        store.range(Range(b"/a"))
        time.sleep(0.1)

    watch.request_progress()

    assert next(iter(watch)).revision > 0
    watch.cancel()


def _until(call: Callable[[], object], *, works: bool) -> EtcdviewError | None:
    """Call until it works, or fails; gives the error."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_SECONDS:
        error: EtcdviewError | None = None
        try:
            call()
        except EtcdviewError as raised:
            error = raised
        if works == (error is None):
            return error
        time.sleep(0.1)
    raise AssertionError(f"after {PATIENCE_SECONDS} s still {'failing' if works else 'working'}")
