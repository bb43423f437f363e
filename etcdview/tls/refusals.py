"""What a refused TLS handshake means: ssl's error, the certificate shown and our own files, as one exact error."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from datetime import datetime

from etcdview.endpoints import Endpoint
from etcdview.errors import (
    CertificateFileError,
    ClientCertificateError,
    SchemeError,
    TlsError,
    UnreachableError,
)
from etcdview.models import TlsFiles
from etcdview.tls.certificates import Certificate, from_der, read_authorities, read_certificates
from etcdview.tls.distrust import distrust, usages_text, weakness, wrong_key
from etcdview.tls.files import USABLE_KEYS
from etcdview.tls.line import Line

# what opens a connection in HTTP/2 (RFC 9113, 3.4): a preface, and a SETTINGS frame without settings
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
# OpenSSL's reasons when what answers the handshake is plain HTTP
_PLAIN_ANSWER_TO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST")
# OpenSSL's reasons for a key of a kind that TLS does not have, and the alerts of a server that shares nothing with us;
# a client's certificate is refused by others (RFC 8446, 6.2)
_KEY_OF_NO_USE = {"WRONG_CURVE": "ECDSA on another curve", "WRONG_SIGNATURE_TYPE": "none that TLS 1.3 has"}
_NOTHING_IN_COMMON = ("HANDSHAKE_FAILURE", "PROTOCOL_VERSION", "INSUFFICIENT_SECURITY")


@dataclass(frozen=True, slots=True)
class Greeting:
    """A handshake that went as far as our certificate: `what` was seen, and the alert if the server refused it."""

    what: str
    alert: ssl.SSLError | None = None


def greet(line: Line, files: TlsFiles, now: datetime) -> Greeting:
    """Shake hands, and say what was seen. Raises the TlsError that names what is wrong with the server's side."""
    try:
        secured = line.shake_hands(files, verify=not files.insecure_skip_verify)
    except ssl.SSLCertVerificationError as error:
        raise distrust(line.endpoint, files, _shown(line, files), error, now) from error
    except (ssl.SSLError, ConnectionError) as error:
        # TLS 1.2 refuses a client's certificate within the handshake, after the server's was found good
        if isinstance(error, ssl.SSLError) and _refuses_us(error, files):
            return Greeting("The server's certificate is valid.", error)
        raise _no_tls(line, error) from error
    if secured.selected_alpn_protocol() != "h2":
        raise TlsError(
            f"{line.endpoint} speaks TLS, but not HTTP/2: this is not etcd, or a proxy hides it.",
            "Check the port: etcd's clients use 2379. A proxy before it must pass on HTTP/2, or TCP as it is.",
            endpoint=str(line.endpoint),
        )
    shown = _read(secured, line.endpoint)
    if not shown.usable:
        raise wrong_key(str(line.endpoint), shown)
    trust = "not checked" if files.insecure_skip_verify else "good"
    return Greeting(
        f"{secured.version()}; the server's certificate is {trust}: {shown.subject}, until {shown.ends:%Y-%m-%d}."
        + weakness(shown)
    )


def be_let_in(line: Line, files: TlsFiles, alert: ssl.SSLError | None) -> str:
    """Whether the server takes our certificate; TLS 1.3 says so only with its first answer.

    Raises ClientCertificateError, or DeadlineError for silence.
    """
    if alert is not None:
        raise _shut_out(line, files, alert) from alert
    try:
        answer = line.ask(_HELLO)
    except TimeoutError as error:
        raise line.silent() from error
    except (ssl.SSLError, ConnectionError) as error:
        raise _shut_out(line, files, error) from error
    if not answer:
        raise _shut_out(line, files, ConnectionError("it hung up"))
    return f"{files.cert} is accepted." if files.cert else "The server does not request one."


def speak_plainly(line: Line) -> str:
    """Ask over plain HTTP. Raises SchemeError when TLS is spoken there, DeadlineError for silence."""
    try:
        answer = line.ask(_HELLO)
    except TimeoutError as error:
        raise line.silent() from error
    except ConnectionError:
        answer = b""
    if _is_settings(answer):
        return "It answers without TLS."
    if _speaks_tls(line):
        raise SchemeError(
            f"{line.endpoint} requires TLS, but the endpoint says http.",
            f"Write {line.endpoint.spelt(secure=True)}, and give --cacert, --cert and --key.",
            endpoint=str(line.endpoint),
        )
    raise UnreachableError(
        f"{line.endpoint} is not etcd: it does not answer HTTP/2.",
        "Check the port: etcd's clients use 2379, its peers 2380.",
        endpoint=str(line.endpoint),
    )


def _is_settings(answer: bytes) -> bool:
    """Whether a server answers in HTTP/2: its first frame is of type 4, SETTINGS."""
    return len(answer) >= 4 and answer[3] == 4


def presented(endpoint: Endpoint, files: TlsFiles, timeout_seconds: float) -> Certificate:
    """The certificate that the endpoint shows, trusted or not. Raises UnreachableError."""
    line = Line(endpoint, time.monotonic() + timeout_seconds)
    try:
        return _read(line.shake_hands(files, verify=False), endpoint)
    except (ssl.SSLError, ConnectionError) as error:
        refused = isinstance(error, ssl.SSLError) and _refuses_us(error, files)
        raise (_shut_out(line, files, error) if refused else _no_tls(line, error)) from error
    finally:
        line.close()


def _read(secured: ssl.SSLSocket, endpoint: Endpoint) -> Certificate:
    try:
        return from_der(secured.getpeercert(binary_form=True) or b"")
    except ValueError as error:
        raise TlsError(
            f"The certificate of {endpoint} cannot be read: {error}.",
            "Print it with: openssl s_client -connect HOST:PORT -showcerts; then have it made anew.",
            endpoint=str(endpoint),
        ) from error


def _refuses_us(error: ssl.SSLError, files: TlsFiles) -> bool:
    """Whether it is the server that ended the handshake, and over our certificate, or the lack of one."""
    reason = error.reason or ""
    if "HANDSHAKE_FAILURE" in reason and not files.cert:  # how OpenSSL's servers put it
        return True
    return "ALERT" in reason and not any(word in reason for word in _NOTHING_IN_COMMON)


def _speaks_tls(line: Line) -> bool:
    line.connect()
    try:
        line.shake_hands(TlsFiles(), verify=False)
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False
    return True


def _no_tls(line: Line, error: OSError) -> UnreachableError:
    """The handshake broke off: does the port speak plain HTTP?"""
    where, reason = str(line.endpoint), getattr(error, "reason", "") or str(error)
    line.connect()
    try:
        answer = line.ask(_HELLO)
    except OSError:
        answer = b""
    if answer.startswith(b"HTTP/") or _is_settings(answer) or reason in _PLAIN_ANSWER_TO_TLS:
        return SchemeError(
            f"{where} speaks plain HTTP, but the endpoint says https.",
            f"Write {line.endpoint.spelt(secure=False)}; better, give etcd certificates (--cert-file, --key-file).",
            endpoint=where,
        )
    if reason in _KEY_OF_NO_USE:
        return wrong_key(where, None, _KEY_OF_NO_USE[reason])
    if any(word in reason for word in _NOTHING_IN_COMMON):
        return TlsError(
            f"{where} shares no TLS version, cipher suite or kind of key with etcdview "
            f"({reason.lower().replace('_', ' ')}).",
            "Let etcd take TLS 1.3, or an ECDHE suite with AES-GCM (--cipher-suites), with a certificate whose key is "
            f"{USABLE_KEYS}.",
            endpoint=where,
        )
    return TlsError(
        f"{where} aborted the TLS handshake ({reason}).",
        "The log of that member says why it rejected the connection.",
        endpoint=where,
    )


def _shut_out(line: Line, files: TlsFiles, error: OSError) -> ClientCertificateError:
    """The server hung up on our certificate, or on the lack of one."""
    where = str(line.endpoint)
    said = (getattr(error, "reason", "") or "it hung up").lower().replace("_", " ")
    if not files.cert:
        return ClientCertificateError(
            f"{where} requires a client certificate, but none is given.",
            "Give one with --cert and --key (ETCDCTL_CERT, ETCDCTL_KEY); "
            "kubeadm's is /etc/kubernetes/pki/etcd/healthcheck-client.crt.",
            endpoint=where,
        )
    return ClientCertificateError(
        f"{where} refuses the client certificate {files.cert} ({said}): {_objection(files)}.",
        "Give a client certificate that etcd's --trusted-ca-file has signed; the log of the member has the reason.",
        endpoint=where,
    )


def _objection(files: TlsFiles) -> str:
    """What we can see of why a client certificate is refused."""
    try:
        sent = read_certificates(files.cert)
        leaf, authorities = sent[0], read_authorities(files.cacert)[0] if files.cacert else ()
    except CertificateFileError as error:
        return error.what.rstrip(".")
    if leaf.usages and "client" not in leaf.usages:
        return f"it was not made for clients ({usages_text(leaf)})"
    if authorities and not any(one.signed_by(authority) for one in sent for authority in authorities):
        return f"it was signed by {leaf.issuer}, which is not the CA in {files.cacert}"
    return f"it is {leaf.subject}, signed by {leaf.issuer}, until {leaf.ends:%Y-%m-%d}"


def _shown(line: Line, files: TlsFiles) -> Certificate | None:
    """The certificate that the server shows to anyone, None where it shows none."""
    try:
        return presented(line.endpoint, files, line.left_seconds)
    except UnreachableError:
        return None
