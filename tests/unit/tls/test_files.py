"""The client's files: what is wrong with them is said before anything is sent, and a renewal is noticed."""

from __future__ import annotations

import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from etcdview.demo.certificates import Authority
from etcdview.errors import CertificateFileError, KeyMismatchError, ValidityError
from etcdview.models import TlsFiles
from etcdview.tls import refusals
from etcdview.tls.certificates import from_der, key_fits, kubeadm_pairs, read_authorities, read_certificates
from etcdview.tls.contexts import client_context
from etcdview.tls.files import load, stamp

NOBODY = 65534


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> TlsFiles:
    pair = authority.issue(tmp_path / "pki", "client", "client")
    return TlsFiles(str(authority.files.cert), str(pair.cert), str(pair.key))


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom file modes keep out; tests may run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_good_files_are_read_whole(files: TlsFiles) -> None:
    material = load(files)

    assert material.ca == Path(files.cacert).read_bytes()
    assert material.cert == Path(files.cert).read_bytes()
    assert material.key == Path(files.key).read_bytes()
    assert "PRIVATE" not in repr(material)


def test_without_a_ca_file_the_authorities_of_the_system_are_taken() -> None:
    assert load(TlsFiles()).cert == b""


def test_a_key_that_this_user_may_not_read_is_told_as_such() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        folder.chmod(0o755)
        authority = Authority(folder)
        pair = authority.issue(folder, "client", "client")
        pair.key.chmod(0)

        with (
            unprivileged(),
            pytest.raises(CertificateFileError, match=r"client\.key cannot be read by this user") as caught,
        ):
            load(TlsFiles(str(authority.files.cert), str(pair.cert), str(pair.key)))

    assert "as a user with read permission" in caught.value.remedy


def test_a_key_with_a_passphrase_is_told_as_such(files: TlsFiles) -> None:
    key = serialization.load_pem_private_key(Path(files.key).read_bytes(), None)
    Path(files.key).write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )

    with pytest.raises(CertificateFileError, match="encrypted with a passphrase") as caught:
        load(files)

    assert "openssl pkey" in caught.value.remedy


@pytest.mark.parametrize("which", ["cacert", "cert", "key"])
def test_a_damaged_file_is_told_by_name(files: TlsFiles, which: str) -> None:
    path = Path(getattr(files, which))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"AAAA" + lines[1][4:], *lines[2:]]))

    with pytest.raises(CertificateFileError, match="damaged") as caught:
        load(files)

    assert path.name in caught.value.what


def test_the_days_of_the_client_certificate_are_checked_by_the_given_clock(files: TlsFiles) -> None:
    (certificate,) = read_certificates(files.cert)
    load(files, certificate.ends)
    load(files, certificate.begins)

    with pytest.raises(ValidityError, match="expired on"):
        load(files, certificate.ends + timedelta(seconds=1))
    with pytest.raises(ValidityError, match="not valid before"):
        load(files, certificate.begins - timedelta(seconds=1))


def test_a_key_of_another_kind_does_not_fit(files: TlsFiles, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other").issue(tmp_path / "other", "client", "client")

    with pytest.raises(KeyMismatchError) as caught:
        load(replace(files, key=str(other.key)))

    assert files.cert in caught.value.what
    assert str(other.key) in caught.value.what


def test_the_stamp_changes_with_every_way_of_renewing(files: TlsFiles, tmp_path: Path) -> None:
    seen = [stamp(files)]
    path = Path(files.cert)
    content = path.read_bytes()

    path.write_bytes(content + b"\n")
    seen.append(stamp(files))
    (tmp_path / "new").write_bytes(content)
    (tmp_path / "new").replace(path)
    seen.append(stamp(files))
    path.unlink()
    seen.append(stamp(files))

    assert len(set(seen)) == 4
    assert stamp(files) == seen[-1]


def test_facts_of_a_certificate(authority: Authority, files: TlsFiles, tmp_path: Path) -> None:
    pair = authority.issue(tmp_path / "pki", "server", "cp1", sans=("cp1", "127.0.0.1", "::1"))

    (found,) = read_certificates(str(pair.cert))
    (ca,) = read_certificates(files.cacert)

    parsed = x509.load_der_x509_certificate(found.der)
    assert (found.subject, found.issuer, found.common_name) == ("CN=cp1", "CN=etcd-ca", "cp1")
    assert found.names == ("cp1", "127.0.0.1", "::1")
    assert found.usages == ("server", "client")
    assert found.key == "ECDSA secp256r1"
    assert found.serial == f"{parsed.serial_number:x}"
    assert (found.authority, ca.authority) == (False, True)
    assert 364 < found.days_left(authority.now) < 366
    assert found.signed_by(ca)
    assert not ca.signed_by(found)
    assert key_fits(found, str(pair.key))
    assert not key_fits(found, files.key)


def test_a_ca_of_the_same_name_has_not_signed_it(files: TlsFiles, tmp_path: Path) -> None:
    namesake = read_certificates(str(Authority(tmp_path / "other").files.cert))[0]

    assert not read_certificates(files.cert)[0].signed_by(namesake)


def test_kubeadm_s_files_are_found_in_pairs(authority: Authority, tmp_path: Path) -> None:
    pair = authority.issue(tmp_path / "pki", "server", "cp1")

    assert (pair.cert, pair.key) in kubeadm_pairs(tmp_path)
    assert kubeadm_pairs(tmp_path / "nowhere") == ()


def test_files_that_openssl_refuses_give_no_context(files: TlsFiles, tmp_path: Path) -> None:
    with pytest.raises(CertificateFileError, match=r"^The CA file .*nowhere does not exist\. ") as reported:
        client_context(replace(files, cacert=str(tmp_path / "nowhere")))
    assert str(reported.value).count("nowhere") == 1

    with pytest.raises(CertificateFileError, match="is not a file path"):
        client_context(replace(files, cacert="a\0b"))


def openssl_certificate(folder: Path, *words: str) -> Path:
    """A certificate that cryptography does not make."""
    made = folder / "odd.crt"
    key = str(folder / "odd.key")
    command = ["openssl", "req", "-x509", "-nodes", "-keyout", key, "-out", str(made), "-days", "3", "-subj", "/CN=odd"]
    subprocess.run([*command, *words], check=True, capture_output=True)
    return made


def test_a_key_on_a_rare_curve_is_unknown_and_compared_with_nothing(tmp_path: Path) -> None:
    odd = openssl_certificate(tmp_path, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP160r1")
    (found,) = read_certificates(str(odd))
    assert (found.subject, found.key) == ("CN=odd", "unknown key")
    assert not found.signed_by(found)
    with pytest.raises(CertificateFileError):
        key_fits(found, str(tmp_path / "odd.key"))
    with pytest.raises(CertificateFileError):
        load(TlsFiles(cert=str(odd), key=str(tmp_path / "odd.key")))


def test_one_odd_certificate_in_a_bundle_leaves_the_others(files: TlsFiles, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.crt"
    damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    bundle.write_text(damaged + Path(files.cacert).read_text() + damaged)
    good, odd = read_authorities(str(bundle))
    assert ([c.subject for c in good], odd) == (["CN=etcd-ca"], 2)
    assert load(replace(files, cacert=str(bundle))).ca == bundle.read_bytes()
    bundle.write_text(damaged)
    with pytest.raises(CertificateFileError):
        read_authorities(str(bundle))


def test_an_extension_that_stands_there_twice_is_no_reason_to_fail(tmp_path: Path) -> None:
    more = ("-addext", "1.2.3.4=ASN1:NULL", "-addext", "1.2.3.5=ASN1:NULL")
    made = ssl.PEM_cert_to_DER_cert(openssl_certificate(tmp_path, "-newkey", "rsa:2048", *more).read_text())
    twice = made.replace(b"\x06\x03\x2a\x03\x05", b"\x06\x03\x2a\x03\x04")  # the number of the second
    with pytest.raises(x509.DuplicateExtension):
        _ = x509.load_der_x509_certificate(twice).extensions

    found = from_der(twice)

    assert (found.subject, found.key, found.authority, found.names) == ("CN=odd", "RSA 2048", False, ())


def test_what_is_no_certificate_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"not an X\.509 certificate"):
        from_der(b"nonsense")


def test_a_client_certificate_of_an_intermediate_is_not_called_foreign(tmp_path: Path) -> None:
    root = Authority(tmp_path / "root", "root")
    below = Authority(tmp_path / "below", "below", parent=root)
    pair = below.issue(tmp_path, "client", "client")
    given = TlsFiles(str(root.files.cert), str(pair.cert), str(pair.key))
    assert "which is not the CA" in refusals._objection(given)

    pair.cert.write_bytes(pair.cert.read_bytes() + below.files.cert.read_bytes())

    assert "which is not the CA" not in refusals._objection(given)
