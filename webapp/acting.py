"""What changes something is logged twice: that it was asked for, before it is done, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from etcdview.audit import Result
from etcdview.errors import DeniedError, EtcdviewError, NotFoundError, UnknownOutcomeError, UnsafeError, UsageError
from webapp.accounts.auditing import audit

# Nothing was tried: the role, the setting, the check or what was typed stood against it.
_REFUSALS = (DeniedError, NotFoundError, UnsafeError, UsageError)


@dataclass(slots=True)
class Done:
    """What the action tells of itself when it has been done; `revision` 0 where it has none."""

    revision: int = 0
    detail: str = ""


@contextmanager
def acting(action: str, *, key: bytes = b"", revision: int = 0, detail: str = "") -> Iterator[Done]:
    """Around an action. Raises AuditError before it is done where it cannot be logged."""
    action = action[:40]
    audit(f"begin {action}", key=key, revision=revision, detail=detail)
    done = Done()
    try:
        yield done
    except EtcdviewError as error:
        result: Result = "refused" if isinstance(error, _REFUSALS) else "failed"
        unknown = ", whether it was done is not known" if isinstance(error, UnknownOutcomeError) else ""
        ended = f"{detail} {type(error).__name__}{unknown}".strip()
        audit(action, key=key, revision=revision, result=result, detail=ended)
        raise
    audit(action, key=key, revision=done.revision, detail=f"{detail} {done.detail}".strip())
