"""The client's certificate files: read, checked to belong together, and noticed when they change on disk."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from etcdview.errors import CertificateFileError, KeyMismatchError, ValidityError
from etcdview.kube.reasons import reason
from etcdview.models import TlsFiles

Stamp = tuple[tuple[int, int, int], ...]
# What cryptography raises for a certificate that it cannot read, whole or in part. Some are not ValueErrors.
ODD = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
# gRPC's BoringSSL signs with these, and with Ed25519; a server's signatures it takes of these alone.
USABLE_KEYS = "RSA, or ECDSA on the curve P-256, P-384 or P-521"
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_OTHER_KEY = f"Have it made with another key: {USABLE_KEYS}."
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Material:
    """The contents of the client's files as PEM; `ca` holds the system's authorities where no file is named."""

    ca: bytes
    cert: bytes = b""
    key: bytes = field(default=b"", repr=False)


def stamp(files: TlsFiles) -> Stamp:
    """Changes whenever one of the files is replaced or rewritten: inode, size and time of each, zeros where missing."""
    return tuple(_stat(name) for name in (files.cacert, files.cert, files.key) if name)


def load(files: TlsFiles, now: datetime | None = None) -> Material:
    """Read and check the files.

    Raises CertificateFileError (missing, unreadable, not what it should be), KeyMismatchError and
    ValidityError (the client certificate has expired, or is not valid yet).
    """
    if bool(files.cert) != bool(files.key):
        given, missing = ("certificate", "key") if files.cert else ("key", "certificate")
        raise CertificateFileError(
            f"A client {given} is given ({files.cert or files.key}), but no {missing}.",
            f"Name both: --cert (ETCDCTL_CERT) and --key (ETCDCTL_KEY); the {missing} is missing.",
        )
    ca = read_pem(files.cacert, "CA") if files.cacert else _system_authorities()
    if files.cacert:
        authorities(files.cacert, ca)
    if not files.cert:
        return Material(ca)
    cert, key = read_pem(files.cert, "client certificate"), read_pem(files.key, "client key")
    leaf = certificates(files.cert, cert)[0]
    check_pair(leaf, files.cert, private_key(files.key, key), files.key)
    check_validity(leaf, f"The client certificate {files.cert}", now or datetime.now(UTC))
    return Material(ca, cert, key)


def read_pem(name: str, what: str) -> bytes:
    """The contents of the file, without the byte order mark that editors put before UTF-8.

    Raises CertificateFileError when it cannot be read or is not PEM.
    """
    try:
        data = Path(name).expanduser().read_bytes()
    except FileNotFoundError as error:
        raise CertificateFileError(
            f"The {what} file {name} does not exist.", "Check the path; kubeadm keeps them in /etc/kubernetes/pki/etcd."
        ) from error
    except PermissionError as error:
        raise CertificateFileError(
            f"The {what} file {name} cannot be read by this user.",
            "Run etcdview as a user with read permission, or give that user a certificate of its own.",
        ) from error
    except OSError as error:
        raise CertificateFileError(
            f"The {what} file {name} cannot be read: {reason(error)}.", "Give the path of a PEM file."
        ) from error
    except ValueError as error:  # a NUL in it
        raise CertificateFileError(f"{name!r} is not a file path.", "Give the path of a PEM file.") from error
    if data.startswith(_UTF16_MARKS):
        raise CertificateFileError(
            f"The {what} file {name} is UTF-16 text (it begins with a byte order mark), and PEM is ASCII.",
            f"Convert a copy of it: iconv -f UTF-16 -t ASCII {name} > COPY.",
        )
    data = data.removeprefix(_UTF8_MARK)
    if b"-----BEGIN " not in data:
        raise CertificateFileError(
            f"The {what} file {name} is not PEM ({len(data)} bytes, no line with BEGIN).",
            "Give a PEM file: its lines begin with -----BEGIN CERTIFICATE----- or -----BEGIN PRIVATE KEY-----.",
        )
    return data


def certificates(name: str, pem: bytes) -> list[x509.Certificate]:
    """All certificates in `pem`, the leaf first; `name` is the file, for the error. Raises CertificateFileError."""
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise CertificateFileError(
            f"{name} holds no certificate (is it the private key?).", "Swap the two files, or give the right one."
        )
    try:
        return x509.load_pem_x509_certificates(pem)
    except ODD as error:
        raise CertificateFileError(
            f"The certificate in {name} is damaged: its content is not an X.509 certificate.", "Copy it anew."
        ) from error


def authorities(name: str, pem: bytes) -> tuple[list[x509.Certificate], int]:
    """The certificates of a bundle that can be read, and how many cannot: one that is odd leaves the others as they
    are. Raises CertificateFileError where none can be read."""
    blocks = _BLOCK.findall(pem)
    read = [one for block in blocks for one in _readable(block)]
    return (read, len(blocks) - len(read)) if read else (certificates(name, pem), 0)


def public_key(certificate: x509.Certificate) -> PublicKeyTypes | None:
    """The certificate's public key; None where it is of a kind that cannot be read, such as a rare curve."""
    try:
        return certificate.public_key()
    except ODD:
        return None


def private_key(name: str, pem: bytes) -> PrivateKeyTypes:
    """The private key in `pem`; `name` is the file, for the error. Raises CertificateFileError."""
    if b"PRIVATE KEY-----" not in pem:
        raise CertificateFileError(
            f"{name} holds no private key (is it the certificate?).", "Swap the two files, or give the right one."
        )
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise CertificateFileError(
            f"The private key {name} is encrypted with a passphrase.",
            "Give a key without one: openssl pkey -in KEY -out NEWKEY.",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateFileError(
            f"The private key in {name} is damaged, or of a kind that cannot be used.", "Copy it anew."
        ) from error


def check_pair(leaf: x509.Certificate, cert_name: str, key: PrivateKeyTypes, key_name: str) -> None:
    """Raises KeyMismatchError when the key is another's."""
    public = public_key(leaf)
    if public is None:
        raise CertificateFileError(f"The key in the certificate {cert_name} is of an unknown kind.", _OTHER_KEY)
    if not (isinstance(public, ed25519.Ed25519PublicKey) or key_is_usable(public)):
        raise CertificateFileError(
            f"The certificate {cert_name} has a key of a kind that cannot be used for TLS here ({key_text(public)}).",
            _OTHER_KEY,
        )
    if not same_key(public, key.public_key()):
        raise KeyMismatchError(
            f"The private key {key_name} does not belong to the certificate {cert_name}.",
            "Give the key that was made with this certificate; kubeadm writes them side by side (NAME.crt, NAME.key).",
        )


def key_is_usable(key: PublicKeyTypes | None) -> bool:
    """Whether gRPC takes a server whose certificate has this key: see USABLE_KEYS."""
    return isinstance(key, rsa.RSAPublicKey) or (
        isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
    )


def key_text(key: PublicKeyTypes | None) -> str:
    """A public key in words, such as RSA 2048, ECDSA secp256r1 or Ed25519."""
    if key is None:
        return "unknown key"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {key.curve.name}"
    return type(key).__name__.strip("_").removesuffix("PublicKey")


def same_key(one: object, other: object) -> bool:
    """Whether two public keys are the same."""
    return _spki(one) == _spki(other)


def check_validity(certificate: x509.Certificate, what: str, now: datetime) -> None:
    """Raises ValidityError when `now` lies outside the certificate's days; `what` names it, at a sentence's start."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        raise ValidityError(
            f"{what} expired on {end:%Y-%m-%d %H:%M} UTC.",
            "Renew it: on a kubeadm control plane `kubeadm certs renew all`, then restart etcd and the API server.",
        )
    if now < start:
        raise ValidityError(
            f"{what} is not valid before {start:%Y-%m-%d %H:%M} UTC; here it is {now:%Y-%m-%d %H:%M}.",
            "Check the clock of this machine and of the one that made the certificate.",
        )


def _readable(block: bytes) -> list[x509.Certificate]:
    try:
        return [x509.load_pem_x509_certificate(block)]
    except ODD:
        return []


def _spki(key: object) -> bytes:
    der: bytes = key.public_bytes(  # type: ignore[attr-defined]  # every public key of cryptography has it, no base class says so
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der


def _stat(name: str) -> tuple[int, int, int]:
    try:
        facts = Path(name).expanduser().stat()
    except OSError:
        return (0, 0, 0)
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns)


def _system_authorities() -> bytes:
    context = ssl.create_default_context()
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in context.get_ca_certs(binary_form=True)).encode()
