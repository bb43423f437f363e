"""A certificate as facts: who it names, who signed it, for what and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from etcdview.errors import CertificateFileError
from etcdview.tls import files

_USAGES = {Usage.SERVER_AUTH: "server", Usage.CLIENT_AUTH: "client"}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an X.509 certificate says. `names` are its DNS names and IP addresses, in that order.

    `usages` are "server", "client", or the dotted number of another; empty: for anything. `key` is in words,
    like "RSA 2048". `serial` and `fingerprint` (SHA-256) are lower-case hexadecimal.
    """

    subject: str
    issuer: str
    common_name: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime
    serial: str
    key: str
    usages: tuple[str, ...]
    authority: bool
    fingerprint: str
    der: bytes = field(repr=False)

    def days_left(self, now: datetime) -> float:
        """Days until it expires; negative when it has."""
        return (self.ends - now).total_seconds() / 86_400

    @property
    def usable(self) -> bool:
        """Whether gRPC, by which etcd is called, takes a server with a key of this kind."""
        return files.key_is_usable(files.public_key(x509.load_der_x509_certificate(self.der)))

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether `issuer` really signed it: the names agree, and the signature holds."""
        if self.issuer != issuer.subject:
            return False
        try:
            x509.load_der_x509_certificate(self.der).verify_directly_issued_by(
                x509.load_der_x509_certificate(issuer.der)
            )
        except (*files.ODD, TypeError, InvalidSignature):
            return False
        return True


def read_certificates(name: str) -> tuple[Certificate, ...]:
    """All certificates in a PEM file, in its order. Raises CertificateFileError."""
    return from_pem(name, files.read_pem(name, "certificate"))


def read_authorities(name: str) -> tuple[tuple[Certificate, ...], int]:
    """The certificates in a bundle that can be read, and how many cannot. Raises CertificateFileError."""
    parsed, odd = files.authorities(name, files.read_pem(name, "CA"))
    good = tuple(found for found in map(_facts_or_none, parsed) if found is not None)
    return good, odd + len(parsed) - len(good)


def from_pem(name: str, pem: bytes) -> tuple[Certificate, ...]:
    """All certificates in `pem`, in its order; `name` is where it comes from. Raises CertificateFileError."""
    try:
        return tuple(map(facts, files.certificates(name, pem)))
    except ValueError as error:
        raise CertificateFileError(f"The certificate in {name} is damaged: {error}.", "Copy it anew.") from error


def from_der(der: bytes) -> Certificate:
    """The facts of a certificate as a server presents it. Raises ValueError for anything else."""
    try:
        parsed = x509.load_der_x509_certificate(der)
    except files.ODD as error:
        raise ValueError("it is not an X.509 certificate") from error
    return facts(parsed)


def key_fits(certificate: Certificate, key_name: str) -> bool:
    """Whether the private key in that file is the certificate's. Raises CertificateFileError."""
    key = files.private_key(key_name, files.read_pem(key_name, "private key"))
    public = files.public_key(x509.load_der_x509_certificate(certificate.der))
    if public is None:
        raise CertificateFileError(
            f"The key of {certificate.subject} has an unknown type, so it cannot be compared.",
            "Compare it with openssl.",
        )
    return files.same_key(public, key.public_key())


def facts(certificate: x509.Certificate) -> Certificate:
    """The facts of a parsed certificate. Raises ValueError where its names or times are none."""
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        common_name=_common_name(certificate.subject),
        names=_names(certificate),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        serial=f"{certificate.serial_number:x}",
        key=files.key_text(files.public_key(certificate)),
        usages=_usages(certificate),
        authority=_authority(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        der=certificate.public_bytes(serialization.Encoding.DER),
    )


def kubeadm_pairs(folder: Path) -> tuple[tuple[Path, Path], ...]:
    """The certificate files in `folder` and below, each with the path where kubeadm puts its key."""
    try:
        found = sorted(folder.rglob("*.crt"))
    except OSError:
        return ()
    return tuple((path, path.with_suffix(".key")) for path in found)


def _facts_or_none(certificate: x509.Certificate) -> Certificate | None:
    try:
        return facts(certificate)
    except ValueError:
        return None


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *files.ODD):
        return ()
    addresses = san.get_values_for_type(x509.IPAddress)
    return (*san.get_values_for_type(x509.DNSName), *map(str, addresses))


def _usages(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, *files.ODD):
        return ()
    return tuple(_USAGES.get(usage, usage.dotted_string) for usage in usages)


def _authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *files.ODD):
        return False
