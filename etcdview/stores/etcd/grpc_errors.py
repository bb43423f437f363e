"""grpc's errors as ours: one table, the most specific line first. Messages are those of etcd's rpctypes/error.go."""

from __future__ import annotations

import re
from dataclasses import dataclass

import grpc

from etcdview.errors import (
    CompactedError,
    DeadlineError,
    DeniedError,
    EtcdviewError,
    FutureRevisionError,
    NoQuorumError,
    NotPermittedError,
    QueryError,
    RefusedError,
    TlsError,
    TooLargeError,
    UnreachableError,
    UnsupportedError,
)
from etcdview.tls.line import SILENT, STOPPED

Code = grpc.StatusCode


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of the table: grpc's code (None: any), a piece of the message, the error, its sentence and remedy.

    `elsewhere`: another member may well answer. `login`: the token is stale, a new one may help.
    """

    code: grpc.StatusCode | None
    piece: str
    error: type[EtcdviewError]
    what: str
    remedy: str
    elsewhere: bool = False
    login: bool = False


_WRAPPING = re.compile(r"^failed to connect to all addresses; last error: [A-Z_]+: (?:(?:ipv4|ipv6|unix):\S+: )?")
# BoringSSL's reason, and what it adds: OpenSSL's text for a certificate that does not verify
_REASON = re.compile(r"OPENSSL_internal:([A-Z0-9_]+)(?:: (?!OK)([^:]+))?")
_LOGIN = "Set ETCDCTL_USER and ETCDCTL_PASSWORD, or use a client certificate whose common name is an etcd user."
_QUORUM = "Bring a majority of the members back; `etcdview health` names those that do not answer."
_NO_LEADER = "{endpoint} answers, but the cluster has no leader: fewer than a majority of its members are up."
_SLOW = "{endpoint} answers, but the cluster could not agree in time ({details})."
_DOCTOR = "`etcdview doctor` tests each step."
_OTHER_NAME = "The certificate of {endpoint} is for another name."
_SCOPE = "Request less at once: a longer prefix, or a limit."

CLOSED = "The connection to etcd was closed."

FAULTS = (
    Fault(
        None,
        "required revision has been compacted",
        CompactedError,
        "That revision has been compacted: it no longer exists.",
        "Choose a newer revision.",
    ),
    Fault(
        None,
        "required revision is a future revision",
        FutureRevisionError,
        "That revision does not exist yet.",
        "Choose an existing revision, or leave it out.",
    ),
    # gRPC's own word on a server's name, though its code is that of a refused login
    Fault(None, "call host does not match", TlsError, _OTHER_NAME, _DOCTOR, elsewhere=True),
    Fault(None, "Hostname Verification", TlsError, _OTHER_NAME, _DOCTOR, elsewhere=True),
    Fault(Code.UNAUTHENTICATED, "", DeniedError, "etcd refuses the login ({details}).", _LOGIN, login=True),
    Fault(None, "revision of auth store is old", DeniedError, "etcd's users have changed.", _LOGIN, login=True),
    Fault(None, "invalid auth token", DeniedError, "etcd refuses the login ({details}).", _LOGIN, login=True),
    Fault(None, "user name is empty", DeniedError, "etcd requires a user name and password.", _LOGIN, login=True),
    Fault(None, "authentication failed", DeniedError, "etcd does not know this user and password.", _LOGIN),
    # of calls on a member as a whole, which etcd keeps for the role root
    Fault(
        Code.UNKNOWN,
        "auth: permission denied",
        NotPermittedError,
        "etcd keeps the call {method} for users with the role root.",
        "Log in as such a user, or give this one the role: etcdctl user grant-role USER root.",
    ),
    Fault(
        Code.PERMISSION_DENIED,
        "",
        NotPermittedError,
        "etcd does not permit this user to read or change that ({details}).",
        "Give the user's role permission for it: etcdctl role grant-permission ROLE read PREFIX --prefix=true.",
    ),
    Fault(None, "rpc not supported for learner", UnreachableError, "{endpoint} is a learner.", _QUORUM, elsewhere=True),
    Fault(None, "etcdserver: no leader", NoQuorumError, _NO_LEADER, _QUORUM, elsewhere=True),
    Fault(None, "etcdserver: leader changed", NoQuorumError, _SLOW, "Try again.", elsewhere=True),
    Fault(None, "etcdserver: request timed out", NoQuorumError, _SLOW, _QUORUM, elsewhere=True),
    Fault(None, "etcdserver: unhealthy cluster", NoQuorumError, _SLOW, _QUORUM),
    Fault(
        None,
        "database space exceeded",
        DeniedError,
        "The database is full: etcd rejects all writes.",
        "Compact and defragment it, then disarm the alarm: etcdctl alarm disarm.",
    ),
    Fault(
        None,
        "too many operations in txn",
        UnsupportedError,
        "This server allows fewer operations in one transaction.",
        "Raise its --max-txn-ops to the usual 128.",
    ),
    Fault(Code.UNIMPLEMENTED, "", UnsupportedError, "This server does not have the call {method}.", ""),
    # SQLite without its table of sizes, which kine answers Status from
    Fault(Code.UNKNOWN, "no such table: dbstat", UnsupportedError, "This server does not have it: {details}.", ""),
    Fault(Code.UNKNOWN, " is not supported", UnsupportedError, "This server does not have it: {details}.", ""),
    Fault(None, "larger than max", TooLargeError, "The answer is larger than one message may be ({details}).", _SCOPE),
    Fault(
        Code.RESOURCE_EXHAUSTED,
        "",
        UnreachableError,
        "{endpoint} is overloaded ({details}).",
        "Try again later.",
        elsewhere=True,
    ),
    Fault(
        Code.DEADLINE_EXCEEDED,
        "",
        DeadlineError,
        "{endpoint} did not answer in time.",
        "Is the member stopped, overloaded, or behind a firewall? `etcdview doctor` tests each step.",
        elsewhere=True,
    ),
    Fault(Code.CANCELLED, "Channel closed", UnreachableError, CLOSED, ""),
    Fault(
        Code.UNAVAILABLE,
        "Connection refused",
        RefusedError,
        "Nothing listens at {endpoint}.",
        "Is etcd running there, and is the port right? etcd's clients use 2379, its peers 2380.",
        elsewhere=True,
    ),
    Fault(
        Code.UNAVAILABLE,
        "Handshake read failed (Endpoint closing)",
        DeadlineError,
        SILENT,
        STOPPED,
        elsewhere=True,
    ),
    Fault(Code.UNAVAILABLE, "handshake", TlsError, "TLS with {endpoint} failed ({details}).", _DOCTOR, elsewhere=True),
    Fault(Code.INVALID_ARGUMENT, "", QueryError, "etcd refuses the request: {details}.", ""),
    Fault(Code.NOT_FOUND, "", QueryError, "etcd refuses the request: {details}.", ""),
    Fault(Code.OUT_OF_RANGE, "", QueryError, "etcd refuses the request: {details}.", ""),
    Fault(Code.FAILED_PRECONDITION, "", QueryError, "etcd refuses the request: {details}.", ""),
    Fault(
        None,
        "",
        UnreachableError,
        "{endpoint} does not answer ({details}).",
        _DOCTOR,
        elsewhere=True,
    ),
)


def fault_of(error: grpc.RpcError) -> Fault:
    """The first line of the table that fits."""
    code, details = error.code(), error.details() or ""
    return next(f for f in FAULTS if f.code in (None, code) and f.piece in details)


def translate(error: grpc.RpcError, endpoint: str, method: str = "") -> EtcdviewError:
    """Our error for grpc's; `raise translate(...) from error`."""
    fault = fault_of(error)
    details = _plain(error.details() or error.code().name)
    what = fault.what.format(endpoint=endpoint, details=details, method=method)
    if issubclass(fault.error, UnreachableError):
        return fault.error(what, fault.remedy, endpoint=endpoint)
    return fault.error(what, fault.remedy)


def _plain(details: str) -> str:
    """What happened, without the wrappings of gRPC's layers; of BoringSSL's errors the reason."""
    found = _REASON.search(details)
    if found is None:
        return _WRAPPING.sub("", details.removeprefix("etcdserver: "))
    reason, detail = found.groups()
    return reason.lower().replace("_", " ") + (f": {detail}" if detail else "")
