"""The board: certificates from files and from members, what they are for, who vouches for them."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace as Build

import pytest

from etcdview.demo.certificates import Authority
from etcdview.health.certificates import Boards, Entry, Place, Seen, collect, make_board, names_host, presented
from etcdview.health.facts import Handshake
from etcdview.models import TlsFiles
from etcdview.tls.certificates import read_certificates


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of a kubeadm control plane, in their main parts."""
    pki = tmp_path / "etc" / "kubernetes" / "pki"
    etcd = Authority(pki / "etcd")
    etcd.issue(pki / "etcd", "server", "cp1", sans=("cp1", "10.0.0.1"))
    etcd.issue(pki / "etcd", "healthcheck-client", "kube-etcd-healthcheck-client")
    etcd.issue(pki, "apiserver-etcd-client", "kube-apiserver-etcd-client", lifetime=timedelta(days=20))
    kubernetes = Authority(pki, "kubernetes")
    admin = kubernetes.issue(tmp_path, "admin", "kubernetes-admin")
    data = base64.b64encode(admin.cert.read_bytes()).decode()
    (pki.parent / "admin.conf").write_text(f"users:\n- user:\n    client-certificate-data: {data}\n")
    (pki.parent / "scheduler.conf").write_text("users:\n- user:\n    client-certificate-data: bm9uc2Vuc2U=\n")
    return tmp_path


def by_purpose(root: Path, tls: TlsFiles | None = None) -> dict[str, Entry]:
    return {e.name: e for e in make_board(collect(tls or TlsFiles(), root)).entries}


def test_kubeadms_files_are_found_and_say_what_they_are_for_and_how_to_renew_them(root: Path) -> None:
    found = by_purpose(root)
    assert {name: e.renew for name, e in found.items()} == {
        "CA of etcd": "",
        "CA of the Kubernetes cluster": "",
        "client certificate of etcd's liveness probe": "kubeadm certs renew etcd-healthcheck-client",
        "client certificate of kube-apiserver for etcd": "kubeadm certs renew apiserver-etcd-client",
        "client certificate of the administrator": "kubeadm certs renew admin.conf",
        "server certificate of etcd": "kubeadm certs renew etcd-server",
    }


def test_each_has_its_chain_to_the_right_authority_and_its_key(root: Path) -> None:
    found = by_purpose(root)
    server, admin = found["server certificate of etcd"], found["client certificate of the administrator"]
    assert (server.chain, server.trusted, server.key_fits) == (("CN=cp1", "CN=etcd-ca"), True, True)
    assert (admin.chain, admin.trusted, admin.key_fits) == (("CN=kubernetes-admin", "CN=kubernetes"), True, None)


def test_the_one_that_expires_first_stands_on_top(root: Path) -> None:
    assert make_board(collect(TlsFiles(), root)).entries[0].name == "client certificate of kube-apiserver for etcd"


def test_a_key_of_another_certificate_does_not_fit(root: Path) -> None:
    pki = root / "etc" / "kubernetes" / "pki" / "etcd"
    (pki / "server.key").write_bytes((pki / "healthcheck-client.key").read_bytes())
    assert by_purpose(root)["server certificate of etcd"].key_fits is False


def test_what_cannot_be_read_is_said(root: Path) -> None:
    (root / "etc" / "kubernetes" / "pki" / "etcd" / "server.crt").write_text("nonsense")
    where = [u.where for u in make_board(collect(TlsFiles(), root)).unreadable]
    assert [Path(w).name for w in where] == ["server.crt", "scheduler.conf"]


def test_the_clients_own_files_are_on_the_board_once_though_they_are_kubeadms(root: Path) -> None:
    pki = root / "etc" / "kubernetes" / "pki" / "etcd"
    tls = TlsFiles(str(pki / "ca.crt"), str(pki / "healthcheck-client.crt"), str(pki / "healthcheck-client.key"))
    found = by_purpose(root, tls)
    assert len(found) == 6
    assert found["client certificate of etcdview"].renew == "kubeadm certs renew etcd-healthcheck-client"


def test_what_a_member_presents_is_held_against_the_authorities_in_sight(root: Path, build: Build) -> None:
    pki = root / "etc" / "kubernetes" / "pki" / "etcd"
    foreign = Authority(root / "foreign").issue(root, "foreign", "cp1", sans=("cp1",))
    cluster = build.cluster(1)
    board = Boards(TlsFiles(cacert=str(pki / "ca.crt")), root / "nowhere")
    endpoint = cluster.members[0].endpoints[0]

    def showing(path: Path) -> Entry:
        der = read_certificates(str(path))[0].der
        wire = replace(endpoint.wire, handshake=build.ok(Handshake(endpoint.url, 0, 0, certificate_der=der)))
        member = replace(cluster.members[0], endpoints=(replace(endpoint, wire=wire),))
        entries = board.look(replace(cluster, members=(member,))).entries
        return next(e for e in entries if e.name == "server certificate of cp1")

    assert showing(pki / "server.crt").trusted is True
    assert showing(foreign.cert).trusted is False
    assert showing(foreign.cert).places[0].host == "10.0.0.1"


def test_without_any_authority_trust_is_unknown(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue(tmp_path, "server", "cp1")
    (only,) = make_board([Seen(read_certificates(str(pair.cert))[0], Place("here", "certificate"))]).entries
    assert only.trusted is None


@pytest.mark.parametrize(
    ("names", "host", "named"),
    [
        (("cp1", "10.0.0.1"), "10.0.0.1", True),
        (("cp1",), "CP1", True),
        (("*.etcd.example.org",), "a.etcd.example.org", True),
        (("*.etcd.example.org",), "a.b.etcd.example.org", False),
        (("cp1",), "10.0.0.1", False),
        ((), "", True),
    ],
)
def test_names_are_matched_as_tls_clients_match_them(
    names: tuple[str, ...], host: str, named: bool, build: Build
) -> None:
    assert names_host(build.certificate(names=names), host) is named


def test_days_left_count_from_the_clock_that_is_given(build: Build) -> None:
    entry = build.entry(ends=datetime(2026, 12, 1, tzinfo=UTC))
    assert entry.certificate.days_left(datetime(2026, 11, 29, tzinfo=UTC)) == 2.0


def test_a_cluster_without_tls_presents_nothing(build: Build) -> None:
    cluster = build.cluster(1)
    assert presented(cluster) == ()
