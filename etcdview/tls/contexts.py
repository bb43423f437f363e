"""ssl contexts for a client of etcd's: one that checks the server, one that takes whatever it shows."""

from __future__ import annotations

import ssl
from pathlib import Path

from etcdview.errors import CertificateFileError
from etcdview.models import TlsFiles


def client_context(files: TlsFiles, *, verify: bool = True) -> ssl.SSLContext:
    """A context made of the files as they are now on disk. Raises CertificateFileError.

    Without `verify` the server's certificate is neither checked nor trusted: to look at it, not to talk.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
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
    except OSError as error:  # ssl.SSLError is one too
        raise CertificateFileError(
            f"The TLS files cannot be used: {error}.", "`etcdview doctor` looks at each of them."
        ) from error
    return context
