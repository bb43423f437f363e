"""ssl contexts for a client of etcd's: one that checks the server, one that takes whatever it shows."""

from __future__ import annotations

import errno
import ssl
import sys
from pathlib import Path
from typing import Any

from etcdview.errors import CertificateFileError
from etcdview.kube.reasons import reason
from etcdview.models import TlsFiles
from etcdview.tls import files as tls_files

# What gRPC offers below TLS 1.3, and level 1, which takes RSA keys of 1024 bits as BoringSSL does: what is found here
# must hold for the calls too.
_CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=1"
)


class _ClosedOnReset(ssl.SSLSocket):
    """Made of a connection that the other side has reset already, it is closed: ssl itself would leave it open."""

    def getpeername(self) -> Any:
        """ssl asks this first of a new one, and raises what comes of it."""
        try:
            return super().getpeername()
        except OSError as error:
            self.close()
            raise ConnectionResetError(errno.ECONNRESET, "the other side closed the connection") from error


def client_context(files: TlsFiles, *, verify: bool = True) -> ssl.SSLContext:
    """A context made of the files as they are now on disk. Raises CertificateFileError.

    Without `verify` the server's certificate is neither checked nor trusted: to look at it, not to talk.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _ClosedOnReset
    context.set_ciphers(_CIPHERS)
    context.hostname_checks_common_name = False  # as Go, and so etcdctl, has it
    # Each certificate of the CA file is trusted by itself, an intermediate too, as gRPC and Go's clients have it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if files.cacert:
            context.load_verify_locations(str(Path(files.cacert).expanduser()))
        else:
            context.load_default_certs()
        if files.cert:
            context.load_cert_chain(Path(files.cert).expanduser(), Path(files.key).expanduser())
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        tls_files.load(files)  # says which file it is, and what is wrong with it
        raise CertificateFileError(
            f"The TLS files cannot be used: {reason(error)}.", "`etcdview doctor` checks each of them."
        ) from error
    return context


def presented_chain(line: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The certificates that the server sent (DER), its own first; the others are claims that nothing was held against.

    Python has the call since 3.13; before, the object below the socket has it.
    """
    if sys.version_info >= (3, 13):
        return tuple(line.get_unverified_chain())
    sent = line._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in sent)
