"""Certificates for etcd in kubeadm's layout: etcd/ca, etcd/server, etcd/peer, etcd/healthcheck-client.

Each member has a folder of its own, as it would on a machine of its own, with the CA's certificate in all of them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from etcdview.models import TlsFiles

# kubeadm's own lifetimes: ten years for a CA, one for what it signs.
CA_DAYS = 3650
LEAF_DAYS = 365
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate file and its private key's file."""

    cert: Path
    key: Path


class Authority:
    """A CA whose files lie in `folder`, and which signs pairs into any folder; under a `parent` an intermediate one."""

    def __init__(
        self, folder: Path, name: str = "etcd-ca", now: datetime | None = None, parent: Authority | None = None
    ) -> None:
        self.now = now or datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = (parent or self)._certify(self._name, self._key.public_key())
        self.files = _write(folder, "ca", self._certificate, self._key)

    def _certify(self, name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """The certificate of an authority: this one's own, or one's below it."""
        usage = _usage(digital_signature=True, key_encipherment=True, key_cert_sign=True)
        return (
            self._builder(name, key, self.now - timedelta(minutes=5), timedelta(days=CA_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(
        self,
        folder: Path,
        file: str,
        name: str,
        *,
        sans: Sequence[str] = (),
        usages: Sequence[x509.ObjectIdentifier] = BOTH,
        begins: datetime | None = None,
        lifetime: timedelta = timedelta(days=LEAF_DAYS),
    ) -> Pair:
        """Sign `name` for the given host names and IP addresses; write folder/file.crt and folder/file.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        begins = begins or self.now - timedelta(minutes=5)
        builder = (
            self._builder(subject, key.public_key(), begins, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
        )
        if sans:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(san) for san in sans]), False)
        return _write(folder, file, builder.sign(self._key, hashes.SHA256()), key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, begins: datetime, lifetime: timedelta
    ) -> x509.CertificateBuilder:
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(issuer_key, critical=False)
        )


@dataclass(frozen=True, slots=True)
class MemberFiles:
    """The pki/etcd folder of one member."""

    folder: Path
    ca: Path
    server: Pair
    peer: Pair


class ClusterCertificates:
    """All files of a cluster under `root`: root/<member>/etcd/... and the client's in the first member's folder."""

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root = root
        self.authority = Authority(root / names[0] / "etcd")
        self.members = {name: self._member(name) for name in names}
        folder = self.members[names[0]].folder
        self.client = self.authority.issue(folder, "healthcheck-client", "kube-etcd-healthcheck-client", usages=CLIENT)

    @property
    def tls(self) -> TlsFiles:
        """What a client gives to be let in."""
        return TlsFiles(str(self.authority.files.cert), str(self.client.cert), str(self.client.key))

    def _member(self, name: str) -> MemberFiles:
        folder = self.root / name / "etcd"
        folder.mkdir(parents=True, exist_ok=True)
        ca = folder / "ca.crt"
        if ca != self.authority.files.cert:
            ca.write_bytes(self.authority.files.cert.read_bytes())
        sans = (name, *LOCAL_NAMES)
        server = self.authority.issue(folder, "server", name, sans=sans)
        return MemberFiles(folder, ca, server, self.authority.issue(folder, "peer", name, sans=sans))


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    folder.mkdir(parents=True, exist_ok=True)
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    pair.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.touch(mode=0o600)
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return pair


def _general(san: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(san))
    except ValueError:
        return x509.DNSName(san)


def _usage(*, digital_signature: bool, key_encipherment: bool, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_encipherment=key_encipherment,
        key_cert_sign=key_cert_sign,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
