"""What is wrong with the certificate that a server shows: its signer, days, purpose, names or key."""

from __future__ import annotations

import ssl
from datetime import datetime

from etcdview.endpoints import Endpoint, is_address
from etcdview.errors import CertificateFileError, NameMismatchError, TlsError, UntrustedError, ValidityError
from etcdview.models import TlsFiles
from etcdview.tls.certificates import Certificate, read_authorities
from etcdview.tls.files import USABLE_KEYS

# verify_code of ssl.SSLCertVerificationError (OpenSSL's x509_vfy.h)
_NOT_YET_VALID, _EXPIRED, _WRONG_PURPOSE = 9, 10, 26
_STRONG_RSA_BITS = 2048
_NAME_CODES = frozenset({62, 64})
_RENEW = "Renew it (on kubeadm: kubeadm certs renew etcd-server), and restart the member."


def distrust(
    endpoint: Endpoint,
    files: TlsFiles,
    shown: Certificate | None,
    error: ssl.SSLCertVerificationError,
    now: datetime,
) -> TlsError:
    """The error for a certificate that ssl rejects; `shown` is that certificate, None where it cannot be read."""
    where, code = str(endpoint), error.verify_code
    if code in _NAME_CODES:
        return _wrong_name(endpoint, files, shown)
    if code in (_EXPIRED, _NOT_YET_VALID):
        return _wrong_time(where, files, shown, now)
    if code == _WRONG_PURPOSE:
        return UntrustedError(
            f"The certificate of {where} was not made for a server ({usages_text(shown)}).",
            "Reissue it with the extended key usage serverAuth.",
            endpoint=where,
        )
    return _wrong_authority(where, files, shown, error.verify_message)


def _wrong_name(endpoint: Endpoint, files: TlsFiles, shown: Certificate | None) -> NameMismatchError:
    name, where = files.server_name or endpoint.server_name, str(endpoint)
    names, common = (shown.names, shown.common_name) if shown else ((), "")
    what, remedy = _name_fault(name, names, common)
    return NameMismatchError(f"The certificate of {where} {what}.", remedy, endpoint=where)


def _name_fault(name: str, names: tuple[str, ...], common: str) -> tuple[str, str]:
    """What is wrong with a certificate's names, behind its own; and the remedy."""
    if name in names and is_address(name):
        return (
            f"has {name} as a DNS name; it must be an IP address there",
            f"Make it anew with IP:{name} in place of DNS:{name} among its alternative names (SAN).",
        )
    listed = ", ".join(names)
    if name == common:
        others = f"its alternative names (SAN) are {listed}" if names else "it has no alternative names (SAN)"
        return (
            f"is for {name} only by its common name (CN), which no longer counts: {others}",
            f"Make it anew with {name} among its alternative names (SAN).",
        )
    if not names:
        return f"is not for {name}: it has no alternative names (SAN)", f"Make it anew with {name} as one."
    return (
        f"is not for {name}: its names are {listed}",
        "Use one of these names as the endpoint, or reissue the certificate with this name.",
    )


def _wrong_time(where: str, files: TlsFiles, shown: Certificate | None, now: datetime) -> ValidityError:
    for certificate, what in _chain(files, shown, where):
        if now > certificate.ends:
            days = -certificate.days_left(now)
            return ValidityError(
                f"{what} expired on {certificate.ends:%Y-%m-%d %H:%M} UTC, {days:.0f} days ago.", _RENEW, endpoint=where
            )
        if now < certificate.begins:
            return ValidityError(
                f"{what} is not valid before {certificate.begins:%Y-%m-%d %H:%M} UTC; "
                f"this machine's clock says {now:%Y-%m-%d %H:%M}.",
                "Check the clocks of this machine and of the one that made the certificate.",
                endpoint=where,
            )
    return ValidityError(f"The certificate of {where} has expired or is not valid yet.", _RENEW, endpoint=where)


def _wrong_authority(where: str, files: TlsFiles, shown: Certificate | None, said: str) -> UntrustedError:
    issuer = f"signed by {shown.issuer}" if shown else "of another CA"
    authorities = [certificate for certificate, _ in _chain(files, None, where)]
    if shown and any(shown.signed_by(authority) for authority in authorities):
        return UntrustedError(
            f"The certificate of {where} is {issuer}, the CA in {files.cacert}, but cannot be trusted ({said}).",
            "Have it made anew, or its CA where it is the CA's fault.",
            endpoint=where,
        )
    held = [authority.subject for authority in authorities]
    if not files.cacert:
        known = "which is none of this machine's authorities; no CA file is given"
    elif shown and shown.issuer in held:
        known = f"a CA of the same name as that in {files.cacert}, but with another key"
    else:
        known = f"but {files.cacert} holds {', '.join(held) or 'no CA'}"
    return UntrustedError(
        f"The certificate of {where} is {issuer}, {known} ({said}).",
        "Give the CA of etcd's server certificates with --cacert; kubeadm's is /etc/kubernetes/pki/etcd/ca.crt, "
        "not /etc/kubernetes/pki/ca.crt.",
        endpoint=where,
    )


def wrong_key(where: str, shown: Certificate | None, kind: str = "") -> TlsError:
    """The error for a key that gRPC takes of no server; `kind` is in words, where the certificate cannot be read."""
    return TlsError(
        f"The certificate of {where} has a key of a kind that cannot be used here ({shown.key if shown else kind}).",
        f"Give that member a certificate with another key: {USABLE_KEYS}.",
        endpoint=where,
    )


def weakness(shown: Certificate) -> str:
    """A sentence on a key that works and should not be used any longer, with a space before it; else empty."""
    kind, _, bits = shown.key.partition(" ")
    weak = kind == "RSA" and int(bits) < _STRONG_RSA_BITS
    return f" Its key is weak ({shown.key}): make it anew with {_STRONG_RSA_BITS} bits." if weak else ""


def usages_text(certificate: Certificate | None) -> str:
    """What a certificate was made for."""
    return "for " + ", ".join(certificate.usages) if certificate and certificate.usages else "its usage is not known"


def _chain(files: TlsFiles, shown: Certificate | None, where: str) -> list[tuple[Certificate, str]]:
    """The certificates that a handshake depends on, the server's first, each with its name at a sentence's start."""
    chain = [(shown, f"The certificate of {where}")] if shown else []
    try:
        authorities = read_authorities(files.cacert)[0] if files.cacert else ()
    except CertificateFileError:
        authorities = ()
    return chain + [(authority, f"The CA in {files.cacert}") for authority in authorities]
