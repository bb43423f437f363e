"""grpc's errors as ours: codes and messages as etcd's rpctypes/error.go and grpc's core write them."""

from __future__ import annotations

import grpc
import pytest

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
from etcdview.stores.etcd.grpc_errors import FAULTS, fault_of, translate

Code = grpc.StatusCode


class Failure(grpc.RpcError):
    """An error as grpc gives it: a code and details."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__()
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details


CASES: list[tuple[grpc.StatusCode, str, type[EtcdviewError], bool]] = [
    (Code.UNAVAILABLE, "ipv4:127.0.0.1:2379: Handshake read failed (Endpoint closing)", DeadlineError, True),
    (Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted", CompactedError, False),
    (Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision", FutureRevisionError, False),
    (Code.NOT_FOUND, "etcdserver: requested lease not found", QueryError, False),
    (Code.UNAUTHENTICATED, "etcdserver: invalid auth token", DeniedError, False),
    (Code.INVALID_ARGUMENT, "etcdserver: revision of auth store is old", DeniedError, False),
    (Code.INVALID_ARGUMENT, "etcdserver: user name is empty", DeniedError, False),
    (Code.INVALID_ARGUMENT, "etcdserver: authentication failed, invalid user ID or password", DeniedError, False),
    (Code.PERMISSION_DENIED, "etcdserver: permission denied", NotPermittedError, False),
    (Code.UNKNOWN, "auth: permission denied", NotPermittedError, False),
    (Code.UNAVAILABLE, "etcdserver: rpc not supported for learner", UnreachableError, True),
    (Code.FAILED_PRECONDITION, "etcdserver: rpc not supported for learner", UnreachableError, True),
    (Code.UNAVAILABLE, "etcdserver: no leader", NoQuorumError, True),
    (Code.UNAVAILABLE, "etcdserver: leader changed", NoQuorumError, True),
    (Code.UNAVAILABLE, "etcdserver: request timed out", NoQuorumError, True),
    (Code.UNAVAILABLE, "etcdserver: request timed out, possibly due to connection lost", NoQuorumError, True),
    (Code.UNAVAILABLE, "etcdserver: unhealthy cluster", NoQuorumError, False),
    (Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded", DeniedError, False),
    (Code.RESOURCE_EXHAUSTED, "etcdserver: too many requests", UnreachableError, True),
    (Code.RESOURCE_EXHAUSTED, "trying to send message larger than max (5 vs. 4)", TooLargeError, False),
    (Code.RESOURCE_EXHAUSTED, "Received message larger than max (5 vs. 4)", TooLargeError, False),
    (Code.INVALID_ARGUMENT, "etcdserver: too many operations in txn request", UnsupportedError, False),
    (Code.UNIMPLEMENTED, "unknown method HashKV", UnsupportedError, False),
    (Code.UNKNOWN, "hash kv is not supported", UnsupportedError, False),
    (Code.UNKNOWN, "no such table: dbstat", UnsupportedError, False),
    (Code.DEADLINE_EXCEEDED, "Deadline Exceeded", DeadlineError, True),
    (Code.UNAVAILABLE, "failed to connect to all addresses: Connection refused", RefusedError, True),
    (Code.UNAVAILABLE, "Ssl handshake failed: SSL_ERROR_SSL", TlsError, True),
    (Code.UNAUTHENTICATED, "call host does not match SSL server name", TlsError, True),
    (Code.UNAVAILABLE, "Custom verification check failed: Hostname Verification Check failed.", TlsError, True),
    (Code.UNAVAILABLE, "Socket closed", UnreachableError, True),
    (Code.INTERNAL, "Received RST_STREAM with error code 2", UnreachableError, True),
    (Code.INVALID_ARGUMENT, "etcdserver: key is not provided", QueryError, False),
    (Code.CANCELLED, "Channel closed!", UnreachableError, False),
]


@pytest.mark.parametrize(("code", "details", "error", "elsewhere"), CASES, ids=[c[1][:50] for c in CASES])
def test_a_message_of_etcd_becomes_its_error(
    code: grpc.StatusCode, details: str, error: type[EtcdviewError], elsewhere: bool
) -> None:
    failure = Failure(code, details)

    found = translate(failure, "https://a:2379", "Range")

    assert type(found) is error
    assert fault_of(failure).elsewhere is elsewhere
    assert "{" not in found.what
    assert found.what.endswith(".")
    assert getattr(found, "endpoint", "https://a:2379") == "https://a:2379"


def test_every_line_of_the_table_is_reached_by_a_case() -> None:
    reached = {id(fault_of(Failure(code, details))) for code, details, _, _ in CASES}
    others = {
        (Code.OUT_OF_RANGE, "x"),
        (Code.FAILED_PRECONDITION, "x"),
    }
    reached |= {id(fault_of(Failure(code, details))) for code, details in others}

    missed = [f"{fault.code} {fault.piece}" for fault in FAULTS if id(fault) not in reached]
    # grpc gives UNAUTHENTICATED for a bad token, which the line of the code catches before that of its text
    assert missed == ["None invalid auth token"]


def test_only_a_stale_login_or_none_is_worth_another() -> None:
    stale = {c[1].removeprefix("etcdserver: ") for c in CASES if fault_of(Failure(c[0], c[1])).login}

    assert stale == {"invalid auth token", "revision of auth store is old", "user name is empty"}


def test_details_that_are_missing_leave_the_code() -> None:
    assert "INTERNAL" in translate(Failure(Code.INTERNAL, ""), "https://a:2379").what


WRAPPED = {
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:2379: Ssl handshake failed: "
    "SSL_ERROR_SSL: error:10000410:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE: OK": (
        "(sslv3 alert handshake failure)"
    ),
    "Tls handshake failed (TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: error:1000007d:SSL routines:"
    "OPENSSL_internal:CERTIFICATE_VERIFY_FAILED: unsupported certificate purpose: OK": (
        "(certificate verify failed: unsupported certificate purpose)"
    ),
    "failed to connect to all addresses; last error: UNKNOWN: ipv6:[::1]:2379: Failed to create security handshaker": (
        "(Failed to create security handshaker)"
    ),
    "failed to connect to all addresses; last error: UNAVAILABLE: Socket closed": "(Socket closed)",
}


@pytest.mark.parametrize("details", WRAPPED)
def test_what_the_layers_of_grpc_wrap_around_a_reason_is_left_out(details: str) -> None:
    assert WRAPPED[details] in translate(Failure(Code.UNAVAILABLE, details), "https://a:2379").what


UNREACHED = "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:127.0.0.1:23287: "


def test_silence_in_the_handshake_is_told_in_the_words_of_every_silence() -> None:
    reported = translate(
        Failure(Code.UNAVAILABLE, UNREACHED + "Handshake read failed (Endpoint closing)"), "https://a:2379"
    )
    assert reported.what == "https://a:2379 accepts the connection but does not answer."
