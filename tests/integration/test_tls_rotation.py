"""All certificates are replaced while everything reads on: the server's, the client's, and the CA that signs both.

`pytest -m long tests/integration/test_tls_rotation.py`.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etcdview.demo.certificates import CLIENT, LOCAL_NAMES, Authority, ClusterCertificates, Pair
from etcdview.demo.cluster import LocalCluster
from etcdview.errors import EtcdviewError
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from tests.serving import running

NAMES = ("cp1", "cp2", "cp3")
KEY = b"/registry/configmaps/shop/c"
VALUE = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"},"data":{"step":"%s"}}'
PAGES = (
    "/registry?resource=configmaps",
    "/object?key=/registry/configmaps/shop/c",
    "/api/v1/table?resource=configmaps",
    "/history?key=/registry/configmaps/shop/c",
)
PATIENCE_SECONDS = 30.0


class Files:
    """The client's three files, replaced as a tool would do it: each at once, but not all together."""

    def __init__(self, folder: Path, certificates: ClusterCertificates) -> None:
        folder.mkdir()
        self.tls = TlsFiles(str(folder / "ca.crt"), str(folder / "client.crt"), str(folder / "client.key"))
        for source, target in zip(vars_of(certificates.tls), vars_of(self.tls), strict=True):
            shutil.copy(source, target)

    def put(self, pair: Pair) -> None:
        replace(self.tls.cert, pair.cert.read_bytes())
        replace(self.tls.key, pair.key.read_bytes())


def vars_of(tls: TlsFiles) -> tuple[str, str, str]:
    return tls.cacert, tls.cert, tls.key


def replace(path: str | Path, data: bytes) -> None:
    written = Path(f"{path}.new")
    written.write_bytes(data)
    os.replace(written, path)


class Readers:
    """Threads that read pages and the store without a pause; what failed is kept."""

    def __init__(self, port: int, store: EtcdStore) -> None:
        self._port, self._store = port, store
        self.answers: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def page(self, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        self.answers[path] += 1
        if answer.status != 200:
            self.wrong[f"{answer.status} {path}: {text[-1500:]}"] += 1
        connection.close()

    def read(self) -> None:
        try:
            self._store.range(Range(KEY))
            self.answers["range"] += 1
        except EtcdviewError as error:
            self.wrong[f"range: {error!r}"] += 1

    @contextmanager
    def reading(self) -> Iterator[None]:
        ended = threading.Event()

        def go_on(read: Callable[[], None]) -> None:
            while not ended.wait(0.05):
                read()

        works = [self.read, *(lambda path=path: self.page(path) for path in PAGES)]  # type: ignore[misc]
        threads = [threading.Thread(target=go_on, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def follows(port: int, store: EtcdStore, step: str) -> None:
    """A write is seen by the index and its page, over connections of this step."""
    kvs = store.range(Range(KEY)).kvs
    store.put(KEY, VALUE % step.encode(), mod_revision=kvs[0].mod_revision if kvs else 0)
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/api/v1/resources")
        listed = json.loads(connection.getresponse().read())
        connection.close()
        if listed["complete"] and listed["revision"] >= store.range(Range(KEY)).kvs[0].mod_revision:
            return
        time.sleep(0.1)
    raise AssertionError(f"after {step} the index does not follow: {listed}")


@pytest.mark.long
def test_all_certificates_are_rotated_while_everything_reads_on(tmp_path: Path) -> None:
    old = ClusterCertificates(tmp_path / "pki", NAMES)
    new = Authority(tmp_path / "new", "etcd-ca-2")
    old_ca, new_ca = old.authority.files.cert.read_bytes(), new.files.cert.read_bytes()
    files = Files(tmp_path / "client", old)
    with LocalCluster(tmp_path / "etcd", NAMES, certificates=old) as cluster:

        def trust(authorities: bytes) -> None:
            """etcd reads its CA when it starts: one member after the other."""
            replace(files.tls.cacert, authorities)
            for member in cluster.members:
                replace(old.members[member.name].ca, authorities)
                member.kill()
                cluster.heal()

        flags = ("--endpoints", ",".join(cluster.endpoints), "--cacert", files.tls.cacert, "--cert", files.tls.cert)
        store = EtcdStore(cluster.endpoints, files.tls)
        with running(*flags, "--key", files.tls.key) as server:
            follows(server.port, store, "start")
            readers = Readers(server.port, store)
            with readers.reading():
                trust(old_ca + new_ca)
                follows(server.port, store, "both")
                for name, member in old.members.items():  # etcd reads these at each handshake
                    for file in ("server", "peer"):
                        pair = new.issue(tmp_path / "issued", file, name, sans=(name, *LOCAL_NAMES))
                        replace(member.folder / f"{file}.crt", pair.cert.read_bytes())
                        replace(member.folder / f"{file}.key", pair.key.read_bytes())
                files.put(new.issue(tmp_path / "issued", "client", "kube-etcd-healthcheck-client", usages=CLIENT))
                shutil.copy(files.tls.cert, old.client.cert)
                shutil.copy(files.tls.key, old.client.key)
                follows(server.port, store, "renewed")
                trust(new_ca)
                follows(server.port, store, "new")
        store.close()

    assert not readers.wrong, readers.wrong.most_common(5)
    assert min(readers.answers[what] for what in ("range", *PAGES)) > 3, readers.answers
