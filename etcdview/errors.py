"""Every error etcdview raises on purpose, in one tree.

    EtcdviewError
    ├── UsageError                 the request is invalid
    │   ├── SettingError           a setting, a flag or a settings file
    │   ├── QueryError             a key, a search, a selector, a cursor
    │   │   ├── TooLargeError      an answer that takes more memory than it may
    │   │   └── FutureRevisionError    a revision that has not been written yet
    │   ├── EncodeError            an object that cannot be stored so
    │   └── NotInstalledError      a part of etcdview that is installed on request only
    ├── NotFoundError              no such key, resource type or revision
    │   └── DeletedError           the key existed and was deleted
    ├── CompactedError             the revision existed, and etcd has discarded it
    ├── DecodeError                bytes that cannot be decoded
    │   └── DecryptError           an encrypted value without a key to decrypt it
    ├── FileFormatError            a dump or a snapshot that cannot be read
    ├── DeniedError                etcd, or a role, does not permit it
    │   └── NotPermittedError      etcd knows the user, and does not permit them that key or call
    ├── LoginError                 the user is unknown
    ├── AuditError                 the audit log cannot be written or read
    ├── UndoError                  the undo file cannot be written or read
    ├── ConflictError              the key has changed since the change was prepared
    ├── BudgetError            one request may not take so much time or memory
    │   └── BusyError              other requests take it at this moment
    ├── UnsafeError                the request would hurt the cluster
    ├── UnsupportedError           this server does not have it (kine, an older etcd)
    └── UnreachableError           no answer from etcd
        ├── ResolveError           the host name is not known
        ├── RefusedError           nothing listens there
        ├── DeadlineError          no answer within the deadline
        ├── NoQuorumError          members answer, but cannot agree
        ├── BehindError            the member that answers has not reached the revision
        ├── AnswerError            a server's answers contradict each other
        ├── UnknownOutcomeError    a change was sent, and no answer came: done or not
        └── TlsError               TCP works, TLS does not
            ├── CertificateFileError   a file is missing, unreadable or no certificate
            ├── KeyMismatchError       the key does not belong to the certificate
            ├── UntrustedError         the server's certificate is of another CA
            ├── ValidityError          a certificate has expired, or is not valid yet
            ├── NameMismatchError      the endpoint's name is not in the certificate
            ├── ClientCertificateError the server wants a client certificate, or another one
            └── SchemeError            http spoken to a TLS port, or the reverse

Each says what happened (`what`) and what to do about it (`remedy`). `status` is the HTTP status
of a page that shows it and `exit_code` that of a command: 1 found wanting, 2 usage, 3 unreachable.
"""

from __future__ import annotations

from typing import ClassVar


class EtcdviewError(Exception):
    """The root. `what` happened, in one sentence; `remedy` says what to do, in one or two."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".strip()


class UsageError(EtcdviewError):
    """The request is invalid."""

    status = 400
    exit_code = 2
    title = "Bad request"


class SettingError(UsageError):
    """A setting is missing, misspelt or of the wrong kind."""

    title = "A setting is wrong"


class QueryError(UsageError):
    """A key, search, selector, cursor or revision that cannot be read."""


class TooLargeError(QueryError):
    """etcd's answer is larger than one message may be; ask for less at once."""


class FutureRevisionError(QueryError):
    """The server that answered has not reached the revision yet."""


class EncodeError(UsageError):
    """An object that cannot be stored in the form asked for; `what` names the field."""


class NotInstalledError(UsageError):
    """What was wanted needs an extra of the package; `remedy` has the command that installs it."""

    title = "Not installed"


class NotFoundError(EtcdviewError):
    """There is no such key, resource type or page."""

    status = 404
    title = "Not found"


class DeletedError(NotFoundError):
    """The `key` existed and was deleted at `revision`."""

    title = "Deleted"

    def __init__(self, what: str, remedy: str = "", *, key: bytes, revision: int) -> None:
        super().__init__(what, remedy)
        self.key = key
        self.revision = revision


class CompactedError(EtcdviewError):
    """The revision asked for was compacted away; `oldest` is the first that is left, 0 if unknown."""

    status = 410
    title = "That revision is gone"

    def __init__(self, what: str, remedy: str = "", *, oldest: int = 0) -> None:
        super().__init__(what, remedy)
        self.oldest = oldest


class DecodeError(EtcdviewError):
    """Bytes that are not what they claim to be. `offset` is the byte where it was noticed, or None."""

    status = 422
    title = "This value cannot be decoded"

    def __init__(self, what: str, remedy: str = "", *, offset: int | None = None) -> None:
        super().__init__(what, remedy)
        self.offset = offset


class DecryptError(DecodeError):
    """An encrypted value that none of the given keys opens."""

    title = "This value is encrypted"


class FileFormatError(EtcdviewError):
    """A registry dump or a snapshot file that cannot be read."""

    status = 422
    title = "This file cannot be read"


class DeniedError(EtcdviewError):
    """etcd's own access control, or the viewer's role, does not permit it."""

    status = 403
    title = "Not permitted"


class NotPermittedError(DeniedError):
    """etcd knows the user, and does not permit them that key or call.

    Of a linearizable read it says so only after the members have agreed.
    """


class LoginError(EtcdviewError):
    """A login is needed, or the one that was tried is not right."""

    status = 401
    title = "Please log in"


class AuditError(EtcdviewError):
    """The audit log cannot be written or read; what was to be logged is not done."""

    status = 503
    title = "The audit log does not work"


class UndoError(EtcdviewError):
    """The undo file cannot be written or read; what it was to keep is not changed."""

    status = 503
    title = "The undo file does not work"


class ConflictError(EtcdviewError):
    """The key is not as it was when the change was made up; nothing was written."""

    status = 409
    title = "Somebody else was faster"


class BudgetError(EtcdviewError):
    """One request may not take so much time, or so much memory. What was read before may be shown as a part."""

    status = 503
    title = "Too much for one request"


class BusyError(BudgetError):
    """Other requests take the memory at this moment; try again after `retry_seconds`."""

    status = 429
    title = "Too many requests"
    retry_seconds: ClassVar[int] = 5


class UnsafeError(EtcdviewError):
    """What was asked for would hurt the cluster as it is now, so it is not done."""

    status = 409
    title = "Refused: the cluster would be hurt"


class UnsupportedError(EtcdviewError):
    """This server does not have the call (kine, or an older etcd)."""

    status = 501
    title = "Not supported by this server"


class UnreachableError(EtcdviewError):
    """No answer from etcd. `endpoint` is the one that was tried."""

    status = 503
    exit_code = 3
    title = "etcd cannot be reached"

    def __init__(self, what: str, remedy: str = "", *, endpoint: str = "") -> None:
        super().__init__(what, remedy)
        self.endpoint = endpoint


class ResolveError(UnreachableError):
    """The host name of an endpoint does not resolve."""


class RefusedError(UnreachableError):
    """Nothing listens on the endpoint's port."""


class DeadlineError(UnreachableError):
    """The endpoint did not answer within the deadline."""


class SlowError(DeadlineError):
    """The endpoint lives, and works on a request that takes longer than the deadline."""


class NoQuorumError(UnreachableError):
    """Members answer, but fewer than a majority: nothing can be read linearizably or written."""

    title = "etcd has lost its quorum"


class BehindError(UnreachableError):
    """The only member that answers has not reached the revision that is read."""

    title = "This member is behind"


class AnswerError(UnreachableError):
    """A server's answers contradict each other, so that they cannot be used. `what` names the server."""

    title = "etcd gave an invalid answer"


class UnknownOutcomeError(UnreachableError):
    """A change was sent and no answer came: it may have been done. `what` says how to find out."""

    title = "The outcome is unknown"


class TlsError(UnreachableError):
    """TCP works, TLS does not."""


class CertificateFileError(TlsError):
    """A certificate or key file is missing, unreadable, or holds something else."""


class KeyMismatchError(TlsError):
    """The private key does not belong to the certificate."""


class UntrustedError(TlsError):
    """The server's certificate was signed by another CA than the one given."""


class ValidityError(TlsError):
    """A certificate has expired, or is not valid yet."""


class NameMismatchError(TlsError):
    """The endpoint's name is not among the names in the server's certificate."""


class ClientCertificateError(TlsError):
    """The server asks for a client certificate and got none, or one it does not trust."""


class SchemeError(TlsError):
    """http was spoken to a TLS port, or https to a plain one."""
