"""What changes something is logged twice: that it was asked for, before it is done, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.exceptions import HTTPException

from etcdview.access.audit import Result
from etcdview.errors import (
    ConflictError,
    DeniedError,
    EtcdviewError,
    NotFoundError,
    UndoError,
    UnreachableError,
    UnsafeError,
    UsageError,
)
from webapp.accounts.auditing import recorder

# Nothing was tried: the role, the setting, the check or what was typed stood against it.
_REFUSALS = (DeniedError, NotFoundError, UnsafeError, UsageError, HTTPException)
# Their words quote names and keys, never a value; of others the log has the title only.
_EXPLAINED = (ConflictError, DeniedError, NotFoundError, UndoError, UnreachableError, UnsafeError)


@dataclass(slots=True)
class Done:
    """What the action tells of itself; `revision` 0 where it has none. `problem`: it ended with an error."""

    revision: int = 0
    detail: str = ""
    problem: str = ""


@contextmanager
def acting(action: str, *, key: bytes = b"", revision: int = 0, detail: str = "") -> Iterator[Done]:
    """Around an action, which may go on while its answer streams: then it ends with that, or is broken off.

    Raises AuditError before it is done where it cannot be logged.
    """
    action, record, done = action[:40], recorder(), Done()
    record(action=f"begin {action}", key=key, revision=revision, result="begun", detail=detail)

    def ended(result: Result, seen: int, words: str = "") -> None:
        text = "; ".join(part for part in (detail, done.detail, words) if part)
        record(action=action, key=key, revision=seen, result=result, detail=text)

    try:
        yield done
    except BaseException as error:  # whatever it is, the log says that it has ended, and it goes on its way
        ended("refused" if isinstance(error, _REFUSALS) else "failed", revision, _words(error))
        raise
    ended("failed" if done.problem else "done", done.revision, done.problem)


def _words(error: BaseException) -> str:
    """Why it ended so, without anything that may have been quoted from a value."""
    if isinstance(error, GeneratorExit):
        return "broken off"
    if isinstance(error, HTTPException):
        return error.description or error.name
    if not isinstance(error, EtcdviewError):
        return type(error).__name__
    return error.what if isinstance(error, _EXPLAINED) or type(error) is UsageError else error.title
