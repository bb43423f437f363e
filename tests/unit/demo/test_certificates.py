"""The demo's certificates are those of kubeadm: same files, same names, same usages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from etcdview.demo.certificates import Authority, ClusterCertificates, Pair

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ClusterCertificates:
    """Files for two members."""
    return ClusterCertificates(tmp_path_factory.mktemp("pki"), ("cp1", "cp2"))


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _usages(pair: Pair) -> set[x509.ObjectIdentifier]:
    return set(_read(pair.cert).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_each_member_has_kubeadms_files_and_the_first_the_clients(pki: ClusterCertificates) -> None:
    found = {str(path.relative_to(pki.root)) for path in pki.root.rglob("*.*")}
    per_member = {f"{m}/etcd/{n}" for m in ("cp1", "cp2") for n in ("server.crt", "server.key", "peer.crt", "peer.key")}
    clients = {"cp1/etcd/healthcheck-client.crt", "cp1/etcd/healthcheck-client.key"}
    assert found == per_member | clients | {"cp1/etcd/ca.crt", "cp1/etcd/ca.key", "cp2/etcd/ca.crt"}


@pytest.mark.parametrize("kind", ["server", "peer"])
def test_a_members_certificates_hold_its_name_and_this_machines(kind: str, pki: ClusterCertificates) -> None:
    certificate = _read(getattr(pki.members["cp2"], kind).cert)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["cp2", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]


def test_members_serve_and_call_and_the_health_check_only_calls(pki: ClusterCertificates) -> None:
    both = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert _usages(pki.members["cp1"].server) == both
    assert _usages(pki.members["cp1"].peer) == both
    assert _usages(pki.client) == {ExtendedKeyUsageOID.CLIENT_AUTH}


def test_all_are_signed_by_the_one_ca(pki: ClusterCertificates) -> None:
    authority = _read(pki.authority.files.cert)
    for pair in (pki.client, pki.members["cp1"].server, pki.members["cp2"].peer):
        _read(pair.cert).verify_directly_issued_by(authority)
    assert pki.members["cp2"].ca.read_bytes() == pki.authority.files.cert.read_bytes()


def test_only_the_owner_reads_the_keys(pki: ClusterCertificates) -> None:
    assert {path.stat().st_mode & 0o777 for path in pki.root.rglob("*.key")} == {0o600}


def test_a_certificate_may_begin_and_end_whenever_a_test_wants(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca", now=NOW)
    pair = authority.issue(tmp_path, "old", "old", begins=NOW - timedelta(days=9), lifetime=timedelta(days=2))
    certificate = _read(pair.cert)
    assert certificate.not_valid_before_utc == NOW - timedelta(days=9)
    assert certificate.not_valid_after_utc == NOW - timedelta(days=7)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "old"
