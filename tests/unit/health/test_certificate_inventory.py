"""The certificate inventory: certificates from files and from members, what they are for, who vouches for them."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace as Build
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from etcdview.demo.certificates import Authority
from etcdview.health.certificate_inventory import (
    CertificateEntry,
    CertificateInventory,
    InventoryCache,
    Location,
    Seen,
    collect,
    make_inventory,
    names_host,
    presented,
)
from etcdview.health.facts import ClusterFacts, Handshake
from etcdview.health.rules.certificates import certificate_expiring, certificate_names, certificate_untrusted
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


def by_purpose(root: Path, tls: TlsFiles | None = None) -> dict[str, CertificateEntry]:
    return {e.name: e for e in make_inventory(collect(tls or TlsFiles(), root)).entries}


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
    assert make_inventory(collect(TlsFiles(), root)).entries[0].name == "client certificate of kube-apiserver for etcd"


def test_a_key_of_another_certificate_does_not_fit(root: Path) -> None:
    pki = root / "etc" / "kubernetes" / "pki" / "etcd"
    (pki / "server.key").write_bytes((pki / "healthcheck-client.key").read_bytes())
    assert by_purpose(root)["server certificate of etcd"].key_fits is False


def test_what_cannot_be_read_is_said(root: Path) -> None:
    (root / "etc" / "kubernetes" / "pki" / "etcd" / "server.crt").write_text("nonsense")
    where = [u.where for u in make_inventory(collect(TlsFiles(), root)).unreadable]
    assert [Path(w).name for w in where] == ["server.crt", "scheduler.conf"]


def test_the_clients_own_files_are_listed_once_though_they_are_kubeadms(root: Path) -> None:
    pki = root / "etc" / "kubernetes" / "pki" / "etcd"
    tls = TlsFiles(str(pki / "ca.crt"), str(pki / "healthcheck-client.crt"), str(pki / "healthcheck-client.key"))
    found = by_purpose(root, tls)
    assert len(found) == 6
    assert found["client certificate of etcdview"].renew == "kubeadm certs renew etcd-healthcheck-client"


def test_what_a_member_presents_is_checked_against_the_known_authorities(root: Path, build: Build) -> None:
    pki = root / "etc" / "kubernetes" / "pki" / "etcd"
    foreign = Authority(root / "foreign").issue(root, "foreign", "cp1", sans=("cp1",))
    cluster = build.cluster(1)
    certificates = InventoryCache(TlsFiles(cacert=str(pki / "ca.crt")), root / "nowhere")
    endpoint = cluster.members[0].endpoints[0]

    def showing(path: Path) -> CertificateEntry:
        der = read_certificates(str(path))[0].der
        wire = replace(endpoint.wire, handshake=build.ok(Handshake(endpoint.url, 0, 0, certificate_der=der)))
        member = replace(cluster.members[0], endpoints=(replace(endpoint, wire=wire),))
        entries = certificates.look(replace(cluster, members=(member,))).entries
        return next(e for e in entries if e.name == "server certificate of cp1")

    assert showing(pki / "server.crt").trusted is True
    assert showing(foreign.cert).trusted is False
    assert showing(foreign.cert).places[0].host == "10.0.0.1"


def presenting(cluster: ClusterFacts, chain: list[bytes], build: Build, **changes: Any) -> ClusterFacts:
    """The cluster, with one member that presents these certificates."""
    endpoint = replace(cluster.members[0].endpoints[0], **changes)
    own, *others = chain
    handshake = Handshake(endpoint.url, 0, 0, certificate_der=own, chain_der=tuple(others))
    shown = replace(endpoint, wire=replace(endpoint.wire, handshake=build.ok(handshake)))
    return replace(cluster, members=(replace(cluster.members[0], endpoints=(shown,)),))


def ders(*paths: Path) -> list[bytes]:
    return [read_certificates(str(path))[0].der for path in paths]


@pytest.mark.parametrize(
    ("given", "sends", "trusted"),
    [
        ("root", True, True),
        ("root", False, False),
        ("below", False, True),
        ("below", True, True),
        ("server", False, True),  # the very certificate, as an authority of its own
    ],
)
def test_trust_leads_from_what_is_presented_to_any_certificate_that_is_given(
    tmp_path: Path, build: Build, given: str, sends: bool, trusted: bool
) -> None:
    root = Authority(tmp_path / "root", "root")
    below = Authority(tmp_path / "below", "below", parent=root)
    server = below.issue(tmp_path, "server", "cp1", sans=("10.0.0.1",))
    cacert = {"root": root.files, "below": below.files, "server": server}[given].cert
    facts = presenting(build.cluster(1), ders(server.cert, below.files.cert) if sends else ders(server.cert), build)

    certificates = InventoryCache(TlsFiles(cacert=str(cacert)), tmp_path / "nowhere").look(facts)

    entry = next(e for e in certificates.entries if e.certificate.subject == "CN=cp1")
    assert entry.trusted is trusted
    assert (
        entry.chain
        == {"root": ("CN=cp1", "CN=below", "CN=root"), "below": ("CN=cp1", "CN=below")}.get(given, ("CN=cp1",))
        or not trusted
    )
    found = [f.id for f in certificate_untrusted(build.context(facts, certificates=certificates))]
    assert found == ([] if trusted else ["certificate-untrusted"])


def test_an_authority_that_a_member_presents_is_no_reason_to_trust_it(tmp_path: Path, build: Build) -> None:
    good, rogue = Authority(tmp_path / "good", "etcd-ca"), Authority(tmp_path / "rogue", "etcd-ca")
    server = rogue.issue(tmp_path, "server", "cp1", sans=("10.0.0.1",))
    boards = InventoryCache(TlsFiles(cacert=str(good.files.cert)), tmp_path / "nowhere")
    for chain in (ders(rogue.files.cert), ders(server.cert, rogue.files.cert)):
        entries = boards.look(presenting(build.cluster(1), chain, build)).entries
        assert [e.trusted for e in entries if e.places[0].host] == [False]


def test_of_two_certificates_of_an_intermediate_the_one_that_leads_to_trust_is_found(
    tmp_path: Path, build: Build
) -> None:
    known, other = Authority(tmp_path / "known", "known"), Authority(tmp_path / "other", "other")
    below = Authority(tmp_path / "below", "below", parent=other)
    cross = known._certify(below._name, below._key.public_key()).public_bytes(Encoding.DER)
    server = below.issue(tmp_path, "server", "cp1", sans=("10.0.0.1",))
    facts = presenting(build.cluster(1), [*ders(server.cert, below.files.cert, other.files.cert), cross], build)
    entries = InventoryCache(TlsFiles(cacert=str(known.files.cert)), tmp_path / "nowhere").look(facts).entries
    assert next(e for e in entries if e.name == "server certificate of cp1").chain == ("CN=cp1", "CN=below", "CN=known")


def test_what_a_member_presents_and_nobody_can_read_is_said(tmp_path: Path, build: Build) -> None:
    facts = presenting(build.cluster(1), [b"nonsense"], build)
    certificates = InventoryCache(TlsFiles(), tmp_path).look(facts)
    assert (certificates.entries, [u.where for u in certificates.unreadable]) == (
        (),
        [facts.members[0].endpoints[0].url],
    )


@pytest.mark.parametrize(
    ("advertised", "server_name", "host"),
    [(True, "etcd.example", "10.0.0.1"), (False, "etcd.example", "etcd.example"), (False, "", "10.0.0.1")],
)
def test_behind_a_tunnel_a_member_is_called_by_the_name_that_is_given(
    tmp_path: Path, build: Build, advertised: bool, server_name: str, host: str
) -> None:
    server = Authority(tmp_path).issue(tmp_path, "server", "cp1", sans=("etcd.example",))
    facts = presenting(build.cluster(1), ders(server.cert), build, advertised=advertised)
    certificates = InventoryCache(TlsFiles(server_name=server_name), tmp_path / "nowhere").look(facts)
    assert certificates.entries[0].places[0].host == host
    assert bool(list(certificate_names(build.context(facts, certificates=certificates)))) is (host == "10.0.0.1")


def test_kubeadms_commands_are_for_what_kubeadm_made(tmp_path: Path, build: Build) -> None:
    own = Authority(tmp_path / "own", "our-ca")
    server = own.issue(tmp_path, "server", "cp1", sans=("10.0.0.1",))
    facts = presenting(build.cluster(1), ders(server.cert), build)

    def renew(root: Path) -> str:
        return InventoryCache(TlsFiles(), root).look(facts).entries[0].renew

    assert renew(tmp_path) == ""
    # with an authority of one's own in kubeadm's folder its issuer has any name; then the manifest tells
    manifest = tmp_path / "etc" / "kubernetes" / "manifests" / "etcd.yaml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(
        "metadata: {annotations: {kubeadm.kubernetes.io/etcd.advertise-client-urls: https://10.0.0.1:2379}}\n"
        "spec: {containers: [{name: etcd, command: [etcd]}]}\n"
    )
    assert renew(tmp_path) == "kubeadm certs renew etcd-server"


@pytest.mark.parametrize("renew", ["", "kubeadm certs renew etcd-server"])
def test_who_did_not_use_kubeadm_is_not_told_to(build: Build, renew: str) -> None:
    entry = build.entry(ends=build.now + timedelta(days=3))
    entry = replace(entry, places=(replace(entry.places[0], renew=renew),))
    (found,) = certificate_expiring(build.context(build.cluster(), certificates=CertificateInventory((entry,))))
    assert any("kubeadm" in command for command in found.commands) is bool(renew)
    assert found.commands


def test_a_copy_of_kubeadms_client_certificate_is_renewed_by_its_own_command(tmp_path: Path) -> None:
    client = Authority(tmp_path).issue(tmp_path / "copy", "healthcheck-client", "kube-etcd-healthcheck-client")
    (entry,) = make_inventory(
        collect(TlsFiles(cert=str(client.cert), key=str(client.key)), tmp_path / "nowhere")
    ).entries
    assert entry.renew == "kubeadm certs renew etcd-healthcheck-client"


def test_of_a_systems_bundle_only_what_is_used_is_listed(tmp_path: Path, build: Build) -> None:
    authorities = [Authority(tmp_path / str(n), f"ca-{n}") for n in range(12)]
    server = authorities[3].issue(tmp_path, "server", "cp1", sans=("10.0.0.1",))
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("".join(a.files.cert.read_text() for a in authorities))
    facts = presenting(build.cluster(1), ders(server.cert), build)
    certificates = InventoryCache(TlsFiles(cacert=str(bundle)), tmp_path / "nowhere").look(facts)
    assert sorted(e.certificate.subject for e in certificates.entries) == ["CN=ca-3", "CN=cp1"]
    assert certificates.unused == 11


def test_a_certificate_with_an_unknown_key_ends_nothing(root: Path) -> None:
    odd = root / "etc" / "kubernetes" / "pki" / "odd"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP160r1"]
    files = ["-keyout", f"{odd}.key", "-out", f"{odd}.crt", "-days", "3", "-subj", "/CN=odd"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    found = by_purpose(root)["certificate in odd.crt"]
    assert (found.certificate.key, found.key_fits, found.trusted) == ("unknown key", None, True)


def test_without_any_authority_trust_is_unknown(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue(tmp_path, "server", "cp1")
    (only,) = make_inventory([Seen(read_certificates(str(pair.cert))[0], Location("here", "certificate"))]).entries
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
