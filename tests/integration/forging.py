"""Certificates of every odd kind: other keys, other names, no names, other purposes; and files in other encodings."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from etcdview.demo.certificates import Pair

KEYS: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "RSA 1024": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505  # nosec B505: weak is the point
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "DSA": lambda: dsa.generate_private_key(2048),
}
LOCAL = ("DNS:localhost", "IP:127.0.0.1")
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Issuer:
    """Who signs: a name and a key; `files` where it has a certificate of its own."""

    name: x509.Name
    key: CertificateIssuerPrivateKeyTypes
    files: Pair | None = None


def forge(
    folder: Path,
    issuer: Issuer | None,
    *,
    key: str = "P-256",
    sans: Sequence[str] | None = LOCAL,
    common: str = "x",
    usages: Sequence[x509.ObjectIdentifier] = (SERVER, CLIENT),
    key_usage: bool = True,
) -> Issuer:
    """A certificate and its key as folder/server.crt and .key; without an issuer one that signs itself, and others.

    `sans` are written as OpenSSL has them: DNS:localhost, IP:127.0.0.1; None leaves the extension out.
    """
    own, now = KEYS[key](), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])
    signer = issuer or Issuer(subject, own)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if key_usage:
        builder = builder.add_extension(_key_usage(issuer is None), critical=True)
    if usages and issuer is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if sans is not None and issuer is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_general, sans))), critical=False)
    unhashed = isinstance(signer.key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    certificate = builder.sign(signer.key, None if unhashed else hashes.SHA256())
    return Issuer(subject, own, _write(folder, certificate, own))


def crl(path: Path, issuer: Issuer, revoked: Pair) -> Path:
    """A list of the issuer's that revokes one certificate, in DER, as etcd's --client-crl-file takes it."""
    now = datetime.now(UTC)
    serial = x509.load_pem_x509_certificate(revoked.cert.read_bytes()).serial_number
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.name)
        .last_update(now - timedelta(minutes=5))
        .next_update(now + timedelta(days=1))
        .add_revoked_certificate(entry)
        .sign(issuer.key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.DER))
    return path


def _write(folder: Path, certificate: x509.Certificate, key: CertificateIssuerPrivateKeyTypes) -> Pair:
    folder.mkdir(parents=True, exist_ok=True)
    pair = Pair(folder / "server.crt", folder / "server.key")
    pair.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pair


def _general(san: str) -> x509.GeneralName:
    kind, _, name = san.partition(":")
    return x509.IPAddress(ipaddress.ip_address(name)) if kind == "IP" else x509.DNSName(name)


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
