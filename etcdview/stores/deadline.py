"""Until when a thread waits for what it reads: a request's deadline reaches each call, whatever stores are between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("etcdview_until", default=float("inf"))


@contextmanager
def waiting(seconds: float) -> Iterator[None]:
    """Calls of this thread end within so many seconds, or raise BudgetError; within another one the sooner counts."""
    token = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(token)


def seconds_left() -> float:
    """How long a call of this thread may take; infinite where nobody has said."""
    return _until.get() - time.monotonic()
