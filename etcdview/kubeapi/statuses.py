"""metav1.Status: how the Kubernetes API says that something is wrong. The words are the API server's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from etcdview.errors import (
    BusyError,
    CompactedError,
    DeniedError,
    EtcdviewError,
    FutureRevisionError,
    LoginError,
    NotFoundError,
    UnreachableError,
    UsageError,
)

READ_ONLY = "etcdview is read-only: it creates, changes and deletes nothing."
# HTTP status -> reason, where no more is known of an error
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What a Status says beside its message. `retry_seconds` 0: trying again is not suggested."""

    code: int
    reason: str
    details: dict[str, Any] = field(default_factory=dict)
    retry_seconds: int = 0


class StatusError(EtcdviewError):
    """An answer that is a Status; `what` is its message."""

    def __init__(self, facts: StatusFacts, message: str) -> None:
        super().__init__(message)
        self.facts = facts


def status(facts: StatusFacts, message: str) -> dict[str, Any]:
    """The Status object of a failure."""
    details = dict(facts.details)
    if facts.retry_seconds:
        details["retryAfterSeconds"] = facts.retry_seconds
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": facts.reason,
        **({"details": details} if details else {}),
        "code": facts.code,
    }


def facts_of(code: int) -> StatusFacts:
    """What is known of an error by its HTTP status alone."""
    return StatusFacts(code, _REASONS.get(code, "InternalError" if code >= 500 else "BadRequest"))


def status_error(error: EtcdviewError) -> StatusError:
    """Any error of ours as a Status."""
    if isinstance(error, StatusError):
        return error
    match error:
        case CompactedError():
            return expired(str(error))
        case DeniedError():
            return StatusError(facts_of(403), str(error))
        case LoginError():
            return StatusError(facts_of(401), str(error))
        case NotFoundError():
            return StatusError(facts_of(404), str(error))
        case BusyError():
            return StatusError(StatusFacts(429, "TooManyRequests", retry_seconds=error.retry_seconds), str(error))
        case FutureRevisionError():
            return too_large(str(error))
        case UsageError():
            return StatusError(facts_of(400), str(error))
        case UnreachableError():
            return StatusError(StatusFacts(503, "ServiceUnavailable", retry_seconds=1), str(error))
    return StatusError(facts_of(error.status), str(error))


def not_found(group: str, plural: str, name: str) -> StatusError:
    """An object that does not exist."""
    details = {"name": name, **({"group": group} if group else {}), "kind": plural}
    qualified = f"{plural}.{group}" if group else plural
    return StatusError(StatusFacts(404, "NotFound", details), f'{qualified} "{name}" not found')


def no_such_path(why: str = "") -> StatusError:
    """An address without a resource behind it."""
    return StatusError(facts_of(404), why or "the server could not find the requested resource")


def bad_request(message: str) -> StatusError:
    """A parameter or a body that cannot be used."""
    return StatusError(facts_of(400), message)


def invalid(message: str) -> StatusError:
    """Parameters that contradict each other."""
    return StatusError(facts_of(422), message)


def expired(message: str) -> StatusError:
    """A revision that is gone: clients list again."""
    return StatusError(StatusFacts(410, "Expired"), message)


def too_large(message: str) -> StatusError:
    """A revision that is still to come. By its cause, client-go's informers know to list again without a revision."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return StatusError(StatusFacts(504, "Timeout", {"causes": [cause]}, retry_seconds=1), message)


def read_only(message: str = READ_ONLY) -> StatusError:
    """A write, or something that only a running cluster can do."""
    return StatusError(facts_of(405), message)
